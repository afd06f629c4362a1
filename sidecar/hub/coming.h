/*
 * coming - where a client was before it came, as it says: the position that it has
 * reached, and what it was called then.
 *
 * It is offered as one more subprotocol, frond.at.POSITION, or
 * frond.at.POSITION~ID. Pure.
 */
#ifndef SIDECAR_COMING_H
#define SIDECAR_COMING_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/hub/position.h"

struct client;

#define COMING_PREFIX "frond.at."

struct coming {
	bool valid; /* it is a position: else it is treated as a new one that has missed something */
	struct position position;
	uint64_t was;               /* client_except() of an earlier connection; 0 for none */
	struct client *prev, *next; /* held.c, later ahead.c: prev is NULL outside of a list */
};

/* Reads what stands behind the prefix. Returns NULL when out of memory. */
struct coming *coming_new(struct span text);

/* NULL is fine. */
void coming_free(struct coming *coming);

#endif
