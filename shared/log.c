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
#include "shared/utf8.h"

static const char *program = "tina4";
static enum log_level threshold = LOG_LEVEL_INFO;
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
	threshold = level;
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

bool
log_enabled(enum log_level level)
{
	return level <= threshold;
}

/* True for the characters U+0000 to U+001F and U+007F to U+009F. */
static bool
is_control(const unsigned char *character, size_t len)
{
	if (len == 1)
		return character[0] < 0x20 || character[0] == 0x7f;
	return character[0] == 0xc2 && character[1] < 0xa0;
}

/* Counts the bytes that can be shown as they are: one character, or none. */
static size_t
plain_bytes(const char *text, size_t len)
{
	size_t step = utf8_step(text, len);

	return step > 0 && is_control((const unsigned char *)text, step) ? 0 : step;
}

size_t
log_escape(const char *text, size_t len, char *ret, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t plain = plain_bytes(text + i, len - i);

		if (n + (plain > 0 ? plain : 4) >= size)
			break;
		if (plain > 0) {
			memcpy(ret + n, text + i, plain);
			n += plain;
			i += plain;
		} else {
			unsigned char byte = (unsigned char)text[i++];

			ret[n++] = '\\';
			ret[n++] = 'x';
			ret[n++] = digits[byte >> 4];
			ret[n++] = digits[byte & 15];
		}
	}
	ret[n] = '\0';
	return n;
}

/* Writes a line at once: what several threads write does not mix. */
static void
write_line(enum log_level level, const char *fact)
{
	char line[LOG_MAX_BYTES];
	size_t len = to_journal ? (size_t)sprintf(line, "<%d>", levels[level].priority) : 0;
	int n = snprintf(line + len, LOG_MAX_BYTES / 2, "%s: %s: ", program, levels[level].name);

	len += n < LOG_MAX_BYTES / 2 ? (size_t)n : LOG_MAX_BYTES / 2 - 1;
	len += log_escape(fact, strlen(fact), line + len, sizeof(line) - len);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody left to tell */
}

static void __attribute__((format(printf, 2, 0))) log_at(enum log_level level, const char *format, va_list args)
{
	char fact[LOG_MAX_BYTES];
	int saved = errno;

	if (!log_enabled(level))
		return;
	if (vsnprintf(fact, sizeof(fact), format, args) >= 0)
		write_line(level, fact);
	errno = saved;
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_at(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void
log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_at(LOG_LEVEL_WARN, format, args);
	va_end(args);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_at(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_at(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
