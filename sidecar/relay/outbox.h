/*
 * outbox - commands on their way to other hosts, each kept until it is certain
 * that Redis has passed it on.
 *
 * Redis confirms a command before it writes it to the subscribers, and may die
 * in between. So a confirmed one stays, as long as there is room, until it is
 * settled: something that was said after it has come back. What was handed to a
 * connection that broke is handed over again, in the same order; the receivers
 * know by the sequence what they have had. It is bounded in bytes. The commands
 * are encoded for Redis when they come in: pure.
 */
#ifndef SIDECAR_OUTBOX_H
#define SIDECAR_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "sidecar/hub/ring.h"
#include "shared/span.h"

struct outbox {
	size_t max_bytes;
	struct buf bytes;     /* PUBLISH commands, one after the other */
	size_t first;         /* where the oldest begins */
	size_t handed;        /* what is before has been handed over */
	struct ring ends;     /* size_t: where each ends, counted from when the outbox was opened */
	uint32_t n_handed;    /* of those, the first */
	uint32_t n_confirmed; /* of those */
	size_t gone;          /* bytes that have left */
	uint64_t n_gone;      /* commands that have */
};

void outbox_open(struct outbox *outbox, size_t max_bytes);
void outbox_close(struct outbox *outbox);

/*
 * Appends one message for a channel: copied. Confirmed ones make room for it.
 * Returns 0, -ENOBUFS when it is full, or -ENOMEM.
 */
int outbox_push(struct outbox *outbox, struct span channel, struct span message);

/*
 * Hands over the next whole commands, about max_bytes of them and at least one;
 * borrowed until the next push or pop. Returns how many, 0 when there are none.
 */
uint32_t outbox_hand(struct outbox *outbox, size_t max_bytes, struct span *ret);

/* The oldest of those that were handed over and not confirmed is confirmed. */
void outbox_confirm(struct outbox *outbox);

/* A mark behind all that are confirmed by now. */
uint64_t outbox_mark(const struct outbox *outbox);

/* Those before the mark are settled, and go. A mark from before a rewind settles no more than it did then. */
void outbox_settle(struct outbox *outbox, uint64_t mark);

/* The connection is gone: everything has to be handed over again. */
void outbox_rewind(struct outbox *outbox);

/* Of those that are not confirmed. */
size_t outbox_bytes(const struct outbox *outbox);

#endif
