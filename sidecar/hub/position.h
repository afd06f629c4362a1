/*
 * position - how far a client has followed a path.
 *
 * Each run of a sidecar is an origin and numbers what it keeps. A position is the
 * highest number seen of each origin, so nobody has to agree on one order, and the
 * time until which the client was there. As text it is the path's tag with the time,
 * and the marks, joined by '_': a token (RFC 9110 section 5.6.2), so that it fits
 * into Sec-WebSocket-Protocol:
 *
 *     1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.18_90aa61e4d0b7c215.4
 *
 * The tag is a hash of the path, so that a position of another path is known as
 * such. A client may write any position: it says what the client lacks, and
 * nothing else. Pure.
 */
#ifndef SIDECAR_POSITION_H
#define SIDECAR_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/span.h"

enum position_limits {
	POSITION_ORIGINS = 32,    /* in one position */
	POSITION_MARK_BYTES = 38, /* of ORIGIN.N, with the '_' before it */
	POSITION_BYTES = 21 + POSITION_ORIGINS * POSITION_MARK_BYTES,
};

/* Message N of an origin; the number 0 is before its first one. */
struct mark {
	uint64_t origin;
	uint64_t number;
};

struct position {
	uint32_t tag;
	uint32_t n;
	uint64_t at_ms;                      /* Unix time */
	struct mark marks[POSITION_ORIGINS]; /* of different origins */
};

/* A position on the path, without marks. */
struct position position_of(struct span path, uint64_t at_ms);

/* The mark of an origin; NULL when there is none. */
const struct mark *position_find(const struct position *position, uint64_t origin);

/* Adds a mark of an origin that has none yet, while there are fewer than POSITION_ORIGINS. */
void position_add(struct position *position, struct mark mark);

/* True when the message of the mark has been seen. */
bool position_covers(const struct position *position, struct mark mark);

/* Sets a mark, or adds it. */
void position_set(struct position *position, struct mark mark);

/* Raises a mark, or adds it. */
void position_raise(struct position *position, struct mark mark);

/* Adds the marks of origins that have none yet: when they are too many, the last of them. */
void position_add_others(struct position *position, const struct position *more);

/* Raises all that the other one has seen, and adds the others. */
void position_join(struct position *position, const struct position *other);

/* Appends the text. */
void position_put(struct buf *buf, const struct position *position);
void position_put_mark(struct buf *buf, struct mark mark);

/* Reads the text of a position. Returns 0, or -EINVAL for what position_put() would not write. */
int position_parse(struct span text, struct position *ret);

#endif
