/*
 * logfmt - the text of a log line: a fact and then key=value pairs.
 *
 *     upgrade refused path="/a b" status=404 why="no such route"
 *
 * It is printf() with one difference: what a conversion puts in is one value
 * to whoever reads the line. A value that is empty, or has a blank, '=', a
 * quote or a backslash in it, or bytes that must not reach a log as they are,
 * stands between quotes; in there a quote and a backslash have a backslash in
 * front, and control bytes and bytes that are not UTF-8 are \xNN. So a client
 * can forge neither a line nor a pair, whatever the caller forgets.
 *
 * All of it is pure.
 */
#ifndef SHARED_LOGFMT_H
#define SHARED_LOGFMT_H

#include <stdarg.h>
#include <stddef.h>

/* A longer value is cut, so that the pairs after it have room. */
enum { LOGFMT_MAX_VALUE_BYTES = 1024 };

/*
 * Writes the line's text into ret[size], cut between characters and terminated;
 * size is at least 1. Returns the bytes written without the NUL. Knows what
 * printf(3) does but %n, %1$s and wide characters: it ends there.
 */
size_t logfmt_print(const char *format, va_list args, char *ret, size_t size) __attribute__((format(printf, 1, 0)));

/* The same of one value. A cut one still ends its quotes, where there is room for a pair of them. */
size_t logfmt_value(const char *text, size_t len, char *ret, size_t size);

/* The same of text outside quotes: control bytes, and bytes that are not UTF-8, become \xNN. */
size_t logfmt_escape(const char *text, size_t len, char *ret, size_t size);

#endif
