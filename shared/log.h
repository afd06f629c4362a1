/*
 * log - one line per fact, on standard error.
 *
 * A line is a fact and then key=value pairs:
 *
 *     tina4-sidecar: info: client closed path=/ws/chat/general conn=4f2a why=queue-full
 *
 * Control bytes, and bytes that are not UTF-8, are escaped as \xNN, so that a
 * client cannot write lines of its own. A line is cut at LOG_MAX_BYTES. Never
 * log a token, a query string or a message body. For the journal of systemd a
 * line begins with its level, sd-daemon(3).
 *
 * The level is the one piece of state that the process shares.
 */
#ifndef SHARED_LOG_H
#define SHARED_LOG_H

#include <stdbool.h>
#include <stddef.h>

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

/* True when a line of this level would be written. */
bool log_enabled(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Writes the escaped form of text[len] into ret[size], cut between characters
 * and terminated; size is at least 1. Returns the bytes written without the NUL.
 * Pure.
 */
size_t log_escape(const char *text, size_t len, char *ret, size_t size);

#endif
