#include <stdbool.h>
#include <string.h>

#include "tests/bench/letter.h"

enum { RUN_AT = 0, RUN_DIGITS = 4, ORIGIN_AT = 4, ORIGIN_DIGITS = 5, NUMBER_AT = 9, NUMBER_DIGITS = 7 };

static void
put_hex(char *dst, unsigned digits, uint64_t value)
{
	for (; digits-- > 0; value >>= 4)
		dst[digits] = "0123456789abcdef"[value & 15];
}

static bool
get_hex(const uint8_t *src, unsigned digits, uint64_t *ret)
{
	uint64_t value = 0;

	for (; digits-- > 0; src++) {
		unsigned c = *src, digit = c - '0' < 10 ? c - '0' : c - 'a' < 6 ? c - 'a' + 10 : 16;

		if (digit > 15)
			return false;
		value = value << 4 | digit;
	}
	*ret = value;
	return true;
}

void
letter_init(struct letter *letter, size_t size, unsigned run)
{
	letter->size = size;
	/* 31 letters: no power of two is a multiple of it. */
	for (size_t i = 0; i < size; i++)
		letter->text[i] = "abcdefghijklmnopqrstuvwxyzABCDE"[i % 31];
	put_hex(letter->text + RUN_AT, RUN_DIGITS, run);
}

void
letter_stamp(struct letter *letter, uint64_t origin, uint64_t number)
{
	put_hex(letter->text + ORIGIN_AT, ORIGIN_DIGITS, origin);
	put_hex(letter->text + NUMBER_AT, NUMBER_DIGITS, number);
}

enum letter_check
letter_check(const struct letter *letter, const uint8_t *data, uint64_t len, uint64_t *ret_origin, uint64_t *ret_number)
{
	if (len < LETTER_MIN || memcmp(data + RUN_AT, letter->text + RUN_AT, RUN_DIGITS) != 0)
		return LETTER_FOREIGN;
	if (len != letter->size || memcmp(data + LETTER_MIN, letter->text + LETTER_MIN, len - LETTER_MIN) != 0 ||
	    !get_hex(data + ORIGIN_AT, ORIGIN_DIGITS, ret_origin) ||
	    !get_hex(data + NUMBER_AT, NUMBER_DIGITS, ret_number))
		return LETTER_DAMAGED;
	return LETTER_OURS;
}
