/*
 * print - a value as text.
 *
 * Missing and false are nothing, true is "1", a list or dict is JSON.
 */
#ifndef FCGI_TEMPLATE_PRINT_H
#define FCGI_TEMPLATE_PRINT_H

#include "fcgi/template/value.h"

struct buf;

/* Appends what printing it writes. Returns 0 or a failure. */
int print_value(struct budget *budget, struct buf *buf, struct value value);

/* The same as text, which lives as long as other values. Returns 0 or a failure. */
int print_to_text(struct budget *budget, struct value value, struct span *ret);

#endif
