/*
 * deflate - permessage-deflate (RFC 7692) without context takeover.
 *
 * Each message is compressed by itself. So one compressed form suits every
 * client that has agreed on the extension, whoever compressed a message before
 * needs not be known, and one compressor and one decompressor serve all
 * connections. No socket, no clock.
 */
#ifndef SIDECAR_DEFLATE_H
#define SIDECAR_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"

enum deflate_limits {
	DEFLATE_MIN_BYTES = 128, /* below, a message hardly shrinks by itself */
};

struct deflate;

/* Returns NULL when out of memory. */
struct deflate *deflate_new(void);

/* NULL is fine. */
void deflate_free(struct deflate *deflate);

/*
 * True when one of the offers in a Sec-WebSocket-Extensions header can be
 * answered with permessage-deflate without context takeover in either
 * direction. NULL is fine. Pure.
 */
bool deflate_accepts(const char *offers);

/*
 * Compresses a message into ret, which must be empty. Returns 0, -ENOSPC when
 * it is too small or does not shrink, or -ENOMEM.
 */
int deflate_pack(struct deflate *deflate, const void *data, size_t len, struct buf *ret);

/*
 * Decompresses a message into ret, which must be empty. Returns 0, -EMSGSIZE
 * past max_bytes, -EBADMSG when it is not deflate's, or -ENOMEM.
 */
int deflate_unpack(struct deflate *deflate, const void *data, size_t len, size_t max_bytes, struct buf *ret);

/* The most that a message of len bytes has in a sensible compressed form. */
size_t deflate_bound(size_t len);

#endif
