/*
 * take - takes characters and numbers off the front of a text.
 *
 * Each returns false, and takes nothing, when something else stands there. Pure.
 */
#ifndef SHARED_TAKE_H
#define SHARED_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"

bool take_char(struct span *text, char c);

/* A number in decimal, without zeros in front. */
bool take_decimal(struct span *text, uint64_t *ret);

/* Exactly so many digits, at most 16, in lower case. */
bool take_hex(struct span *text, size_t digits, uint64_t *ret);

#endif
