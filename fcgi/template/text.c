#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/text.h"
#include "shared/buf.h"
#include "shared/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

void
text_put(struct buf *buf, struct span text)
{
	if (buf->len > TEMPLATE_MAX_OUTPUT || text.len > TEMPLATE_MAX_OUTPUT - buf->len)
		buf->failed = true;
	else
		buf_bytes(buf, text.data, text.len);
}

/*
 * What is to be written in place of the bytes that text begins with, and how
 * many they are; NULL when they stay. scratch has room for it.
 */
typedef const char *replacer(struct span text, char scratch[8], size_t *ret_step);

/* Writes runs of what stays, and between them what is replaced. */
static inline __attribute__((always_inline)) void
put_replacing(struct buf *buf, struct span text, replacer *replace)
{
	size_t from = 0, at = 0, step;
	char scratch[8];

	while (at < text.len) {
		const char *instead = replace(span_from(text, at), scratch, &step);

		if (instead != NULL) {
			text_put(buf, (struct span){ text.data + from, at - from });
			text_put(buf, span_of(instead));
			from = at + step;
		}
		at += step;
	}
	text_put(buf, span_from(text, from));
}

static inline const char *
not_ascii(struct span text, size_t *ret_step)
{
	size_t step = utf8_step(text.data, text.len);

	*ret_step = step > 0 ? step : 1;
	return step > 0 ? NULL : replacement;
}

static inline const char *
html_for(struct span text, char scratch[8], size_t *ret_step)
{
	(void)scratch;
	*ret_step = 1;
	switch (text.data[0]) {
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
		return (unsigned char)text.data[0] < 0x80 ? NULL : not_ascii(text, ret_step);
	}
}

void
text_put_html(struct buf *buf, struct span text)
{
	put_replacing(buf, text, html_for);
}

/* These two end a line in JavaScript before 2019, and are fine in JSON. */
static const char *
line_separator(struct span text)
{
	if (text.len >= 3 && memcmp(text.data, "\xe2\x80\xa8", 3) == 0)
		return "\\u2028";
	if (text.len >= 3 && memcmp(text.data, "\xe2\x80\xa9", 3) == 0)
		return "\\u2029";
	return NULL;
}

static const char *
script_for(struct span text, char scratch[8], size_t *ret_step)
{
	unsigned char c = (unsigned char)text.data[0];
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
text_put_script(struct buf *buf, struct span text)
{
	put_replacing(buf, text, script_for);
}

/* Whether ASCII stays as it is where nearly all is escaped. Other bytes are not asked. */
static bool
is_harmless(unsigned char c, const char *marks)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(marks, c) != NULL);
}

static const char *
js_for(struct span text, char scratch[8], size_t *ret_step)
{
	unsigned char c = (unsigned char)text.data[0];

	if (c >= 0x80 || is_harmless(c, ",._ "))
		return script_for(text, scratch, ret_step);
	*ret_step = 1;
	snprintf(scratch, 8, "\\u%04x", c);
	return scratch;
}

void
text_put_js(struct buf *buf, struct span text)
{
	put_replacing(buf, text, js_for);
}

/* CSS Syntax Level 3, section 4.3.7: a blank ends the number. */
static const char *
css_for(struct span text, char scratch[8], size_t *ret_step)
{
	unsigned char c = (unsigned char)text.data[0];

	*ret_step = 1;
	if (c >= 0x80)
		return not_ascii(text, ret_step);
	if (is_harmless(c, ""))
		return NULL;
	snprintf(scratch, 8, "\\%X ", c > 0 ? c : 0xfffd);
	return scratch;
}

void
text_put_css(struct buf *buf, struct span text)
{
	put_replacing(buf, text, css_for);
}

static const char *
attribute_for(struct span text, char scratch[8], size_t *ret_step)
{
	unsigned char c = (unsigned char)text.data[0];
	bool is_control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';

	*ret_step = 1;
	if (c >= 0x80)
		return not_ascii(text, ret_step);
	if (is_harmless(c, ",.-_"))
		return NULL;
	if (is_control || c == 0x7f)
		return replacement;
	snprintf(scratch, 8, "&#x%02X;", c);
	return scratch;
}

void
text_put_attribute(struct buf *buf, struct span text)
{
	put_replacing(buf, text, attribute_for);
}

static const char *
url_for(struct span text, char scratch[8], size_t *ret_step)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	unsigned char c = (unsigned char)text.data[0];

	*ret_step = 1;
	if (memchr(unreserved, c, sizeof(unreserved) - 1) != NULL)
		return NULL;
	snprintf(scratch, 8, "%%%02X", c);
	return scratch;
}

void
text_put_url(struct buf *buf, struct span text)
{
	put_replacing(buf, text, url_for);
}
