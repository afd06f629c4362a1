#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/deflate.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/memory.h"

enum {
	FIN = 0x80,
	RSV1 = 0x40,  /* RFC 7692 section 6: the message is compressed */
	LEN_16 = 126, /* RFC 6455 section 5.2: the length follows in 16 bits */
	LEN_64 = 127,
	HEAD_MAX = 10,
};

struct frame *
frame_alloc(size_t len)
{
	struct frame *frame;

	if (len > UINT32_MAX)
		return NULL;
	frame = malloc(sizeof(*frame) + len);
	if (frame == NULL)
		return NULL;
	memory_add(sizeof(*frame) + len);
	frame->refs = 1;
	frame->len = (uint32_t)len;
	frame->other = NULL;
	return frame;
}

static size_t
put_head(uint8_t *head, uint8_t first, size_t len)
{
	size_t n_len = len < LEN_16 ? 0 : len <= UINT16_MAX ? 2 : 8;

	head[0] = first;
	head[1] = (uint8_t)(n_len == 0 ? len : n_len == 2 ? LEN_16 : LEN_64);
	for (size_t i = 0; i < n_len; i++)
		head[2 + i] = (uint8_t)(len >> (8 * (n_len - 1 - i)));
	return 2 + n_len;
}

static struct frame *
make(uint8_t first, const void *payload, size_t len)
{
	uint8_t head[HEAD_MAX];
	size_t n = put_head(head, first, len);
	struct frame *frame = frame_alloc(n + len);

	if (frame == NULL)
		return NULL;
	memcpy(frame->data, head, n);
	if (len > 0)
		memcpy(frame->data + n, payload, len);
	return frame;
}

struct frame *
frame_new(enum frame_opcode opcode, const void *payload, size_t len)
{
	return make(FIN | (uint8_t)opcode, payload, len);
}

static size_t
head_bytes(const struct frame *frame)
{
	return frame->data[1] < LEN_16 ? 2 : frame->data[1] == LEN_16 ? 4 : HEAD_MAX;
}

struct span
frame_payload(const struct frame *frame)
{
	size_t head = head_bytes(frame);

	return (struct span){ (const char *)frame->data + head, frame->len - head };
}

bool
frame_is_binary(const struct frame *frame)
{
	return frame->data[0] == (FIN | FRAME_BINARY);
}

/* A text with a U+0000 in front, which has no other form. */
static struct frame *
make_behind_nul(const void *text, size_t len)
{
	uint8_t head[HEAD_MAX];
	size_t n = put_head(head, FIN | FRAME_TEXT, len + 1);
	struct frame *frame = frame_alloc(n + 1 + len);

	if (frame == NULL)
		return NULL;
	memcpy(frame->data, head, n);
	frame->data[n] = 0;
	if (len > 0)
		memcpy(frame->data + n + 1, text, len);
	frame->other = frame;
	return frame;
}

struct frame *
frame_new_control(struct span words)
{
	return make_behind_nul(words.data, words.len);
}

struct frame *
frame_new_control_with(struct span words, struct span binary)
{
	uint8_t first[HEAD_MAX], second[HEAD_MAX];
	size_t n_first = put_head(first, FIN | FRAME_TEXT, words.len + 1);
	size_t n_second = put_head(second, FIN | FRAME_BINARY, binary.len);
	struct frame *frame = frame_alloc(n_first + 1 + words.len + n_second + binary.len);
	uint8_t *at;

	if (frame == NULL)
		return NULL;
	at = frame->data;
	memcpy(at, first, n_first);
	at += n_first;
	*at++ = 0;
	memcpy(at, words.data, words.len);
	at += words.len;
	memcpy(at, second, n_second);
	if (binary.len > 0)
		memcpy(at + n_second, binary.data, binary.len);
	frame->other = frame;
	return frame;
}

static bool
begins_with_nul(const struct frame *frame)
{
	size_t head = head_bytes(frame);

	return frame->data[0] == (FIN | FRAME_TEXT) && frame->len > head && frame->data[head] == 0;
}

/* A message that begins so has another form, or none yet. */
bool
frame_is_control(const struct frame *frame)
{
	return frame->other == frame && begins_with_nul(frame);
}

bool
frame_must_escape(const struct frame *frame)
{
	return frame->other != frame && begins_with_nul(frame);
}

struct frame *
frame_escaped(struct frame *frame)
{
	size_t head = head_bytes(frame);

	if (!frame_must_escape(frame))
		return frame;
	if (frame->other == NULL)
		frame->other = make_behind_nul(frame->data + head, frame->len - head);
	return frame->other;
}

/* NULL when it would be no smaller, or when out of memory. */
static struct frame *
compress(const struct frame *frame, struct deflate *deflate)
{
	size_t head = head_bytes(frame);
	struct buf packed = BUF_INIT;
	struct frame *compressed = NULL;

	if (deflate_pack(deflate, frame->data + head, frame->len - head, &packed) == 0)
		compressed = make(frame->data[0] | RSV1, packed.data, packed.len);
	buf_free(&packed);
	return compressed;
}

struct frame *
frame_deflated(struct frame *frame, struct deflate *deflate)
{
	if (begins_with_nul(frame))
		return frame;
	if (frame->other == NULL)
		frame->other = compress(frame, deflate);
	if (frame->other == NULL)
		frame->other = frame; /* and it is not tried again */
	return frame->other;
}

struct frame *
frame_ref(struct frame *frame)
{
	frame->refs++;
	return frame;
}

void
frame_unref(struct frame *frame)
{
	if (frame == NULL || --frame->refs > 0)
		return;
	if (frame->other != frame)
		frame_unref(frame->other);
	memory_remove(sizeof(*frame) + frame->len);
	free(frame);
}
