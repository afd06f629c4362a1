/*
 * coming - where a client was before it came, as it says: the position that it has
 * reached, and what it was called then and before.
 *
 * It is offered as one more subprotocol, frond.at.POSITION, or
 * frond.at.POSITION~ID, with some more ~ID of earlier connections. One that has a list
 * of members ends in !KEY, the key that it was told or zero, see presence.h: without
 * a position that is all. Pure, but for memory.h.
 */
#ifndef SIDECAR_COMING_H
#define SIDECAR_COMING_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/hub/position.h"

struct client;

#define COMING_PREFIX "frond.at."

enum { COMING_NAMES = 4 }; /* the latest connections, one of which may have said what is still on its way */

struct coming {
	bool placed; /* it says a position */
	bool lists;  /* it has a list of members */
	uint64_t key;
	bool valid; /* it is a position: else it is treated as a new one that has missed something */
	struct position position;
	uint64_t names[COMING_NAMES]; /* client_except() of earlier connections, the latest first */
	uint32_t n_names;
	uint64_t joined_ms;         /* ahead.c: Unix time */
	struct client *prev, *next; /* held.c, later ahead.c: prev is NULL outside of a list */
};

/* Reads what stands behind the prefix. Returns NULL when out of memory. */
struct coming *coming_new(struct span text);

/* True when it was called so. */
bool coming_was(const struct coming *coming, uint64_t name);

/* NULL is fine. */
void coming_free(struct coming *coming);

#endif
