/*
 * text - bytes that are not terminated, and how they are written into HTML,
 * scripts and URLs.
 *
 * Writers never let a buffer grow past TEMPLATE_MAX_OUTPUT: they set its
 * `failed` instead. Pure.
 */
#ifndef FCGI_TEMPLATE_TEXT_H
#define FCGI_TEMPLATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct text {
	const char *bytes;
	size_t len;
};

struct text text_of(const char *string);
bool text_is(struct text text, const char *string);
bool text_equal(struct text a, struct text b);

/* Negative, 0 or positive as memcmp() has it; of two that begin alike the shorter is less. */
int text_compare(struct text a, struct text b);

/* The offset at which part begins, from an offset on; text.len when it is not there. */
size_t text_find(struct text text, size_t from, struct text part);

/* From an offset to the end. */
struct text text_from(struct text text, size_t offset);

/* As it is. */
void text_put(struct buf *buf, struct text text);

/* For HTML, in an element or a quoted attribute. What is not UTF-8 becomes U+FFFD. */
void text_put_html(struct buf *buf, struct text text);

/* For a string of JavaScript or JSON, in a script element or out of it. What is not UTF-8 becomes U+FFFD. */
void text_put_script(struct buf *buf, struct text text);

/* For one part of a URL: all but the unreserved bytes of RFC 3986 is percent-encoded. */
void text_put_url(struct buf *buf, struct text text);

#endif
