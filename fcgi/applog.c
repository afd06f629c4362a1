/*
 * applog - tina4_log(): the log, for handlers.
 */
#include <stdarg.h>
#include <stddef.h>

#include "fcgi/tina4.h"
#include "shared/log.h"

static enum log_level
level_of(enum tina4_log_level level)
{
	switch (level) {
	case TINA4_LOG_ERROR:
		return LOG_LEVEL_ERROR;
	case TINA4_LOG_WARN:
		return LOG_LEVEL_WARN;
	case TINA4_LOG_INFO:
		return LOG_LEVEL_INFO;
	case TINA4_LOG_DEBUG:
		return LOG_LEVEL_DEBUG;
	}
	return LOG_LEVEL_ERROR; /* rather said too loud than not at all */
}

void
tina4_log(enum tina4_log_level level, const char *format, ...)
{
	va_list args;

	if (!log_enabled(level_of(level)))
		return;
	if (format == NULL) {
		log_error("format is NULL");
		return;
	}
	va_start(args, format);
	log_vwrite(level_of(level), format, args);
	va_end(args);
}
