#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/numeral.h"

enum { FLOAT_BYTES = 1024 };

static size_t
count_digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

/* Counts the bytes of [+-]?[0-9]+ that text begins with; 0 when it does not. */
static size_t
count_integer(const char *text, size_t len)
{
	size_t sign = len > 0 && (text[0] == '+' || text[0] == '-');
	size_t digits = count_digits(text + sign, len - sign);

	return digits > 0 ? sign + digits : 0;
}

int
numeral_int(const char *text, size_t len, int64_t *ret)
{
	bool negative = len > 0 && text[0] == '-';
	int64_t value = 0;

	if (len == 0 || count_integer(text, len) != len)
		return -EINVAL;
	for (size_t i = text[0] == '-' || text[0] == '+'; i < len; i++) {
		int digit = text[i] - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

static bool
is_float(const char *text, size_t len)
{
	size_t whole = count_integer(text, len);

	if (whole == 0 || whole == len)
		return whole > 0;
	return text[whole] == '.' && whole + 1 < len &&
	    count_digits(text + whole + 1, len - whole - 1) == len - whole - 1;
}

int
numeral_float(const char *text, size_t len, double *ret)
{
	char copy[FLOAT_BYTES + 1];
	double value;

	if (!is_float(text, len))
		return -EINVAL;
	if (len > FLOAT_BYTES)
		return -ERANGE;
	memcpy(copy, text, len);
	copy[len] = '\0';

	value = numeral_strtod(copy, NULL);
	if (!isfinite(value))
		return -ERANGE;
	*ret = value;
	return 0;
}

double
numeral_strtod(const char *text, char **ret_end)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	double value;

	if (plain == (locale_t)0)
		return strtod(text, ret_end);
	value = strtod_l(text, ret_end, plain);
	freelocale(plain);
	return value;
}

char *
numeral_with_point(char *printed)
{
	char *other = printed + strspn(printed, "0123456789-");

	if (*other != '\0' && isdigit((unsigned char)other[-1]) && strchr("eE.", *other) == NULL)
		*other = '.';
	return printed;
}

struct span
numeral_print(double number, char ret[NUMERAL_TEXT])
{
	if (fabs(number) < 1e15 && number == trunc(number)) {
		snprintf(ret, NUMERAL_TEXT, "%lld", (long long)number);
		return span_of(ret);
	}
	snprintf(ret, NUMERAL_TEXT, "%.15g", number);
	if (isfinite(number) && strtod(ret, NULL) != number)
		snprintf(ret, NUMERAL_TEXT, "%.17g", number);
	return span_of(isfinite(number) ? numeral_with_point(ret) : ret);
}
