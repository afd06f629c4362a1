#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/logqueue.h"
#include "tests/tap.h"

enum {
	PATIENCE_MS = 20000,
	SOON_MS = 5000, /* far less than for ever, far more than a busy machine needs */
	LINES = 20000,  /* far more than pipe and buffer hold */
	THREADS = 4,
};

static int log_pipe[2];
static char text[8 << 20]; /* what has come out */
static size_t text_len;

/* Standard error is a pipe that is read when we feel like it. */
static void
redirect(void)
{
	if (pipe2(log_pipe, O_CLOEXEC) < 0 || dup2(log_pipe[1], STDERR_FILENO) < 0)
		exit(99);
}

/* Reads until a text has come. */
static bool
comes(const char *what)
{
	int64_t end = clock_ms() + PATIENCE_MS;

	while (strstr(text, what) == NULL) {
		struct pollfd readable = { .fd = log_pipe[0], .events = POLLIN };
		ssize_t n;

		if (clock_ms() >= end || text_len >= sizeof(text) - 1)
			return false;
		if (poll(&readable, 1, 100) <= 0)
			continue;
		n = read(log_pipe[0], text + text_len, sizeof(text) - 1 - text_len);
		text_len += n > 0 ? (size_t)n : 0;
		text[text_len] = '\0';
	}
	return true;
}

static void
forget(void)
{
	text_len = 0;
	text[0] = '\0';
}

/* Counts the lines that have come and are whole, and those that say how many are missing. */
static void
count(unsigned *ret_whole, unsigned *ret_missing, bool *ret_in_order)
{
	unsigned n, last = 0;

	*ret_whole = *ret_missing = 0;
	*ret_in_order = true;
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "test: info: line n=%u of=", &n) == 1) {
			++*ret_whole;
			*ret_in_order &= n == last + 1;
			last = n;
		} else if (sscanf(line, "test: warn: log lines dropped n=%u\n", &n) == 1) {
			*ret_missing += n;
			last += n;
		}
	}
}

static void
nobody_waits_for_the_reader(void)
{
	static const char filler[] = "a text that makes the line so long that many of them are more than a pipe holds";
	int64_t begin = clock_ms();
	unsigned whole, missing;
	uint64_t dropped;
	bool in_order;

	for (unsigned i = 1; i <= LINES; i++)
		log_info("line n=%u of=%s", i, filler);
	OK(clock_ms() - begin < PATIENCE_MS, "who logs into a pipe that nobody reads goes on");
	dropped = log_n_dropped();
	OK(dropped > 0 && dropped < LINES, "some lines found no room");
	log_error("last");
	comes("log lines dropped");
	log_error("very last");
	OK(comes("very last\n"), "when it is read again, it goes on");
	count(&whole, &missing, &in_order);
	OK(missing == log_n_dropped(), "it says how many are missing");
	OK(whole + missing >= LINES && whole + missing <= LINES + 1, "and no other line is");
	OK(in_order, "the others are in order, with what is missing in its place");
	OK((size_t)whole * sizeof(filler) > LOGQUEUE_BYTES / 2, "the buffer is used");
	forget();
}

static void *
chatter(void *unused)
{
	for (unsigned i = 0; i < 200; i++)
		log_info("chatter end");
	return unused;
}

static void
threads_do_not_mix(void)
{
	pthread_t threads[THREADS];
	unsigned n = 0;
	bool whole = true;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, chatter, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_info("done");
	OK(comes("done\n"), "several threads write");
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		n += strncmp(line, "test: info: chatter end\n", 24) == 0;
		whole &= strncmp(line, "test: info: ", 12) == 0;
	}
	OK(whole && n == THREADS * 200, "and their lines do not mix");
	forget();
}

static void
a_child_writes_by_itself(void)
{
	pid_t pid;
	int status;

	log_info("of the parent");
	pid = fork();
	if (pid == 0) {
		log_info("of the child");
		if (log_start_writer() < 0)
			_exit(1);
		log_info("of its own thread");
		exit(0);
	}
	OK(waitpid(pid, &status, 0) == pid && status == 0, "a child logs, and may have a thread of its own");
	log_info("after the child");
	OK(comes("after the child\n"), "so does the parent");
	OK(strstr(text, "of the child\n") != NULL && strstr(text, "of its own thread\n") != NULL,
	    "the child's lines are there");
	OK(strstr(strstr(text, "of the parent\n") + 1, "of the parent\n") == NULL, "the parent's are there once");
	forget();
}

static void
an_end_waits_for_its_last_lines(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		log_start_writer();
		for (int i = 0; i < 100; i++)
			log_info("i=%d", i);
		exit(0);
	}
	OK(comes("i=99\n"), "what was logged before exit() is written");
	waitpid(pid, &status, 0);
	forget();
}

static void
but_not_for_ever(void)
{
	int64_t begin = clock_ms();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		log_start_writer();
		for (int i = 0; i < LINES; i++)
			log_info("i=%d and more", i);
		log_stop_writer(); /* as exit() does, which under LeakSanitizer writes to the pipe itself */
		_exit(0);
	}
	OK(waitpid(pid, &status, 0) == pid && status == 0, "a process ends although nobody reads its lines");
	OK(clock_ms() - begin < LOGQUEUE_EXIT_MS + SOON_MS, "soon");
	forget();
}

static void
one_kind_is_limited(void)
{
	unsigned n = 0;

	comes("\n"); /* what the last test left in the pipe */
	log_error("begin");
	comes("begin\n");
	forget();
	for (int i = 0; i < 2 * LOGLIMIT_LINES; i++)
		log_limited(LOG_LEVEL_INFO, "upgrade refused path=%s n=%d", "/x", i);
	log_info("another");
	OK(comes("another\n"), "other kinds are not held back");
	for (const char *at = text; (at = strstr(at, "upgrade refused")) != NULL; at++)
		n++;
	OK(n >= LOGLIMIT_LINES && n < 2 * LOGLIMIT_LINES, "a kind is, within a second");
	OK(comes("held back n="), "the rest is said, although no more of them come");
	OK(strstr(text, "of=\"upgrade refused\"\n") != NULL, "and what they were");
	forget();
}

int
main(void)
{
	redirect();
	log_open("test", LOG_LEVEL_INFO);
	OK(log_start_writer() == 0 && log_start_writer() == 0, "a writer is started once");
	nobody_waits_for_the_reader();
	threads_do_not_mix();
	a_child_writes_by_itself();
	an_end_waits_for_its_last_lines();
	one_kind_is_limited();
	but_not_for_ever();
	return tap_done();
}
