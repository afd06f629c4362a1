#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/deflate.h"
#include "sidecar/hub/frame.h"
#include "tests/tap.h"

/* RFC 6455 section 5.2 */
static void
test_head(size_t len, const char *head, size_t head_len, const char *claim)
{
	char *payload = malloc(len + 1);
	struct frame *frame;

	memset(payload, 'x', len + 1);
	frame = frame_new(FRAME_TEXT, payload, len);
	OK(frame != NULL && frame->len == head_len + len && memcmp(frame->data, head, head_len) == 0, claim);
	OK(memcmp(frame->data + head_len, payload, len) == 0, "the payload follows");
	frame_unref(frame);
	free(payload);
}

static void
test_opcodes(void)
{
	struct frame *binary = frame_new(FRAME_BINARY, "\0", 1);
	struct frame *ping = frame_new(FRAME_PING, NULL, 0);

	OK(binary->data[0] == 0x82, "a binary message is whole and has opcode 2");
	OK(ping->len == 2 && ping->data[0] == 0x89 && ping->data[1] == 0, "a ping needs no payload");
	frame_unref(binary);
	frame_unref(ping);
}

static void
test_references(void)
{
	struct frame *frame = frame_alloc(3);

	OK(frame->refs == 1 && frame->len == 3, "a frame begins with one reference");
	OK(frame_ref(frame) == frame && frame->refs == 2, "each holder has one");
	frame_unref(frame);
	memset(frame->data, 0, 3);
	OK(frame->refs == 1, "it lives while one is left");
	frame_unref(frame);
	frame_unref(NULL);
	OK(frame_alloc((size_t)UINT32_MAX + 1) == NULL, "past 4 GiB there is none");
}

/* A frame has one other form: what is escaped is not compressed. */
static void
test_deflated_and_escaped(struct deflate *deflate)
{
	char payload[1000] = "";
	struct frame *frame = frame_new(FRAME_TEXT, payload, sizeof(payload)), *escaped;
	struct frame *control = frame_new_control((struct span){ payload, sizeof(payload) });

	OK(frame_deflated(frame, deflate) == frame, "a text that begins with U+0000 is not compressed");
	escaped = frame_escaped(frame);
	OK(escaped != frame && escaped->len == frame->len + 1 && frame_escaped(frame) == escaped,
	    "though it is escaped, once");
	OK(frame_deflated(frame, deflate) == frame, "and is itself what it was");
	OK(frame_escaped(escaped) == escaped && frame_deflated(escaped, deflate) == escaped,
	    "what is escaped has no other form");
	OK(frame_escaped(control) == control && frame_deflated(control, deflate) == control, "nor has a control frame");
	OK(frame_is_control(control) && !frame_is_control(frame), "which is known as such");
	frame_unref(control);
	frame_unref(frame);
}

/* RFC 7692 section 6: RSV1 marks what is compressed. */
static void
test_deflated(void)
{
	struct deflate *deflate = deflate_new();
	char payload[1000];
	struct frame *frame, *small, *deflated;
	struct buf got = BUF_INIT;

	memset(payload, 'x', sizeof(payload));
	frame = frame_new(FRAME_BINARY, payload, sizeof(payload));
	deflated = frame_deflated(frame, deflate);
	OK(deflated->data[0] == 0xc2 && deflated->data[1] == deflated->len - 2, "a message becomes a smaller frame");
	OK(deflate_unpack(deflate, deflated->data + 2, deflated->len - 2, sizeof(payload), &got) == 0 &&
		got.len == sizeof(payload) && memcmp(got.data, payload, got.len) == 0,
	    "which holds all of it");
	OK(frame_deflated(frame, deflate) == deflated, "it is made once");
	frame_ref(deflated);
	frame_unref(frame);
	OK(deflated->refs == 1, "and lives while somebody holds it");
	frame_unref(deflated);

	small = frame_new(FRAME_TEXT, payload, DEFLATE_MIN_BYTES - 1);
	OK(frame_deflated(small, deflate) == small && small->refs == 1, "a small message stays as it is");
	frame_unref(small);
	test_deflated_and_escaped(deflate);
	buf_free(&got);
	deflate_free(deflate);
}

int
main(void)
{
	test_head(0, "\x81\x00", 2, "an empty message has a length of 7 bits");
	test_head(125, "\x81\x7d", 2, "125 bytes are the most that 7 bits tell");
	test_head(126, "\x81\x7e\x00\x7e", 4, "126 bytes take 16 bits");
	test_head(65535, "\x81\x7e\xff\xff", 4, "65535 bytes are the most that 16 bits tell");
	test_head(65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10, "65536 bytes take 64 bits");
	test_opcodes();
	test_references();
	test_deflated();
	return tap_done();
}
