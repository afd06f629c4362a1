/*
 * convert - what a client said as a number within a range. Pure.
 */
#ifndef FCGI_CONVERT_H
#define FCGI_CONVERT_H

#include <stdint.h>

/* Return 0, -ENOENT for NULL, -EINVAL for what is no number, or -ERANGE for one below min or above max. */
int convert_int(const char *text, int64_t min, int64_t max, int64_t *ret);
int convert_float(const char *text, double min, double max, double *ret);

#endif
