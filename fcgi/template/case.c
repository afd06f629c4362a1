#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>

#include "fcgi/template/case.h"
#include "fcgi/template/chars.h"
#include "fcgi/template/text.h"
#include "shared/buf.h"

/* Lower-case letters, and how far before them their upper-case ones are. No pair differs in bytes. */
static const struct {
	uint32_t first, last;
	uint32_t distance;
} lower[] = {
	{ 'a', 'z', 32 },
	{ 0xe0, 0xf6, 32 },
	{ 0xf8, 0xfe, 32 },
	{ 0x3b1, 0x3c1, 32 },
	{ 0x3c3, 0x3cb, 32 },
	{ 0x430, 0x44f, 32 },
	{ 0x450, 0x45f, 80 },
};

enum { N_LOWER = sizeof(lower) / sizeof(lower[0]) };

/* U+00C0 to U+00FF without accents; the signs among them are no letters. */
static const char *const plain[] = {
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",  //
	"d", "n", "o", "o", "o", "o", "o", "-", "o", "u", "u", "u", "u", "y", "th", "ss", //
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",  //
	"d", "n", "o", "o", "o", "o", "o", "-", "o", "u", "u", "u", "u", "y", "th", "y",  //
};

/* All letters with a case are of one byte or two; other characters are 0 here. */
static uint32_t
decode(struct span letter)
{
	const uint8_t *bytes = (const uint8_t *)letter.data;

	if (letter.len == 1 && bytes[0] < 0x80)
		return bytes[0];
	if (letter.len == 2)
		return (uint32_t)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f);
	return 0;
}

static void
put_code(struct buf *buf, uint32_t code)
{
	char bytes[2] = { (char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f)) };
	char ascii = (char)code;

	if (code < 0x80)
		text_put(buf, (struct span){ &ascii, 1 });
	else
		text_put(buf, (struct span){ bytes, 2 });
}

static uint32_t
upper_of(uint32_t code)
{
	for (size_t i = 0; i < N_LOWER; i++)
		if (code >= lower[i].first && code <= lower[i].last)
			return code - lower[i].distance;
	return code;
}

static uint32_t
lower_of(uint32_t code)
{
	for (size_t i = 0; i < N_LOWER; i++) {
		uint32_t distance = lower[i].distance;

		if (code >= lower[i].first - distance && code <= lower[i].last - distance)
			return code + distance;
	}
	return code;
}

static void
put_letter(struct buf *buf, struct span letter, uint32_t (*change)(uint32_t code))
{
	uint32_t code = decode(letter), changed = change(code);

	if (code == changed)
		text_put(buf, letter);
	else
		put_code(buf, changed);
}

static void
put_changed(struct buf *buf, struct span text, uint32_t (*change)(uint32_t code))
{
	while (text.len > 0) {
		size_t step = chars_step(text);

		put_letter(buf, (struct span){ text.data, step }, change);
		text = span_from(text, step);
	}
}

void
case_put_upper(struct buf *buf, struct span text)
{
	put_changed(buf, text, upper_of);
}

void
case_put_lower(struct buf *buf, struct span text)
{
	put_changed(buf, text, lower_of);
}

static bool
in_word(struct span letter)
{
	unsigned char c = (unsigned char)letter.data[0];

	return c >= 0x80 || isalnum(c) || c == '\'';
}

static void
put_title(struct buf *buf, struct span text, bool each_word)
{
	bool first = true;

	while (text.len > 0) {
		struct span letter = { text.data, chars_step(text) };

		put_letter(buf, letter, first ? upper_of : lower_of);
		first = each_word && !in_word(letter);
		text = span_from(text, letter.len);
	}
}

void
case_put_capital(struct buf *buf, struct span text)
{
	put_title(buf, text, false);
}

void
case_put_title(struct buf *buf, struct span text)
{
	put_title(buf, text, true);
}

/* The plain form of a character, "-" when it has none. */
static const char *
plain_of(struct span letter, char ret_ascii[2])
{
	uint32_t code = decode(letter);

	if (code >= 0xc0 && code <= 0xff)
		return plain[code - 0xc0];
	if (code >= 0x80 || !isalnum((int)code))
		return "-";
	ret_ascii[0] = (char)tolower((int)code);
	ret_ascii[1] = '\0';
	return ret_ascii;
}

void
case_put_slug(struct buf *buf, struct span text)
{
	size_t start = buf->len;
	bool gap = false;
	char ascii[2];

	while (text.len > 0) {
		struct span letter = { text.data, chars_step(text) };
		const char *form = plain_of(letter, ascii);

		if (*form != '-' && gap && buf->len > start)
			text_put(buf, span_of("-"));
		if (*form != '-')
			text_put(buf, span_of(form));
		gap = *form == '-';
		text = span_from(text, letter.len);
	}
}
