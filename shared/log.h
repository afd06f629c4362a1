/*
 * log - one line per fact, on standard error.
 *
 * A line is a fact and then key=value pairs:
 *
 *     tina4-sidecar: info: client closed path=/ws/chat/general conn=4f2a why=queue-full
 *
 * What "%s" and its kin put in is a value, quoted where it must be (logfmt.h),
 * so that a client cannot write lines or pairs of its own. A line is cut at
 * LOG_MAX_BYTES. Never log a token, a query string or a message body. For the
 * journal of systemd a line begins with its level, sd-daemon(3).
 *
 * Who must never wait for the reader of standard error calls log_start_writer().
 * Lines that a client can cause are written by log_limited(), so that it cannot
 * fill a disk with them. None of this is for signal handlers.
 *
 * Level, writer and limits are the one piece of state that the process shares.
 */
#ifndef SHARED_LOG_H
#define SHARED_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/loglimit.h"

enum { LOG_MAX_BYTES = 2048 };

enum log_level {
	LOG_LEVEL_ERROR, /* someone must act */
	LOG_LEVEL_WARN,  /* we coped */
	LOG_LEVEL_INFO,  /* life cycle */
	LOG_LEVEL_DEBUG, /* per message */
};

/* Names the program (borrowed for ever), sets the level, and looks whether standard error is the journal. */
void log_open(const char *program, enum log_level level);

/* Returns the level that a name ("error", "warn", "info", "debug") means, or -EINVAL. */
int log_level_by_name(const char *name);

/* What log_open() set; lines above it are not written. */
extern enum log_level log_threshold;

/* True when a line of this level would be written. */
static inline bool
log_enabled(enum log_level level)
{
	return level <= log_threshold;
}

/* Writes a line; errno stays as it is. The macros below ask first, so that a silent line costs no argument either. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_vwrite(enum log_level level, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#define log_at(level, ...) (log_enabled(level) ? log_write(level, __VA_ARGS__) : (void)0)
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* A line that others than us can cause: LOGLIMIT_LINES a second from this place, then their number; all at debug. */
#define log_limited(level, ...)                                                                                        \
	do {                                                                                                           \
		static struct loglimit log_limit_;                                                                     \
		if (log_enabled(level) && log_admits(&log_limit_, (level), LOG_FORMAT_(__VA_ARGS__, 0)))               \
			log_write((level), __VA_ARGS__);                                                               \
	} while (0)
#define LOG_FORMAT_(format, ...) (format)

/* For log_limited(): true when a line of this kind may be written now. */
bool log_admits(struct loglimit *limit, enum log_level level, const char *format);

/*
 * From now on a thread writes what the others log, see logqueue.h: none of them
 * waits. exit(3) ends it, once it has written what there is. Returns 0 or a
 * negative errno, after which lines are written as before.
 */
int log_start_writer(void);

/* For who ends by _exit(2). */
void log_stop_writer(void);

/* Lines that found no room, because nobody read them. */
uint64_t log_n_dropped(void);

#endif
