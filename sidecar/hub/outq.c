#include <errno.h>

#include "sidecar/hub/frame.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/outq.h"

void
outq_clear(struct outq *q)
{
	struct frame *frame;

	while ((frame = outq_pop(q)) != NULL)
		frame_unref(frame);
}

int
outq_push(struct outq *q, struct frame *frame, size_t max_bytes)
{
	size_t bytes = frame->len + OUTQ_ENTRY_BYTES, before = ring_bytes(&q->frames);

	if (bytes > max_bytes || q->bytes > max_bytes - bytes)
		return -ENOBUFS;
	if (ring_push(&q->frames, &frame, sizeof(frame)) < 0)
		return -ENOMEM;
	frame_ref(frame);
	memory_add(ring_bytes(&q->frames) - before);
	q->bytes += bytes;
	return 0;
}

struct frame *
outq_peek(const struct outq *q)
{
	return *(struct frame **)ring_at(&q->frames, 0);
}

struct frame *
outq_pop(struct outq *q)
{
	struct frame *frame;

	if (q->frames.n == 0)
		return NULL;
	frame = outq_peek(q);
	ring_pop(&q->frames);
	q->bytes -= frame->len + OUTQ_ENTRY_BYTES;
	if (q->frames.n == 0) {
		memory_remove(ring_bytes(&q->frames));
		ring_free(&q->frames);
	}
	return frame;
}
