/*
 * numeral - numbers as clients write them, in any locale. Pure.
 */
#ifndef SHARED_NUMERAL_H
#define SHARED_NUMERAL_H

#include <stddef.h>
#include <stdint.h>

/* All of text[len] as [+-]?[0-9]+. Returns 0, -EINVAL for another text, or -ERANGE for what 64 bits do not hold. */
int numeral_int(const char *text, size_t len, int64_t *ret);

/* The same as [+-]?[0-9]+(\.[0-9]+)?. Returns 0, -EINVAL, or -ERANGE for what a double does not hold. */
int numeral_float(const char *text, size_t len, double *ret);

/* strtod() with a decimal point, whatever the program told setlocale(). */
double numeral_strtod(const char *text, char **ret_end);

#endif
