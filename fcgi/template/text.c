#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/chars.h"
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

enum { SCRATCH = sizeof("\\uffff\\uffff") };

/*
 * What is to be written in place of the bytes that text begins with, and how
 * many they are; NULL when they stay. scratch has room for it.
 */
typedef const char *replacer(struct span text, char scratch[SCRATCH], size_t *ret_step);

/* Writes runs of what stays, and between them what is replaced. */
static inline __attribute__((always_inline)) void
put_replacing(struct buf *buf, struct span text, replacer *replace)
{
	size_t from = 0, at = 0, step;
	char scratch[SCRATCH];

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
html_for(struct span text, char scratch[SCRATCH], size_t *ret_step)
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
script_for(struct span text, char scratch[SCRATCH], size_t *ret_step)
{
	unsigned char c = (unsigned char)text.data[0];
	const char *instead;

	*ret_step = 1;
	if (c < 0x20 || c == 0x7f || (c < 0x80 && strchr("\"'\\<>&", c) != NULL)) {
		snprintf(scratch, SCRATCH, "\\u%04x", c);
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

/* Whether a character stays as it is where nearly all is escaped: letters and digits of ASCII, and these marks. */
static bool
is_harmless(uint32_t code, const char *marks)
{
	return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9') ||
	    (code > 0 && code < 0x80 && strchr(marks, (int)code) != NULL);
}

/* The first character as JavaScript has it in a string: in two halves when it is beyond 16 bits. */
static const char *
js_for(struct span text, char scratch[SCRATCH], size_t *ret_step)
{
	uint32_t code = chars_code(text);

	*ret_step = chars_step(text);
	if (is_harmless(code, ",._"))
		return NULL;
	if (code < 0x10000)
		snprintf(scratch, SCRATCH, "\\u%04x", (unsigned)code);
	else
		snprintf(scratch, SCRATCH, "\\u%04x\\u%04x", 0xd800U | ((code - 0x10000) >> 10 & 0x3ff),
		    0xdc00U | (code & 0x3ff));
	return scratch;
}

void
text_put_js(struct buf *buf, struct span text)
{
	put_replacing(buf, text, js_for);
}

/* CSS Syntax Level 3, section 4.3.7: a blank ends the number. */
static const char *
css_for(struct span text, char scratch[SCRATCH], size_t *ret_step)
{
	uint32_t code = chars_code(text);

	*ret_step = chars_step(text);
	if (is_harmless(code, ""))
		return NULL;
	snprintf(scratch, SCRATCH, "\\%X ", (unsigned)(code > 0 ? code : 0xfffd));
	return scratch;
}

void
text_put_css(struct buf *buf, struct span text)
{
	put_replacing(buf, text, css_for);
}

/* HTML has no control characters but blanks, not even as references. */
static bool
is_control(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || (code >= 0x7f && code < 0xa0);
}

static const char *
attribute_for(struct span text, char scratch[SCRATCH], size_t *ret_step)
{
	uint32_t code = chars_code(text);

	*ret_step = chars_step(text);
	if (is_harmless(code, ",.-_"))
		return NULL;
	snprintf(scratch, SCRATCH, "&#x%02X;", (unsigned)(is_control(code) ? 0xfffd : code));
	return scratch;
}

void
text_put_attribute(struct buf *buf, struct span text)
{
	put_replacing(buf, text, attribute_for);
}

static const char *
url_for(struct span text, char scratch[SCRATCH], size_t *ret_step)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	unsigned char c = (unsigned char)text.data[0];

	*ret_step = 1;
	if (memchr(unreserved, c, sizeof(unreserved) - 1) != NULL)
		return NULL;
	snprintf(scratch, SCRATCH, "%%%02X", c);
	return scratch;
}

void
text_put_url(struct buf *buf, struct span text)
{
	put_replacing(buf, text, url_for);
}
