/*
 * numeral - numbers as clients write them, in any locale. Pure.
 */
#ifndef SHARED_NUMERAL_H
#define SHARED_NUMERAL_H

#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"

enum { NUMERAL_TEXT = 32 }; /* bytes that numeral_print() needs */

/* All of text[len] as [+-]?[0-9]+. Returns 0, -EINVAL for another text, or -ERANGE for what 64 bits do not hold. */
int numeral_int(const char *text, size_t len, int64_t *ret);

/* The same as [+-]?[0-9]+(\.[0-9]+)?. Returns 0, -EINVAL, or -ERANGE for what a double does not hold. */
int numeral_float(const char *text, size_t len, double *ret);

/* strtod() with a decimal point, whatever the program told setlocale(). */
double numeral_strtod(const char *text, char **ret_end);

/* A text of 15 digits that means the number, or else of 17; whole ones without a point. */
struct span numeral_print(double number, char ret[NUMERAL_TEXT]);

/* What printf() has printed of a finite number: a locale's decimal point becomes ours. Returns it. */
char *numeral_with_point(char *printed);

#endif
