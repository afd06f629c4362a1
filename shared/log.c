#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/log.h"
#include "shared/utf8.h"

static const char *program = "tina4";
static enum log_level threshold = LOG_LEVEL_INFO;

static const char *const names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void
log_open(const char *name, enum log_level level)
{
	program = name;
	threshold = level;
}

int
log_level_by_name(const char *name)
{
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
		if (strcmp(names[level], name) == 0)
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
	int n = snprintf(line, sizeof(line), "%s: %s: ", program, names[level]);
	size_t len = n < LOG_MAX_BYTES / 2 ? (size_t)n : LOG_MAX_BYTES / 2;

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
