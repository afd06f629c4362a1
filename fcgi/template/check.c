#include <errno.h>
#include <math.h>

#include "fcgi/template/check.h"

static int
is_defined(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value.kind != VALUE_UNDEFINED;
	return 0;
}

static int
is_empty(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value_is_empty(value);
	return 0;
}

static int
is_null(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value_is_missing(value);
	return 0;
}

static int
is_iterable(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value_is_iterable(value);
	return 0;
}

static int
is_string(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value.kind == VALUE_TEXT;
	return 0;
}

static int
is_number(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value.kind == VALUE_NUMBER;
	return 0;
}

static int
is_boolean(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)budget;
	(void)argument;
	*ret = value.kind == VALUE_BOOL;
	return 0;
}

static int
is_divisible(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	double number, by;
	int r;

	r = value_to_number(budget, value, &number);
	if (r == 0)
		r = value_to_number(budget, argument, &by);
	if (r == 0 && by == 0)
		r = budget_fail(budget, -EINVAL, "division by zero");
	if (r == 0)
		*ret = fmod(number, by) == 0;
	return r;
}

static int
is_even(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	(void)argument;
	return is_divisible(budget, value, value_of_number(2), ret);
}

static int
is_odd(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	double number;
	int r;

	(void)argument;
	r = value_to_number(budget, value, &number);
	if (r == 0)
		*ret = fabs(fmod(number, 2)) == 1;
	return r;
}

/* Of the same kind, and the same. */
static int
is_same(struct budget *budget, struct value value, struct value argument, bool *ret)
{
	*ret = false;
	return value.kind == argument.kind ? value_equal(budget, value, argument, ret) : 0;
}

static const struct check checks[] = {
	{ "boolean", NULL, false, is_boolean },
	{ "defined", NULL, false, is_defined },
	{ "divisible", "by", true, is_divisible },
	{ "empty", NULL, false, is_empty },
	{ "even", NULL, false, is_even },
	{ "iterable", NULL, false, is_iterable },
	{ "none", NULL, false, is_null },
	{ "null", NULL, false, is_null },
	{ "number", NULL, false, is_number },
	{ "odd", NULL, false, is_odd },
	{ "same", "as", true, is_same },
	{ "string", NULL, false, is_string },
};

const struct check *
check_find(struct span name)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (span_is(name, checks[i].name))
			return &checks[i];
	return NULL;
}
