#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/logqueue.h"

enum { SECOND_MS = 1000 };

enum state {
	STATE_NONE,    /* no thread: who has a line writes it */
	STATE_RUNNING, /* lines wait for the thread */
	STATE_ENDING,  /* the same, and it ends when none is left */
	STATE_LOST,    /* it hangs in write(2) and the process is about to end: lines are dropped */
};

/* The process has one standard error, and so one queue. */
static struct {
	const struct logqueue_events *events;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* for the thread: there is something to do */
	pthread_cond_t written; /* for who waits for its end */
	pthread_t thread;
	enum state state;
	bool prepared; /* what is done once in a process has been done */
	bool writing;  /* the thread holds lines that it is writing */
	bool wants_second;
	int64_t second_ms;  /* when it was last asked for */
	size_t head, len;   /* of the lines in the ring */
	uint64_t n_missing; /* dropped, and not said yet */
	char ring[LOGQUEUE_BYTES];
} queue = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static atomic_uint_fast64_t n_dropped;

/* --- the ring; the mutex is held -------------------------------------------------------------- */

static void
put(const char *bytes, size_t len)
{
	size_t at = (queue.head + queue.len) % LOGQUEUE_BYTES;
	size_t first = len < LOGQUEUE_BYTES - at ? len : LOGQUEUE_BYTES - at;

	memcpy(queue.ring + at, bytes, first);
	memcpy(queue.ring, bytes + first, len - first);
	queue.len += len;
}

/* Says what is missing, if something is and len more bytes will find room behind that. */
static void
put_notice(size_t len)
{
	char notice[LOGQUEUE_NOTICE_BYTES];

	if (queue.n_missing == 0 || LOGQUEUE_BYTES - queue.len < sizeof(notice) + len)
		return;
	put(notice, queue.events->dropped(notice, queue.n_missing));
	queue.n_missing = 0;
}

/* Copies the oldest lines, as many as fit. Returns their bytes; they stay. */
static size_t
peek_lines(char ret[LOGQUEUE_WRITE_BYTES])
{
	size_t n = queue.len < LOGQUEUE_WRITE_BYTES ? queue.len : LOGQUEUE_WRITE_BYTES;
	size_t first = n < LOGQUEUE_BYTES - queue.head ? n : LOGQUEUE_BYTES - queue.head;
	const char *end;

	memcpy(ret, queue.ring + queue.head, first);
	memcpy(ret + first, queue.ring, n - first);
	end = memrchr(ret, '\n', n);
	return end == NULL ? n : (size_t)(end + 1 - ret);
}

static void
drop_lines(size_t n)
{
	queue.head = (queue.head + n) % LOGQUEUE_BYTES;
	queue.len -= n;
}

/* --- the thread -------------------------------------------------------------------------------- */

/* Waits for as long as it takes. Who shares standard error may have made it non-blocking. */
static void
write_all(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, bytes, len);
		struct pollfd writable = { .fd = STDERR_FILENO, .events = POLLOUT };

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&writable, 1, -1);
		} else if (errno != EINTR) {
			return; /* there is nobody left to tell */
		}
	}
}

static void
write_lines(void)
{
	char lines[LOGQUEUE_WRITE_BYTES];
	size_t n = peek_lines(lines);

	queue.writing = true;
	drop_lines(n);
	pthread_mutex_unlock(&queue.mutex);
	write_all(lines, n);
	pthread_mutex_lock(&queue.mutex);
	queue.writing = false;
	if (queue.len == 0) {
		put_notice(0);
		pthread_cond_broadcast(&queue.written);
	}
}

static void
let_a_second_pass(void)
{
	queue.wants_second = false;
	queue.second_ms = clock_ms();
	pthread_mutex_unlock(&queue.mutex);
	if (queue.events->second())
		logqueue_wake();
	pthread_mutex_lock(&queue.mutex);
}

static struct timespec
timespec_of(int64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

static void
wait_for_something(void)
{
	struct timespec until = timespec_of(queue.second_ms + SECOND_MS);

	if (queue.wants_second)
		pthread_cond_timedwait(&queue.changed, &queue.mutex, &until);
	else
		pthread_cond_wait(&queue.changed, &queue.mutex);
}

static void *
run(void *unused)
{
	pthread_mutex_lock(&queue.mutex);
	while (queue.len > 0 || queue.state == STATE_RUNNING) {
		if (queue.wants_second && clock_ms() >= queue.second_ms + SECOND_MS)
			let_a_second_pass();
		else if (queue.len > 0)
			write_lines();
		else
			wait_for_something();
	}
	pthread_mutex_unlock(&queue.mutex);
	return unused;
}

/* --- fork() ------------------------------------------------------------------------------------ */

static void
init_conditions(void)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue.changed, &attributes);
	pthread_cond_init(&queue.written, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void
before_fork(void)
{
	pthread_mutex_lock(&queue.mutex);
}

static void
after_fork_in_parent(void)
{
	pthread_mutex_unlock(&queue.mutex);
}

/* The lines in the ring are the parent's, and the thread is not here. */
static void
after_fork_in_child(void)
{
	pthread_mutex_init(&queue.mutex, NULL);
	init_conditions();
	queue.state = STATE_NONE;
	queue.writing = queue.wants_second = false;
	queue.head = queue.len = 0;
	queue.n_missing = 0;
}

/* --- from the log -------------------------------------------------------------------------------- */

/* Signals are for the others: a thread that waits for one must not miss it. */
static int
start_thread(void)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&queue.thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int
logqueue_start(const struct logqueue_events *events)
{
	int r = 0;

	pthread_mutex_lock(&queue.mutex);
	if (!queue.prepared) {
		init_conditions();
		pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
		atexit(logqueue_stop);
		queue.prepared = true;
	}
	if (queue.state == STATE_NONE) {
		queue.events = events;
		queue.state = STATE_RUNNING;
		r = start_thread();
		if (r < 0)
			queue.state = STATE_NONE;
	}
	pthread_mutex_unlock(&queue.mutex);
	return r;
}

/* Returns true when there was room. */
static bool
put_line(const char *line, size_t len)
{
	if (queue.state == STATE_LOST)
		return false;
	put_notice(len);
	if (queue.n_missing > 0 || len > LOGQUEUE_BYTES - queue.len)
		return false;
	put(line, len);
	return true;
}

bool
logqueue_push(const char *line, size_t len)
{
	bool queued;

	pthread_mutex_lock(&queue.mutex);
	queued = queue.state != STATE_NONE;
	if (queued && put_line(line, len)) {
		pthread_cond_signal(&queue.changed);
	} else if (queued) {
		queue.n_missing++;
		atomic_fetch_add_explicit(&n_dropped, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&queue.mutex);
	return queued;
}

void
logqueue_wake(void)
{
	pthread_mutex_lock(&queue.mutex);
	if (queue.state == STATE_RUNNING && !queue.wants_second) {
		queue.wants_second = true;
		queue.second_ms = clock_ms();
		pthread_cond_signal(&queue.changed);
	}
	pthread_mutex_unlock(&queue.mutex);
}

/* Returns true when all has been written. */
static bool
wait_until_written(void)
{
	struct timespec until = timespec_of(clock_ms() + LOGQUEUE_EXIT_MS);
	int r = 0;

	while ((queue.len > 0 || queue.writing) && r == 0)
		r = pthread_cond_timedwait(&queue.written, &queue.mutex, &until);
	return queue.len == 0 && !queue.writing;
}

void
logqueue_stop(void)
{
	pthread_t thread;
	bool done;

	pthread_mutex_lock(&queue.mutex);
	if (queue.state != STATE_RUNNING) {
		pthread_mutex_unlock(&queue.mutex);
		return;
	}
	queue.state = STATE_ENDING;
	pthread_cond_signal(&queue.changed);
	done = wait_until_written();
	if (!done)
		queue.state = STATE_LOST;
	thread = queue.thread;
	pthread_mutex_unlock(&queue.mutex);
	if (!done)
		return; /* the end of the process frees it from its write(2) */
	pthread_join(thread, NULL);
	pthread_mutex_lock(&queue.mutex);
	queue.state = STATE_NONE;
	pthread_mutex_unlock(&queue.mutex);
}

uint64_t
logqueue_n_dropped(void)
{
	return atomic_load_explicit(&n_dropped, memory_order_relaxed);
}
