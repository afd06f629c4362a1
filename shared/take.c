#include "shared/hex.h"
#include "shared/take.h"

enum { DECIMAL_DIGITS = 20 };

bool
take_char(struct span *text, char c)
{
	if (text->len == 0 || text->data[0] != c)
		return false;
	*text = span_from(*text, 1);
	return true;
}

bool
take_decimal(struct span *text, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < text->len && text->data[n] >= '0' && text->data[n] <= '9'; n++)
		if (n >= DECIMAL_DIGITS || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text->data[n] - '0'), &value))
			return false;
	if (n == 0 || (n > 1 && text->data[0] == '0'))
		return false;
	*text = span_from(*text, n);
	*ret = value;
	return true;
}

bool
take_hex(struct span *text, size_t digits, uint64_t *ret)
{
	uint64_t value = 0;

	if (text->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int digit = hex_digit(text->data[i]);

		if (digit < 0 || (text->data[i] >= 'A' && text->data[i] <= 'F'))
			return false;
		value = value << 4 | (uint64_t)digit;
	}
	*text = span_from(*text, digits);
	*ret = value;
	return true;
}
