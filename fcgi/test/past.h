/*
 * past - what routes keep of their paths, as the sidecar would. Time does not pass.
 */
#ifndef FCGI_TEST_PAST_H
#define FCGI_TEST_PAST_H

#include <stdint.h>

#include "shared/wire.h"

struct past_message {
	struct past_message *prev, *next;
	char *path;
	uint64_t number;
	uint8_t flags; /* WIRE_BINARY */
	struct buf data;
};

/* A zeroed one is empty. */
struct past {
	struct past_message *messages; /* of all paths, oldest first */
	uint64_t n;                    /* that have ever been kept */
};

void past_free(struct past *past);

/* Keeps a copy, and at most max messages of the path. Returns its number, or 0 when out of memory. */
uint64_t past_add(struct past *past, struct span path, uint32_t max, struct span data, uint8_t flags);

/* Steps through the messages of a path behind a number, of which only so many of the last ones count: NULL at first. */
const struct past_message *past_next(
    const struct past *past, struct span path, uint64_t behind, uint32_t max, const struct past_message *last);

/* The origin of all numbers. */
enum { PAST_ORIGIN = 1 };

/* Appends a REPLY's text: see wire_get_past(). Returns 0, or -EINVAL for what asks for nothing. */
int past_put(const struct past *past, struct span path, struct span asked, struct buf *ret);

#endif
