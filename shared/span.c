#include <string.h>

#include "shared/buf.h"
#include "shared/span.h"

struct span
span_of_buf(const struct buf *buf)
{
	return (struct span){ (const char *)buf->data, buf->len };
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
