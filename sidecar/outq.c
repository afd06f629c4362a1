#include <errno.h>
#include <stdlib.h>

#include "sidecar/frame.h"
#include "sidecar/outq.h"

enum { FIRST_CAP = 8 };

static void
release_ring(struct outq *q)
{
	free(q->ring);
	*q = (struct outq){ 0 };
}

void
outq_clear(struct outq *q)
{
	struct frame *frame;

	while ((frame = outq_pop(q)) != NULL)
		frame_unref(frame);
}

static int
grow(struct outq *q)
{
	uint32_t cap = q->cap == 0 ? FIRST_CAP : 2 * q->cap;
	struct frame **ring = malloc(cap * sizeof(struct frame *));

	if (ring == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < q->n; i++)
		ring[i] = q->ring[(q->head + i) & (q->cap - 1)];
	free(q->ring);
	q->ring = ring;
	q->cap = cap;
	q->head = 0;
	return 0;
}

int
outq_push(struct outq *q, struct frame *frame, size_t max_bytes)
{
	size_t bytes = frame->len + OUTQ_ENTRY_BYTES;

	if (bytes > max_bytes || q->bytes > max_bytes - bytes)
		return -ENOBUFS;
	if (q->n == q->cap && grow(q) < 0)
		return -ENOMEM;
	q->ring[(q->head + q->n) & (q->cap - 1)] = frame_ref(frame);
	q->n++;
	q->bytes += bytes;
	return 0;
}

struct frame *
outq_pop(struct outq *q)
{
	struct frame *frame;

	if (q->n == 0)
		return NULL;
	frame = q->ring[q->head];
	q->head = (q->head + 1) & (q->cap - 1);
	q->n--;
	q->bytes -= frame->len + OUTQ_ENTRY_BYTES;
	if (q->n == 0)
		release_ring(q);
	return frame;
}
