#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/template/number.h"
#include "shared/numeral.h"

bool
number_parse(struct span text, double *ret)
{
	char copy[64], *end;
	double number;

	if (text.len == 0 || text.len >= sizeof(copy) || isspace((unsigned char)text.data[0]))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (copy[strspn(copy, "0123456789+-.eE")] != '\0')
		return false;
	number = numeral_strtod(copy, &end);
	if (end != copy + text.len || !isfinite(number))
		return false;
	*ret = number;
	return true;
}

struct span
number_print_fixed(double number, int decimals, char ret[NUMBER_FIXED])
{
	snprintf(ret, NUMBER_FIXED, "%.*f", decimals, number_round(number, decimals, round));
	return span_of(isfinite(number) ? numeral_with_point(ret) : ret);
}

/*
 * 1.005 is a little less than it looks; the 15 digits that people see decide,
 * as they do in PHP.
 */
double
number_round(double number, int decimals, double (*how)(double))
{
	double scale = pow(10, decimals), scaled = number * scale;
	char seen[NUMERAL_TEXT];

	if (!isfinite(scaled) || scale == 0 || fabs(scaled) >= 1e15)
		return number;
	snprintf(seen, sizeof(seen), "%.15g", scaled);
	return how(strtod(seen, NULL)) / scale;
}
