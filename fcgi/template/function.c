#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <sys/random.h>
#include <time.h>

#include "fcgi/template/chars.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/function.h"
#include "fcgi/template/limits.h"

/* --- the least and the greatest -------------------------------------------------------- */

/* Of the arguments, or of the items of a single one. sign is 1 for the greatest. */
static int
find_extreme(struct budget *budget, const struct value *args, unsigned n, int sign, struct value *ret)
{
	struct value_walk walk = value_walk(args[0]);
	struct value key, item;
	bool none = true;

	*ret = args[0];
	if (n == 1 && !value_is_iterable(args[0]))
		return 0;
	for (unsigned i = 0; n > 1 ? i < n : value_next(&walk, &key, &item); i++) {
		int order = sign, r = budget_spend(budget, 1);

		if (n > 1)
			item = args[i];
		if (r == 0 && !none)
			r = value_compare(budget, item, *ret, &order);
		if (r < 0)
			return r;
		if (order * sign > 0)
			*ret = item;
		none = false;
	}
	return none ? budget_fail(budget, -EINVAL, "expected at least one item to choose of") : 0;
}

static int
get_max(struct budget *budget, const struct value *args, unsigned n, struct value *ret)
{
	return find_extreme(budget, args, n, 1, ret);
}

static int
get_min(struct budget *budget, const struct value *args, unsigned n, struct value *ret)
{
	return find_extreme(budget, args, n, -1, ret);
}

/* --- chance ------------------------------------------------------------------------------ */

/* A whole number below n. */
static double
draw(double n)
{
	uint32_t bits = 0;

	(void)!getrandom(&bits, sizeof(bits), 0);
	return floor(bits / 4294967296.0 * n);
}

static int
draw_item(struct budget *budget, struct value of, struct value *ret)
{
	size_t n = value_count(of);

	if (n == 0)
		return budget_fail(budget, -EINVAL, "expected at least one item to choose of");
	return value_member(budget, of, value_of_number(draw((double)n)), ret);
}

static int
draw_character(struct budget *budget, struct value of, struct value *ret)
{
	struct span rest = of.text;

	rest = span_from(rest, chars_prefix(rest, (size_t)draw((double)chars_count(rest))));
	*ret = value_of_text((struct span){ rest.data, chars_step(rest) });
	return budget_spend(budget, of.text.len / TEMPLATE_STEP_BYTES);
}

/* An item of a list, a character of a text, or a whole number: up to that one, or between two. */
static int
get_random(struct budget *budget, const struct value *args, unsigned n, struct value *ret)
{
	double first = 0, last = INT_MAX;
	int r = 0;

	if (n > 0 && args[0].kind == VALUE_LIST)
		return draw_item(budget, args[0], ret);
	if (n > 0 && args[0].kind == VALUE_TEXT)
		return draw_character(budget, args[0], ret);
	if (n > 0 && !value_is_missing(args[0])) {
		r = value_to_number(budget, args[0], &last);
		first = n > 1 ? last : 0;
	}
	if (r == 0 && n > 1)
		r = value_to_number(budget, args[1], &last);
	if (r == 0)
		*ret = value_of_number(first + draw(floor(last) - first + (last >= first)));
	return r;
}

/* --- the rest ------------------------------------------------------------------------------ */

/* Seconds since 1970, which the filter `date` writes, and which compare as they should. */
static int
get_date(struct budget *budget, const struct value *args, unsigned n, struct value *ret)
{
	static const struct span seconds = { "U", 1 };
	struct value format = value_of_text(seconds), text;
	double number;
	int r;

	if (n == 0 || (args[0].kind == VALUE_TEXT && span_is(args[0].text, "now"))) {
		*ret = value_of_number((double)time(NULL));
		return 0;
	}
	r = filter_date(budget, args[0], &format, 1, &text);
	if (r == 0)
		r = value_to_number(budget, text, &number);
	if (r == 0)
		*ret = value_of_number(number);
	return r;
}

/* The items in turn, for ever. */
static int
get_cycle(struct budget *budget, const struct value *args, unsigned n, struct value *ret)
{
	size_t count = value_count(args[0]);
	double position;
	int r = value_to_number(budget, args[1], &position);

	(void)n;
	if (r == 0 && (args[0].kind != VALUE_LIST || count == 0 || position < 0))
		r = budget_fail(budget, -EINVAL, "expected a list with items and a position for 'cycle'");
	return r == 0 ? value_member(budget, args[0], value_of_number(fmod(floor(position), (double)count)), ret) : r;
}

static const struct function functions[] = {
	{ { "cycle", 2, 2, "values position" }, get_cycle },
	{ { "date", 0, 1, "date" }, get_date },
	{ { "max", 1, UINT_MAX, "" }, get_max },
	{ { "min", 1, UINT_MAX, "" }, get_min },
	{ { "random", 0, 2, "values max" }, get_random },
};

const struct function *
function_find(struct span name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (span_is(name, functions[i].callee.name))
			return &functions[i];
	return NULL;
}
