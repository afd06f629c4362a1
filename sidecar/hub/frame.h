/*
 * frame - one or more WebSocket frames, laid out once and shared by everyone
 * who gets them.
 *
 * A server does not mask (RFC 6455 section 5.1), so the same bytes suit every
 * client. A frame is counted: each holder has a reference.
 */
#ifndef SIDECAR_FRAME_H
#define SIDECAR_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"

enum frame_opcode { /* RFC 6455 section 5.2 */
	FRAME_TEXT = 1,
	FRAME_BINARY = 2,
	FRAME_PING = 9,
};

struct deflate;

struct frame {
	uint32_t refs;
	uint32_t len;
	struct frame *other; /* form of it: compressed, or escaped; NULL until it is asked for, itself for none */
	uint8_t data[];
};

/* A whole message in one frame, with one reference; NULL when out of memory. */
struct frame *frame_new(enum frame_opcode opcode, const void *payload, size_t len);

/* A control frame of frond.1, see control.h: words behind a U+0000. NULL when out of memory. */
struct frame *frame_new_control(struct span words);

/* The same, with a binary message right behind it in the same bytes, so that nothing comes between. */
struct frame *frame_new_control_with(struct span words, struct span binary);

/* True for one of those, and false for a message of frame_new(). */
bool frame_is_control(const struct frame *frame);

/* Room for len bytes that the caller fills in; NULL when out of memory. */
struct frame *frame_alloc(size_t len);

/*
 * Borrows a message, of frame_new(), in the form for those who have agreed on
 * permessage-deflate: compressed once, at the first call, or the frame itself
 * when that would not make it smaller. A text that begins with U+0000 stays as it is.
 */
struct frame *frame_deflated(struct frame *frame, struct deflate *deflate);

/* Borrows the payload of a message, of frame_new(). */
struct span frame_payload(const struct frame *frame);
bool frame_is_binary(const struct frame *frame);

/* True when frame_escaped() gives another frame. */
bool frame_must_escape(const struct frame *frame);

/*
 * Borrows a message, of frame_new(), in the form for those who speak frond.1: a
 * text that begins with U+0000 has one more in front. NULL when out of memory.
 */
struct frame *frame_escaped(struct frame *frame);

struct frame *frame_ref(struct frame *frame);

/* NULL is fine. */
void frame_unref(struct frame *frame);

#endif
