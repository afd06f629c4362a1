/*
 * outq - a bounded queue of frames waiting for one slow reader.
 *
 * A client that stops reading fills its own queue and nobody else's. An empty
 * queue owns no memory, so that ten thousand quick readers cost nothing.
 */
#ifndef SIDECAR_OUTQ_H
#define SIDECAR_OUTQ_H

#include <stddef.h>

#include "sidecar/hub/ring.h"

struct frame;

enum { OUTQ_ENTRY_BYTES = 64 }; /* what a frame costs beside its bytes, when nobody else holds it */

struct outq {
	struct ring frames; /* of pointers */
	size_t bytes;
};

/* Drops every frame still waiting. */
void outq_clear(struct outq *q);

/* Holds a reference to frame until it is popped. Returns 0, -ENOBUFS past max_bytes, or -ENOMEM. */
int outq_push(struct outq *q, struct frame *frame, size_t max_bytes);

/* Borrows the oldest frame until the next call; there is one. */
struct frame *outq_peek(const struct outq *q);

/* Takes out the oldest frame, whose reference the caller gets; NULL when empty. */
struct frame *outq_pop(struct outq *q);

#endif
