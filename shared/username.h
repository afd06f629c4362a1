/*
 * username - what a user may be called: in tokens, by handlers, on the bus.
 *
 * Pure.
 */
#ifndef SHARED_USERNAME_H
#define SHARED_USERNAME_H

#include <stdbool.h>

#include "shared/span.h"

enum username_limits {
	USERNAME_MAX_BYTES = 255,
};

/* What is told to who has another one. */
#define USERNAME_RULE "a user is called by 1 to 255 bytes of UTF-8 without control characters"

/* True for 1 to USERNAME_MAX_BYTES of UTF-8 without control characters. */
bool username_is_valid(struct span name);

#endif
