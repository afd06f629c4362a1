#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sidecar/relay/outbox.h"

enum {
	OVERHEAD = 32,          /* more than what is around a word, or before all words of a command */
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

static const struct outbox_end *
end_at(const struct outbox *outbox, uint32_t i)
{
	return ring_at(&outbox->ends, i);
}

static size_t
end_of(const struct outbox *outbox, uint32_t i)
{
	return end_at(outbox, i)->at - outbox->gone;
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

static void
put_command(struct buf *bytes, const struct outbox_command *command)
{
	buf_string(bytes, "*");
	buf_decimal(bytes, command->n);
	buf_string(bytes, "\r\n");
	for (size_t i = 0; i < command->n; i++)
		put_bulk(bytes, command->words[i]);
}

/* More than they take. */
static size_t
bytes_of(const struct outbox_command *commands, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		bytes += OVERHEAD * (1 + commands[i].n);
		for (size_t word = 0; word < commands[i].n; word++)
			bytes += commands[i].words[word].len;
	}
	return bytes;
}

static int
make_room(struct outbox *outbox, size_t need)
{
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
	return 0;
}

static int
append(struct outbox *outbox, const struct outbox_command *command)
{
	struct outbox_end end = { .may_fail = command->may_fail };

	put_command(&outbox->bytes, command);
	end.at = outbox->gone + outbox->bytes.len;
	return ring_push(&outbox->ends, &end, sizeof(end));
}

int
outbox_push(struct outbox *outbox, const struct outbox_command *commands, size_t n)
{
	int r = make_room(outbox, bytes_of(commands, n));
	size_t before = outbox->bytes.len;
	uint32_t n_before = outbox->ends.n;

	for (size_t i = 0; i < n && r == 0; i++)
		r = append(outbox, &commands[i]);
	if (r < 0) {
		outbox->bytes.len = before;
		outbox->ends.n = n_before;
	}
	return r;
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

bool
outbox_may_fail(const struct outbox *outbox)
{
	return outbox->n_confirmed < outbox->n_handed && end_at(outbox, outbox->n_confirmed)->may_fail;
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
