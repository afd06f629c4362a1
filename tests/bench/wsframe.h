/*
 * wsframe - WebSocket frames, RFC 6455 section 5.2, for both ends of the
 * benchmark.
 */
#ifndef BENCH_WSFRAME_H
#define BENCH_WSFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WSFRAME_CONTINUATION = 0,
	WSFRAME_TEXT = 1,
	WSFRAME_BINARY = 2,
	WSFRAME_CLOSE = 8,
	WSFRAME_PING = 9,
	WSFRAME_PONG = 10,
	WSFRAME_MAX_HEAD = 14,
};

struct wsframe {
	unsigned opcode;
	bool last;     /* of the message's fragments */
	bool deflated; /* RFC 7692 section 6 */
	bool reserved; /* one of the bits is set that mean nothing */
	bool masked;
	uint32_t mask; /* as it lies in memory */
	size_t head;   /* bytes before the payload */
	uint64_t len;  /* of the payload */
};

/* Reads a header. Returns false when data does not hold all of it. */
bool wsframe_read(const uint8_t *data, size_t len, struct wsframe *ret);

/* Writes the header of a whole message; NULL is no mask, as servers send. Returns its size. */
size_t wsframe_head(uint8_t *dst, unsigned opcode, uint64_t len, const uint32_t *mask);

/* Masks or unmasks; dst may be src. */
void wsframe_mask(uint8_t *dst, const uint8_t *src, size_t len, uint32_t mask);

#endif
