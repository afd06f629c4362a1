#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fcgi/convert.h"
#include "shared/numeral.h"

int
convert_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	int64_t value;
	int r;

	if (text == NULL)
		return -ENOENT;
	r = numeral_int(text, strlen(text), &value);
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int
convert_float(const char *text, double min, double max, double *ret)
{
	double value;
	int r;

	if (text == NULL)
		return -ENOENT;
	r = numeral_float(text, strlen(text), &value);
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}
