#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sidecar/relay/outbox.h"

enum {
	OVERHEAD = 64,          /* more than what is around channel and message in a PUBLISH */
	KEPT_BYTES = 256 << 10, /* of memory, while it is empty */
};

void
outbox_open(struct outbox *outbox, size_t max_bytes)
{
	*outbox = (struct outbox){ .max_bytes = max_bytes };
}

void
outbox_close(struct outbox *outbox)
{
	buf_free(&outbox->bytes);
	ring_free(&outbox->ends);
	*outbox = (struct outbox){ 0 };
}

static size_t
end_of(const struct outbox *outbox, uint32_t i)
{
	return *(size_t *)ring_at(&outbox->ends, i) - outbox->gone;
}

size_t
outbox_bytes(const struct outbox *outbox)
{
	size_t begin = outbox->n_confirmed == 0 ? outbox->first : end_of(outbox, outbox->n_confirmed - 1);

	return outbox->bytes.len - begin;
}

/* The oldest goes. */
static void
pop(struct outbox *outbox)
{
	outbox->first = end_of(outbox, 0);
	ring_pop(&outbox->ends);
	outbox->n_handed--;
	outbox->n_confirmed--;
	outbox->n_gone++;
}

/* Lets go of the bytes of those that have gone, once they are the greater part. */
static void
compact(struct outbox *outbox)
{
	size_t rest = outbox->bytes.len - outbox->first;

	if (outbox->first == 0 || outbox->first < rest)
		return;
	if (rest > 0)
		memmove(outbox->bytes.data, outbox->bytes.data + outbox->first, rest);
	outbox->bytes.len = rest;
	if (rest == 0 && outbox->bytes.cap > KEPT_BYTES)
		buf_free(&outbox->bytes);
	outbox->gone += outbox->first;
	outbox->handed -= outbox->first;
	outbox->first = 0;
}

/* Appends a bulk string of RESP. */
static void
put_bulk(struct buf *bytes, struct span span)
{
	buf_string(bytes, "$");
	buf_decimal(bytes, span.len);
	buf_string(bytes, "\r\n");
	buf_bytes(bytes, span.data, span.len);
	buf_string(bytes, "\r\n");
}

int
outbox_push(struct outbox *outbox, struct span channel, struct span message)
{
	size_t need = OVERHEAD + channel.len + message.len, before, end;

	while (outbox->bytes.len - outbox->first + need > outbox->max_bytes) {
		if (outbox->n_confirmed == 0)
			return -ENOBUFS;
		pop(outbox);
	}
	compact(outbox);
	if (buf_reserve(&outbox->bytes, need) < 0) {
		outbox->bytes.failed = false; /* the next one may be smaller */
		return -ENOMEM;
	}
	before = outbox->bytes.len;
	buf_string(&outbox->bytes, "*3\r\n");
	put_bulk(&outbox->bytes, (struct span){ "PUBLISH", 7 });
	put_bulk(&outbox->bytes, channel);
	put_bulk(&outbox->bytes, message);
	end = outbox->gone + outbox->bytes.len;
	if (ring_push(&outbox->ends, &end, sizeof(end)) < 0) {
		outbox->bytes.len = before;
		return -ENOMEM;
	}
	return 0;
}

uint32_t
outbox_hand(struct outbox *outbox, size_t max_bytes, struct span *ret)
{
	size_t begin = outbox->handed;
	uint32_t n = 0;

	while (outbox->n_handed < outbox->ends.n && (n == 0 || end_of(outbox, outbox->n_handed) - begin <= max_bytes)) {
		outbox->handed = end_of(outbox, outbox->n_handed++);
		n++;
	}
	if (n > 0)
		*ret = (struct span){ (const char *)outbox->bytes.data + begin, outbox->handed - begin };
	return n;
}

void
outbox_confirm(struct outbox *outbox)
{
	assert(outbox->n_confirmed < outbox->n_handed);
	outbox->n_confirmed++;
}

uint64_t
outbox_mark(const struct outbox *outbox)
{
	return outbox->n_gone + outbox->n_confirmed;
}

void
outbox_settle(struct outbox *outbox, uint64_t mark)
{
	while (outbox->n_confirmed > 0 && outbox->n_gone < mark)
		pop(outbox);
}

void
outbox_rewind(struct outbox *outbox)
{
	outbox->handed = outbox->first;
	outbox->n_handed = outbox->n_confirmed = 0;
}
