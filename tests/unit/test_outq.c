#include <errno.h>

#include "sidecar/hub/frame.h"
#include "sidecar/hub/outq.h"
#include "tests/tap.h"

enum { MANY = 1000, LIMIT = 1 << 20 };

static struct frame *
frame_of(uint8_t byte, size_t len)
{
	struct frame *frame = frame_alloc(len > 0 ? len : 1);

	frame->data[0] = byte;
	frame->len = (uint32_t)len;
	return frame;
}

/* Pushes a frame that only the queue then holds. */
static int
push(struct outq *q, uint8_t byte, size_t len, size_t max_bytes)
{
	struct frame *frame = frame_of(byte, len);
	int r = outq_push(q, frame, max_bytes);

	frame_unref(frame);
	return r;
}

static bool
pops(struct outq *q, uint8_t byte)
{
	struct frame *frame = outq_pop(q);
	bool same = frame != NULL && frame->data[0] == byte;

	frame_unref(frame);
	return same;
}

/* Pushes and pops so that the ring's start moves while it grows. */
static void
test_order(void)
{
	struct outq q = { 0 };
	unsigned pushed = 0, popped = 0;
	bool in_order = true;

	while (pushed < MANY) {
		for (int i = 0; i < 3; i++)
			push(&q, (uint8_t)pushed++, 1, LIMIT);
		in_order &= pops(&q, (uint8_t)popped++);
	}
	OK(q.frames.n == pushed - popped && q.bytes == q.frames.n * (1 + OUTQ_ENTRY_BYTES),
	    "frames and bytes are counted");
	OK(q.frames.cap >= q.frames.n && (q.frames.cap & (q.frames.cap - 1)) == 0,
	    "the ring has grown, to a power of two");
	while (popped < pushed)
		in_order &= pops(&q, (uint8_t)popped++);
	OK(in_order, "frames leave in the order in which they came, also when the ring wraps and grows");
	OK(outq_pop(&q) == NULL, "an empty queue has no frame");
}

static void
test_bound(void)
{
	const size_t limit = 100 + 2 * OUTQ_ENTRY_BYTES;
	struct outq q = { 0 };

	OK(push(&q, 1, 60, limit) == 0 && push(&q, 2, 40, limit) == 0, "frames up to the limit are taken");
	OK(push(&q, 3, 0, limit) == -ENOBUFS, "one more is refused, because even an empty one costs something");
	OK(q.frames.n == 2 && q.bytes == limit, "a refused frame changes nothing");
	OK(pops(&q, 1) && push(&q, 4, 60, limit) == 0, "there is room again for what has left");
	outq_clear(&q);
	OK(push(&q, 5, limit, limit) == -ENOBUFS && q.frames.items == NULL,
	    "nor does one that is larger than the limit fit");
}

static void
test_memory(void)
{
	struct outq q = { 0 };
	struct frame *frame = frame_of(1, 1);

	outq_push(&q, frame, LIMIT);
	outq_push(&q, frame, LIMIT);
	OK(frame->refs == 3, "the queue holds a reference for each place");
	frame_unref(outq_pop(&q));
	OK(frame->refs == 2 && q.frames.items != NULL, "a frame that leaves takes its reference along");
	frame_unref(outq_pop(&q));
	OK(q.frames.items == NULL && q.frames.cap == 0, "an empty queue owns no memory");
	outq_push(&q, frame, LIMIT);
	outq_clear(&q);
	OK(frame->refs == 1 && q.frames.items == NULL && q.bytes == 0, "clearing it drops all");
	frame_unref(frame);
}

int
main(void)
{
	test_order();
	test_bound();
	test_memory();
	return tap_done();
}
