/*
 * envelope - what sidecars of several hosts tell each other through the relay.
 *
 *     COMMAND  push, send or disconnect: as an app gave it, but for who gave it
 *     COUNT    so many connections are on this path at this host
 *     ALIVE    this host is there, and hears what it is told
 *
 * tina4-wire(7) tells the layout in prose. The sequences of a host's commands
 * and of its other messages are two; each grows, so that what arrives twice or
 * too late is known by it. Pure.
 */
#ifndef SHARED_ENVELOPE_H
#define SHARED_ENVELOPE_H

#include <stdint.h>

#include "shared/wire.h"

enum envelope_limits {
	ENVELOPE_VERSION = 1,
	ENVELOPE_HEADER_BYTES = 20,
};

enum envelope_type {
	ENVELOPE_COMMAND = 1,
	ENVELOPE_COUNT = 2,
	ENVELOPE_ALIVE = 3,
};

enum envelope_flags {
	ENVELOPE_ASKS = 1,   /* count: tell me yours */
	ENVELOPE_LEAVES = 2, /* alive: not any more */
};

struct envelope {
	enum envelope_type type;
	uint16_t flags;
	uint64_t origin;   /* the instance of a sidecar, see envelope_instance(), and 32 random bits */
	uint64_t sequence; /* greater than in any earlier one of this origin, for commands and for the others */
	struct wire_command command; /* of COMMAND */
	uint32_t count;              /* the rest is of COUNT */
	uint64_t question;           /* the sequence of what it answers, or 0 */
	struct span path;
	uint64_t since; /* of ALIVE: counts of an earlier sequence hold no more */
};

void envelope_put(struct buf *buf, const struct envelope *envelope);

/*
 * Reads what is no more than one envelope; spans borrow from data. Returns 0,
 * -EPROTO, or -EPROTONOSUPPORT for another version.
 */
int envelope_get(const void *data, size_t len, struct envelope *ret);

/* The first 32 bits of the id of every connection that this sidecar holds. */
uint32_t envelope_instance(uint64_t origin);

#endif
