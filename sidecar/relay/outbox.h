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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "sidecar/hub/ring.h"
#include "shared/span.h"

/* What Redis is told. */
struct outbox_command {
	size_t n;
	const struct span *words;
	bool may_fail; /* it does not matter to the connection */
};

struct outbox_end {
	size_t at : 63; /* counted from when the outbox was opened */
	size_t may_fail : 1;
};

struct outbox {
	size_t max_bytes;
	struct buf bytes;     /* commands, one after the other */
	size_t first;         /* where the oldest begins */
	size_t handed;        /* what is before has been handed over */
	struct ring ends;     /* struct outbox_end, of each */
	uint32_t n_handed;    /* of those, the first */
	uint32_t n_confirmed; /* of those */
	size_t gone;          /* bytes that have left */
	uint64_t n_gone;      /* commands that have */
};

void outbox_open(struct outbox *outbox, size_t max_bytes);
void outbox_close(struct outbox *outbox);

/*
 * Appends some commands, or none of them: copied. Confirmed ones make room for them.
 * Returns 0, -ENOBUFS when it is full, or -ENOMEM.
 */
int outbox_push(struct outbox *outbox, const struct outbox_command *commands, size_t n);

/*
 * Hands over the next whole commands, about max_bytes of them and at least one;
 * borrowed until the next push or pop. Returns how many, 0 when there are none.
 */
uint32_t outbox_hand(struct outbox *outbox, size_t max_bytes, struct span *ret);

/* True when the oldest of those that were handed over and not confirmed may fail. */
bool outbox_may_fail(const struct outbox *outbox);

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
