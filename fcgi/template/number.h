/*
 * number - numbers as templates write, round and print them, in any locale. Pure.
 */
#ifndef FCGI_TEMPLATE_NUMBER_H
#define FCGI_TEMPLATE_NUMBER_H

#include <stdbool.h>

#include "fcgi/template/text.h"

enum {
	NUMBER_FIXED = 352,   /* bytes that number_print_fixed() needs */
	NUMBER_DECIMALS = 20, /* it prints at most */
};

/* True, and *ret, when all of the text is a finite number. */
bool number_parse(struct span text, double *ret);

/* Rounded half away from zero to some decimals, with a point. */
struct span number_print_fixed(double number, int decimals, char ret[NUMBER_FIXED]);

/* Rounded to some decimals, or with fewer than 0 to tens, hundreds and so on. */
double number_round(double number, int decimals, double (*how)(double));

#endif
