#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/format.h"
#include "shared/log.h"
#include "tests/tap.h"

/* Formats come by variables: the compiler would warn of one that is wrong. */
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int log_pipe[2];
static struct buf text = BUF_INIT;

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

static int
as_text(const char *format, ...)
{
	va_list args;
	int r;

	buf_clear(&text);
	va_start(args, format);
	r = format_text(&text, format, args);
	va_end(args);
	return r;
}

static int
as_json(const char *format, ...)
{
	va_list args;
	int r;

	buf_clear(&text);
	va_start(args, format);
	r = format_json(&text, format, args);
	va_end(args);
	return r;
}

static bool
is(const char *expected)
{
	return strcmp(buf_cstr(&text), expected) == 0;
}

static void
a_good_format_is_silent(void)
{
	OK(as_text("%d %s", 1, "a") == 0 && is("1 a"), "text");
	OK(as_text("%s", "") == 0 && is(""), "which may be empty");
	OK(as_json("{'a':%s}", "b") == 0 && is("{\"a\":\"b\"}"), "JSON");
	OK(*written() == '\0', "nothing is logged");
}

static void
a_bad_format_is_named(void)
{
	OK(as_text(NULL) == -EINVAL && is(""), "a format that is NULL is refused");
	OK(strcmp(written(), "test: error: format is NULL\n") == 0, "the log says so");
	OK(as_json(NULL) == -EINVAL && is(""), "for JSON, too");
	OK(strcmp(written(), "test: error: format is NULL\n") == 0, "which the log says");
	OK(as_json("{'a':%s", "b") == -EINVAL && is(""), "half an object is refused");
	OK(strcmp(written(), "test: error: format makes no whole JSON format={'a':%s\n") == 0, "the log says which");
	OK(as_json("{'a b':%5d}", 1) == -EINVAL, "so is a conversion with a width");
	OK(strcmp(written(), "test: error: format makes no whole JSON format=\"{'a b':%5d}\"\n") == 0,
	    "quoted where it must be");
}

int
main(void)
{
	redirect();
	log_open("test", LOG_LEVEL_INFO);
	a_good_format_is_silent();
	a_bad_format_is_named();
	buf_free(&text);
	return tap_done();
}
