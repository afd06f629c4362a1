/*
 * span - bytes of somebody else, that are not terminated.
 *
 * Whoever owns them says how long a span is good for. Pure.
 */
#ifndef SHARED_SPAN_H
#define SHARED_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct span {
	const char *data;
	size_t len;
};

/* Borrow a string, and a buffer's content. */
struct span span_of(const char *string);
struct span span_of_buf(const struct buf *buf);

bool span_is(struct span span, const char *string);
bool span_equal(struct span a, struct span b);

/* Negative, 0 or positive as memcmp() has it; of two that begin alike the shorter is less. */
int span_compare(struct span a, struct span b);

/* The offset at which part begins, from an offset on; span.len when it is not there. */
size_t span_find(struct span span, size_t from, struct span part);

/* From an offset to the end. */
struct span span_from(struct span span, size_t offset);

#endif
