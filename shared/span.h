/*
 * span - bytes of somebody else, that are not terminated.
 *
 * Whoever owns them says how long a span is good for. What the template engine does
 * all the time is inline: a page takes a tenth longer without. Pure.
 */
#ifndef SHARED_SPAN_H
#define SHARED_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf;

struct span {
	const char *data;
	size_t len;
};

#define SPAN_EMPTY ((struct span){ "", 0 })

/* Borrow a string, and a buffer's content. */
static inline struct span
span_of(const char *string)
{
	return (struct span){ string, strlen(string) };
}

struct span span_of_buf(const struct buf *buf);

static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
span_is(struct span span, const char *string)
{
	return span_equal(span, span_of(string));
}

/* Negative, 0 or positive as memcmp() has it; of two that begin alike the shorter is less. */
int span_compare(struct span a, struct span b);

/* The offset at which part begins, from an offset on; span.len when it is not there. */
size_t span_find(struct span span, size_t from, struct span part);

/* From an offset to the end. */
static inline struct span
span_from(struct span span, size_t offset)
{
	return (struct span){ span.data + offset, span.len - offset };
}

#endif
