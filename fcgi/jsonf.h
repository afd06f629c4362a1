/*
 * jsonf - JSON text by a printf-like format.
 *
 * Single quotes in the format become double quotes. A %s between quotes is
 * escaped, any other becomes a whole JSON string (or null, for NULL). The
 * integer conversions are printf's; %f and %g write the shortest number, or null
 * for one that is not finite. What goes in as %s can never end its string:
 *
 *     jsonf(&buf, "{'type':'system','message':'%s left','online':%u}", name, n)
 */
#ifndef FCGI_JSONF_H
#define FCGI_JSONF_H

#include <stdarg.h>

#include "shared/buf.h"

/*
 * Appends one whole JSON value. Returns 0, -EINVAL for a conversion that makes
 * no sense or for what would be no whole JSON, or -ENOMEM.
 */
int jsonf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
int vjsonf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
