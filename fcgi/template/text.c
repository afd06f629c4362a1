#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/text.h"
#include "shared/buf.h"
#include "shared/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

struct text
text_of(const char *string)
{
	return (struct text){ string, strlen(string) };
}

bool
text_is(struct text text, const char *string)
{
	return text_equal(text, text_of(string));
}

bool
text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

int
text_compare(struct text a, struct text b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter > 0 ? memcmp(a.bytes, b.bytes, shorter) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

size_t
text_find(struct text text, size_t from, struct text part)
{
	const char *at;

	if (part.len == 0 || from >= text.len)
		return text.len;
	at = memmem(text.bytes + from, text.len - from, part.bytes, part.len);
	return at != NULL ? (size_t)(at - text.bytes) : text.len;
}

struct text
text_from(struct text text, size_t offset)
{
	return (struct text){ text.bytes + offset, text.len - offset };
}

void
text_put(struct buf *buf, struct text text)
{
	if (buf->len > TEMPLATE_MAX_OUTPUT || text.len > TEMPLATE_MAX_OUTPUT - buf->len)
		buf->failed = true;
	else
		buf_bytes(buf, text.bytes, text.len);
}

/*
 * What is to be written in place of the bytes that text begins with, and how
 * many they are; NULL when they stay. scratch has room for it.
 */
typedef const char *replacer(struct text text, char scratch[8], size_t *ret_step);

/* Writes runs of what stays, and between them what is replaced. */
static inline __attribute__((always_inline)) void
put_replacing(struct buf *buf, struct text text, replacer *replace)
{
	size_t from = 0, at = 0, step;
	char scratch[8];

	while (at < text.len) {
		const char *instead = replace(text_from(text, at), scratch, &step);

		if (instead != NULL) {
			text_put(buf, (struct text){ text.bytes + from, at - from });
			text_put(buf, text_of(instead));
			from = at + step;
		}
		at += step;
	}
	text_put(buf, text_from(text, from));
}

static inline const char *
not_ascii(struct text text, size_t *ret_step)
{
	size_t step = utf8_step(text.bytes, text.len);

	*ret_step = step > 0 ? step : 1;
	return step > 0 ? NULL : replacement;
}

static inline const char *
html_for(struct text text, char scratch[8], size_t *ret_step)
{
	(void)scratch;
	*ret_step = 1;
	switch (text.bytes[0]) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return (unsigned char)text.bytes[0] < 0x80 ? NULL : not_ascii(text, ret_step);
	}
}

void
text_put_html(struct buf *buf, struct text text)
{
	put_replacing(buf, text, html_for);
}

/* These two end a line in JavaScript before 2019, and are fine in JSON. */
static const char *
line_separator(struct text text)
{
	if (text.len >= 3 && memcmp(text.bytes, "\xe2\x80\xa8", 3) == 0)
		return "\\u2028";
	if (text.len >= 3 && memcmp(text.bytes, "\xe2\x80\xa9", 3) == 0)
		return "\\u2029";
	return NULL;
}

static const char *
script_for(struct text text, char scratch[8], size_t *ret_step)
{
	unsigned char c = (unsigned char)text.bytes[0];
	const char *instead;

	*ret_step = 1;
	if (c < 0x20 || c == 0x7f || (c < 0x80 && strchr("\"'\\<>&", c) != NULL)) {
		snprintf(scratch, 8, "\\u%04x", c);
		return scratch;
	}
	if (c < 0x80)
		return NULL;
	instead = not_ascii(text, ret_step);
	return instead != NULL ? instead : line_separator(text);
}

void
text_put_script(struct buf *buf, struct text text)
{
	put_replacing(buf, text, script_for);
}

static const char *
url_for(struct text text, char scratch[8], size_t *ret_step)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	unsigned char c = (unsigned char)text.bytes[0];

	*ret_step = 1;
	if (memchr(unreserved, c, sizeof(unreserved) - 1) != NULL)
		return NULL;
	snprintf(scratch, 8, "%%%02X", c);
	return scratch;
}

void
text_put_url(struct buf *buf, struct text text)
{
	put_replacing(buf, text, url_for);
}
