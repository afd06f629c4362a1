#include <stdint.h>
#include <string.h>

#include "shared/utf8.h"

/* How a character begins, and how far its second byte may range: RFC 3629 section 4. */
struct form {
	uint8_t first_low, first_high;
	uint8_t second_low, second_high;
	uint8_t bytes;
};

static const struct form forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static const struct form *
find_form(uint8_t first)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (first >= forms[i].first_low && first <= forms[i].first_high)
			return &forms[i];
	return NULL;
}

size_t
utf8_step(const char *text, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)text;
	const struct form *form;

	if (len == 0)
		return 0;
	if (bytes[0] < 0x80)
		return 1;

	form = find_form(bytes[0]);
	if (form == NULL || len < form->bytes || bytes[1] < form->second_low || bytes[1] > form->second_high)
		return 0;
	for (size_t i = 2; i < form->bytes; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return form->bytes;
}

/* True when the next eight bytes are there and ASCII. */
static bool
eight_ascii(const char *text, size_t len)
{
	uint64_t bytes;

	if (len < sizeof(bytes))
		return false;
	memcpy(&bytes, text, sizeof(bytes));
	return (bytes & 0x8080808080808080u) == 0;
}

bool
utf8_valid(const char *text, size_t len)
{
	size_t step;

	for (size_t at = 0; at < len; at += step) {
		step = eight_ascii(text + at, len - at) ? 8 : utf8_step(text + at, len - at);
		if (step == 0)
			return false;
	}
	return true;
}
