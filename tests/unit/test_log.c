#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/log.h"
#include "tests/tap.h"

static int log_pipe[2];

/* Standard error is a pipe whose other end is read here. */
static void
redirect(void)
{
	if (pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) < 0 || dup2(log_pipe[1], STDERR_FILENO) < 0)
		exit(99);
}

/* Reads what one write(2) left, if anything. */
static const char *
written(void)
{
	static char line[2 * LOG_MAX_BYTES];
	ssize_t n = read(log_pipe[0], line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void
a_line_names_program_and_level(void)
{
	log_open("test", LOG_LEVEL_DEBUG);
	log_error("client closed path=%s conn=%x", "/ws", 0x4f2a);
	OK(strcmp(written(), "test: error: client closed path=/ws conn=4f2a\n") == 0, "a line of level error");
	log_warn("one");
	OK(strcmp(written(), "test: warn: one\n") == 0, "of level warn");
	log_info("two");
	OK(strcmp(written(), "test: info: two\n") == 0, "of level info");
	log_debug("three");
	OK(strcmp(written(), "test: debug: three\n") == 0, "of level debug");
}

static void
levels_below_are_silent(void)
{
	int n = 0;

	log_open("test", LOG_LEVEL_WARN);
	OK(log_enabled(LOG_LEVEL_WARN) && !log_enabled(LOG_LEVEL_INFO), "the level is a threshold");
	log_info("no n=%d", ++n);
	log_debug("no n=%d", ++n);
	OK(*written() == '\0' && n == 0, "what is below it is not written, nor are its values asked for");
	log_error("yes");
	OK(*written() != '\0', "what is above it is");
}

static void
clients_cannot_forge_lines(void)
{
	log_open("test", LOG_LEVEL_INFO);
	log_info("path=%s", "/x\ntest: error: forged");
	OK(strcmp(written(), "test: info: path=\"/x\\x0atest: error: forged\"\n") == 0,
	    "a line feed does not end a line");
	log_info("upgrade refused path=%s status=%d", "/nope status=101", 404);
	OK(strcmp(written(), "test: info: upgrade refused path=\"/nope status=101\" status=404\n") == 0,
	    "nor does a blank end a value");
}

static void
long_lines_are_cut(void)
{
	char text[2 * LOG_MAX_BYTES];
	const char *line;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_open("test", LOG_LEVEL_INFO);
	log_info("a=%s why=%d", text, 1);
	line = written();
	OK(strcmp(line + strlen(line) - 7, " why=1\n") == 0, "a long value leaves room for the next");
	log_info("a=%s b=%s", text, text);
	line = written();
	OK(strlen(line) == LOG_MAX_BYTES, "a line is cut at its limit");
	OK(line[strlen(line) - 1] == '\n', "and still ends");

	memset(text, '\n', sizeof(text) - 1);
	log_info("a=%s b=%s", text, text);
	line = written();
	OK(strlen(line) <= LOG_MAX_BYTES && strchr(line, '\n') == line + strlen(line) - 1,
	    "also when it is all escapes");
}

static void
logging_keeps_errno(void)
{
	errno = ENOENT;
	log_error("x error=%m");
	OK(errno == ENOENT, "errno survives a line");
	OK(strcmp(written(), "test: error: x error=\"No such file or directory\"\n") == 0, "in which it can be named");
}

static void
the_journal_gets_priorities(void)
{
	struct stat stat;
	char stream[64];

	fstat(STDERR_FILENO, &stat);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	setenv("JOURNAL_STREAM", stream, true);
	log_open("tina4-test", LOG_LEVEL_DEBUG);
	log_error("x");
	OK(strcmp(written(), "<3>tina4-test: error: x\n") == 0, "an error has the priority of one");
	log_warn("x");
	OK(strcmp(written(), "<4>tina4-test: warn: x\n") == 0, "so has a warning");
	log_info("x");
	OK(strcmp(written(), "<6>tina4-test: info: x\n") == 0, "what is normal");
	log_debug("x");
	OK(strcmp(written(), "<7>tina4-test: debug: x\n") == 0, "and what is for debugging");

	setenv("JOURNAL_STREAM", "1:1", true);
	log_open("tina4-test", LOG_LEVEL_DEBUG);
	log_info("x");
	OK(strcmp(written(), "tina4-test: info: x\n") == 0, "when standard error is something else, nothing has");
	unsetenv("JOURNAL_STREAM");
}

static void
levels_have_names(void)
{
	OK(log_level_by_name("error") == LOG_LEVEL_ERROR, "error");
	OK(log_level_by_name("warn") == LOG_LEVEL_WARN, "warn");
	OK(log_level_by_name("info") == LOG_LEVEL_INFO, "info");
	OK(log_level_by_name("debug") == LOG_LEVEL_DEBUG, "debug");
	OK(log_level_by_name("trace") == -EINVAL && log_level_by_name("") == -EINVAL, "and nothing else");
}

int
main(void)
{
	redirect();
	a_line_names_program_and_level();
	levels_below_are_silent();
	clients_cannot_forge_lines();
	long_lines_are_cut();
	logging_keeps_errno();
	the_journal_gets_priorities();
	levels_have_names();
	return tap_done();
}
