/*
 * reserve - the memory of a record's commands, before the first is applied.
 *
 * A handler's commands take effect as a whole or not at all. What they need, the
 * frames and the places in arrays, is made here first; when there is no memory
 * for one of them, nothing has happened yet.
 */
#ifndef SIDECAR_RESERVE_H
#define SIDECAR_RESERVE_H

#include <stdint.h>

#include "shared/wire.h"

struct batches;
struct client;
struct frame;
struct hub;

struct reserve {
	struct frame **frames; /* of the commands, in their order; NULL for one that sends nothing */
	uint32_t n;
	struct batches *batches; /* that keep room */
};

/*
 * Makes what the commands of sender's record need, but for that of WIRE_SET.
 * Returns 0, or -ENOMEM after which there is nothing to free.
 */
int reserve_make(struct reserve *reserve, struct hub *hub, struct client *sender, struct wire_reader commands);

/* The frame of the i-th command: taken, or NULL when there is none. */
struct frame *reserve_take(struct reserve *reserve, uint32_t i);

/* Frees what has not been taken. All zero is fine. */
void reserve_free(struct reserve *reserve);

#endif
