/*
 * format - text by a format that a handler gave.
 *
 * A format that makes no sense is a mistake in the program, which its result
 * alone does not tell: the log says which one it was.
 */
#ifndef FCGI_FORMAT_H
#define FCGI_FORMAT_H

#include <stdarg.h>

#include "shared/buf.h"

/* Append the text of printf's format, or jsonf's. Return 0, -EINVAL after a line in the log, or -ENOMEM. */
int format_text(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int format_json(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
