#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/logfmt.h"
#include "shared/logqueue.h"

enum log_level log_threshold = LOG_LEVEL_INFO;

static const char *program = "tina4";
static bool to_journal;

static const struct {
	const char *name;
	int priority; /* of syslog(3), which sd-daemon(3) wants */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

/* JOURNAL_STREAM, of systemd.exec(5), is device and inode of what the journal reads: others may have another one. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[48];
	struct stat stat;

	if (stream == NULL || fstat(STDERR_FILENO, &stat) < 0)
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	return strcmp(here, stream) == 0;
}

void
log_open(const char *name, enum log_level level)
{
	program = name;
	log_threshold = level;
	to_journal = stderr_is_journal();
}

int
log_level_by_name(const char *name)
{
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
		if (strcmp(levels[level].name, name) == 0)
			return level;
	return -EINVAL;
}

/* Lays out a line in ret, of LOG_MAX_BYTES, with its end. Returns its length. */
static size_t __attribute__((format(printf, 2, 0)))
lay_out(enum log_level level, const char *format, va_list args, char *ret)
{
	size_t len = to_journal ? (size_t)sprintf(ret, "<%d>", levels[level].priority) : 0;
	int n = snprintf(ret + len, LOG_MAX_BYTES / 2, "%s: %s: ", program, levels[level].name);

	len += n < LOG_MAX_BYTES / 2 ? (size_t)n : LOG_MAX_BYTES / 2 - 1;
	len += logfmt_print(format, args, ret + len, LOG_MAX_BYTES - len);
	ret[len++] = '\n';
	return len;
}

/* Writes a line at once: what several threads write does not mix. */
static void __attribute__((format(printf, 2, 0))) write_line(enum log_level level, const char *format, va_list args)
{
	char line[LOG_MAX_BYTES];
	size_t len = lay_out(level, format, args, line);

	if (logqueue_push(line, len))
		return;
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody left to tell */
}

void
log_vwrite(enum log_level level, const char *format, va_list args)
{
	int saved = errno;

	write_line(level, format, args);
	errno = saved;
}

void
log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(level, format, args);
	va_end(args);
}

/* --- what others can cause ------------------------------------------------------------------- */

static void
tell_held(const struct loglimit *limit, unsigned n)
{
	log_write((enum log_level)limit->level, "lines held back n=%u of=%.*s", n, (int)loglimit_name_len(limit),
	    limit->format);
}

bool
log_admits(struct loglimit *limit, enum log_level level, const char *format)
{
	unsigned n_held;
	bool first, admitted;

	if (log_enabled(LOG_LEVEL_DEBUG))
		return true; /* who wants each message wants all of them */
	admitted = loglimit_take(limit, level, format, clock_ms() / 1000, &n_held, &first);
	if (n_held > 0)
		tell_held(limit, n_held);
	if (first)
		logqueue_wake();
	return admitted;
}

/* --- in the background ------------------------------------------------------------------------ */

static size_t __attribute__((format(printf, 2, 3))) lay_out_notice(char *ret, const char *format, ...)
{
	char line[LOG_MAX_BYTES];
	va_list args;
	size_t len;

	va_start(args, format);
	len = lay_out(LOG_LEVEL_WARN, format, args, line);
	va_end(args);
	if (len > LOGQUEUE_NOTICE_BYTES) { /* the program has a long name */
		len = LOGQUEUE_NOTICE_BYTES;
		line[len - 1] = '\n';
	}
	memcpy(ret, line, len);
	return len;
}

static size_t
on_dropped(char *ret, uint64_t n)
{
	return lay_out_notice(ret, "log lines dropped n=%llu", (unsigned long long)n);
}

static bool
on_second(void)
{
	const struct loglimit *limit;
	unsigned n;

	while ((limit = loglimit_next(clock_ms() / 1000, &n)) != NULL)
		tell_held(limit, n);
	return loglimit_waits();
}

int
log_start_writer(void)
{
	static const struct logqueue_events events = { on_dropped, on_second };

	return logqueue_start(&events);
}

void
log_stop_writer(void)
{
	logqueue_stop();
}

uint64_t
log_n_dropped(void)
{
	return logqueue_n_dropped();
}
