#include <string.h>

#include "shared/utf8.h"
#include "tests/tap.h"

static bool
valid(const char *text)
{
	return utf8_valid(text, strlen(text));
}

static void
utf8_is_accepted(void)
{
	OK(valid(""), "nothing is UTF-8");
	OK(valid("plain"), "so is ASCII");
	OK(utf8_valid("a\0b", 3), "a NUL is a character like others");
	OK(valid("\xc2\x80 \xdf\xbf"), "the least and the greatest of two bytes");
	OK(valid("\xe0\xa0\x80 \xef\xbf\xbf"), "of three");
	OK(valid("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"), "of four");
	OK(valid("\xed\x9f\xbf\xee\x80\x80"), "the neighbours of the surrogates");
}

static void
other_bytes_are_refused(void)
{
	OK(!valid("\x80"), "a byte that only continues is refused");
	OK(!valid("\xc0\xaf"), "an overlong slash");
	OK(!valid("\xc1\xbf"), "an overlong form of two bytes");
	OK(!valid("\xe0\x9f\xbf"), "of three");
	OK(!valid("\xf0\x8f\xbf\xbf"), "of four");
	OK(!valid("\xed\xa0\x80"), "the first surrogate");
	OK(!valid("\xed\xbf\xbf"), "the last surrogate");
	OK(!valid("\xf4\x90\x80\x80"), "what lies past U+10FFFF");
	OK(!valid("\xf5\x80\x80\x80"), "a first byte that is none");
	OK(!valid("\xff"), "0xff");
	OK(!valid("\xc3("), "a second byte that does not continue");
	OK(!valid("\xe2\x82("), "a third");
	OK(!valid("\xf0\x9f\x98("), "a fourth");
	OK(!valid("a\xe2\x82"), "a character that is cut");
}

static void
long_text_is_seen_through(void)
{
	char text[32];
	bool found = true;

	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, 'x', sizeof(text));
		text[at] = '\x80';
		found &= !utf8_valid(text, sizeof(text));
	}
	OK(found, "a wrong byte is found wherever it is");
	memset(text, 'x', sizeof(text));
	OK(utf8_valid(text, sizeof(text)), "ASCII passes");
	memcpy(text + 6, "\xe2\x82\xac", 3);
	OK(utf8_valid(text, sizeof(text)), "as does a character on the border of eight bytes");
}

static void
steps_have_the_length_of_a_character(void)
{
	OK(utf8_step("a\xc3\xa9", 3) == 1, "one byte");
	OK(utf8_step("\xc3\xa9", 2) == 2, "two");
	OK(utf8_step("\xe2\x82\xac", 3) == 3, "three");
	OK(utf8_step("\xf0\x9f\x98\x80", 4) == 4, "four");
	OK(utf8_step("\xf0\x9f\x98\x80", 3) == 0, "none when it is cut");
	OK(utf8_step("", 0) == 0, "none at the end");
}

int
main(void)
{
	utf8_is_accepted();
	other_bytes_are_refused();
	long_text_is_seen_through();
	steps_have_the_length_of_a_character();
	return tap_done();
}
