#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/log.h"
#include "shared/logfmt.h"

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

/* Writes a line at once: what several threads write does not mix. */
static void __attribute__((format(printf, 2, 0))) write_line(enum log_level level, const char *format, va_list args)
{
	char line[LOG_MAX_BYTES];
	size_t len = to_journal ? (size_t)sprintf(line, "<%d>", levels[level].priority) : 0;
	int n = snprintf(line + len, LOG_MAX_BYTES / 2, "%s: %s: ", program, levels[level].name);

	len += n < LOG_MAX_BYTES / 2 ? (size_t)n : LOG_MAX_BYTES / 2 - 1;
	len += logfmt_print(format, args, line + len, sizeof(line) - len);
	line[len++] = '\n';
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
