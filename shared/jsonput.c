#include <stdbool.h>

#include "shared/base64.h"
#include "shared/buf.h"
#include "shared/jsonput.h"
#include "shared/utf8.h"

/* What stands for a character that a string cannot have as it is (section 7), or NULL. */
static const char *
escape(unsigned char c)
{
	static const char *const control[] = {
		"\\u0000",
		"\\u0001",
		"\\u0002",
		"\\u0003",
		"\\u0004",
		"\\u0005",
		"\\u0006",
		"\\u0007",
		"\\b",
		"\\t",
		"\\n",
		"\\u000b",
		"\\f",
		"\\r",
		"\\u000e",
		"\\u000f",
		"\\u0010",
		"\\u0011",
		"\\u0012",
		"\\u0013",
		"\\u0014",
		"\\u0015",
		"\\u0016",
		"\\u0017",
		"\\u0018",
		"\\u0019",
		"\\u001a",
		"\\u001b",
		"\\u001c",
		"\\u001d",
		"\\u001e",
		"\\u001f",
	};

	if (c < sizeof(control) / sizeof(control[0]))
		return control[c];
	if (c == '"')
		return "\\\"";
	return c == '\\' ? "\\\\" : NULL;
}

static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* The length of what can stand as it is, from an offset on. */
static size_t
plain_run(struct span text, size_t from)
{
	size_t at = from;

	for (;;) {
		size_t step;

		while (at < text.len && is_plain((unsigned char)text.data[at]))
			at++;
		if (at == text.len || (unsigned char)text.data[at] < 0x80)
			return at - from;
		step = utf8_step(text.data + at, text.len - at);
		if (step == 0)
			return at - from;
		at += step;
	}
}

void
jsonput_string(struct buf *buf, struct span text)
{
	buf_u8(buf, '"');
	for (size_t at = 0; at < text.len;) {
		size_t run = plain_run(text, at);
		const char *escaped;

		buf_bytes(buf, text.data + at, run);
		at += run;
		if (at == text.len)
			break;
		escaped = escape((unsigned char)text.data[at]);
		buf_string(buf, escaped != NULL ? escaped : "\xef\xbf\xbd");
		at++;
	}
	buf_u8(buf, '"');
}

void
jsonput_name(struct buf *buf, const char *name)
{
	jsonput_string(buf, span_of(name));
	buf_u8(buf, ':');
}

void
jsonput_base64(struct buf *buf, struct span bytes)
{
	buf_u8(buf, '"');
	base64_encode(buf, bytes);
	buf_u8(buf, '"');
}
