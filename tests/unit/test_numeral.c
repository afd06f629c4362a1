#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "shared/numeral.h"
#include "tests/tap.h"

static bool
is_int(const char *text, int64_t expected)
{
	int64_t value = 0;

	return numeral_int(text, strlen(text), &value) == 0 && value == expected;
}

static bool
is_float(const char *text, double expected)
{
	double value = 0;

	return numeral_float(text, strlen(text), &value) == 0 && value == expected;
}

static void
ints(void)
{
	int64_t value = 7;

	OK(is_int("0", 0) && is_int("-0", 0) && is_int("007", 7) && is_int("+42", 42), "decimal digits and a sign");
	OK(is_int("9223372036854775807", INT64_MAX) && is_int("-9223372036854775808", INT64_MIN), "all of 64 bits");
	OK(numeral_int("9223372036854775808", 19, &value) == -ERANGE &&
		numeral_int("-9223372036854775809", 20, &value) == -ERANGE &&
		numeral_int("99999999999999999999999", 23, &value) == -ERANGE,
	    "and no more");
	OK(numeral_int("", 0, &value) == -EINVAL && numeral_int("-", 1, &value) == -EINVAL &&
		numeral_int(" 1", 2, &value) == -EINVAL && numeral_int("1 ", 2, &value) == -EINVAL &&
		numeral_int("0x1", 3, &value) == -EINVAL && numeral_int("1.0", 3, &value) == -EINVAL &&
		numeral_int("--1", 3, &value) == -EINVAL && numeral_int("1\0", 2, &value) == -EINVAL,
	    "nothing else is one");
	OK(value == 7, "failure leaves the result alone");
	OK(numeral_int("12345", 2, &value) == 0 && value == 12, "the length counts");
}

static void
floats(void)
{
	char many[1200];
	double value = 7;

	OK(is_float("12", 12) && is_float("-12.50", -12.5) && is_float("+0.5", 0.5),
	    "digits, and a point between them");
	OK(numeral_float(".5", 2, &value) == -EINVAL && numeral_float("5.", 2, &value) == -EINVAL &&
		numeral_float("1e3", 3, &value) == -EINVAL && numeral_float("nan", 3, &value) == -EINVAL &&
		numeral_float("inf", 3, &value) == -EINVAL && numeral_float("1,5", 3, &value) == -EINVAL,
	    "nothing else is one");
	memset(many, '9', sizeof(many));
	OK(numeral_float(many, 400, &value) == -ERANGE && numeral_float(many, sizeof(many), &value) == -ERANGE,
	    "what a double does not hold");
	OK(value == 7, "failure leaves the result alone");
}

int
main(void)
{
	char *end;

	ints();
	floats();
	if (setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL)
		OK(is_float("1.5", 1.5), "a locale with a comma changes nothing");
	OK(numeral_strtod("1.5e3x", &end) == 1500 && *end == 'x', "what strtod() knows, up to its end");
	return tap_done();
}
