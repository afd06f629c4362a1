/*
 * block - the blocks that an event stream is made of: WHATWG HTML section 9.2.
 *
 * A text is as many data lines as it has lines. What these cannot carry exactly has a
 * type of its own: bytes are an event "binary" in base64, and a text with a carriage
 * return, which would end a line, is an event "text", one string of JSON. A block
 * with a position has it as its id, so that both come or neither does. Pure.
 */
#ifndef SIDECAR_BLOCK_H
#define SIDECAR_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/hub/position.h"

struct buf;

/* Appends a message. position is where it leads, or NULL for one that is not kept. */
void block_put_message(struct buf *ret, struct span data, bool binary, const struct position *position);

/* No more than this is what a message and its position take, unless it has carriage returns or many lines. */
size_t block_bytes(size_t len, bool binary);

/* Appends an event of the sidecar's own, without data: "gap", "heartbeat". */
void block_put_word(struct buf *ret, const char *type);

/* The same with a position, and what the connection is and was called: see names.h. */
void block_put_position(
    struct buf *ret, const char *type, const struct position *position, const uint64_t names[], uint32_t n);

/* Appends an event "presence": what is said of members, as control.h has it. */
void block_put_presence(struct buf *ret, struct span words);

/* Appends the last event: why the stream ends, in the codes of RFC 6455 section 7.4. */
void block_put_close(struct buf *ret, unsigned code, struct span reason);

/* Appends how long a client is to wait that has lost the stream. */
void block_put_retry(struct buf *ret, unsigned ms);

#endif
