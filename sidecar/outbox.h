/*
 * outbox - commands on their way to other hosts, each kept until Redis has
 * confirmed it.
 *
 * It is bounded in bytes. What was handed to a connection that broke is handed
 * over again, in the same order; the receivers know by the sequence what they
 * have had. The commands are encoded for Redis when they come in: pure.
 */
#ifndef SIDECAR_OUTBOX_H
#define SIDECAR_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/wire.h"

struct outbox {
	size_t max_bytes;
	struct buf bytes;  /* PUBLISH commands, one after the other */
	size_t first;      /* where the oldest begins */
	size_t handed;     /* what is before has been handed over */
	size_t *ends;      /* a ring: where each ends, counted from when the outbox was opened */
	uint32_t head, n;  /* of the ring */
	uint32_t n_handed; /* of those n */
	uint32_t cap;
	size_t gone; /* bytes that have left */
};

void outbox_open(struct outbox *outbox, size_t max_bytes);
void outbox_close(struct outbox *outbox);

/* Appends one message for a channel: copied. Returns 0, -ENOBUFS when it is full, or -ENOMEM. */
int outbox_push(struct outbox *outbox, struct span channel, struct span message);

/*
 * Hands over the next whole commands, about max_bytes of them and at least one;
 * borrowed until the next push or pop. Returns how many, 0 when there are none.
 */
uint32_t outbox_hand(struct outbox *outbox, size_t max_bytes, struct span *ret);

/* The oldest that was handed over has been confirmed. */
void outbox_pop(struct outbox *outbox);

/* The connection is gone: everything has to be handed over again. */
void outbox_rewind(struct outbox *outbox);

size_t outbox_bytes(const struct outbox *outbox);

#endif
