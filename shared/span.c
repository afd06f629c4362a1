#include <string.h>

#include "shared/buf.h"
#include "shared/span.h"

struct span
span_of(const char *string)
{
	return (struct span){ string, strlen(string) };
}

struct span
span_of_buf(const struct buf *buf)
{
	return (struct span){ (const char *)buf->data, buf->len };
}

bool
span_is(struct span span, const char *string)
{
	return span_equal(span, span_of(string));
}

bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int
span_compare(struct span a, struct span b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

size_t
span_find(struct span span, size_t from, struct span part)
{
	const char *at;

	if (part.len == 0 || from >= span.len)
		return span.len;
	at = memmem(span.data + from, span.len - from, part.data, part.len);
	return at != NULL ? (size_t)(at - span.data) : span.len;
}

struct span
span_from(struct span span, size_t offset)
{
	return (struct span){ span.data + offset, span.len - offset };
}
