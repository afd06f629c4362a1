#include <stdlib.h>

#include "fcgi/template/chars.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/print.h"
#include "shared/buf.h"

/* Makes the keys of a list follow its items. */
static void
number_keys(struct value_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pairs[i].key = value_of_number((double)i);
}

/* A list or dict again, of these pairs. */
static int
remake(struct budget *budget, struct value in, struct value_pair *pairs, size_t n, struct value *ret)
{
	if (in.kind != VALUE_DICT)
		number_keys(pairs, n);
	return value_of_pairs(budget, in.kind == VALUE_DICT ? VALUE_DICT : VALUE_LIST, pairs, n, ret);
}

/* --- ends ------------------------------------------------------------------------- */

int
filter_first(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value_walk walk = value_walk(in);
	struct value key;

	(void)budget;
	(void)args;
	(void)n;
	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	if (in.kind == VALUE_TEXT)
		*ret = value_of_text((struct span){ in.text.data, chars_step(in.text) });
	else
		value_next(&walk, &key, ret);
	return 0;
}

int
filter_last(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value_walk walk = value_walk(in);
	struct value key;
	size_t step;

	(void)args;
	(void)n;
	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	if (in.kind == VALUE_TEXT) {
		step = chars_last_step(in.text);
		*ret = value_of_text(span_from(in.text, in.text.len - step));
		return 0;
	}
	while (value_next(&walk, &key, ret))
		continue;
	return budget_spend(budget, walk.i / 8);
}

/* --- join and keys -------------------------------------------------------------------- */

int
filter_join(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value_walk walk = value_walk(in);
	struct span glue = { NULL, 0 };
	struct buf buf = BUF_INIT;
	struct value key, item;
	int r;

	r = filter_text_arg(budget, args, n, 0, &glue);
	for (size_t i = 0; r == 0 && value_next(&walk, &key, &item); i++) {
		if (i > 0)
			text_put(&buf, glue);
		r = print_value(budget, &buf, item);
		if (r == 0)
			r = budget_spend(budget, 1);
	}
	if (r == 0)
		r = value_of_buf(budget, &buf, ret);
	buf_free(&buf);
	return r;
}

int
filter_keys(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value_pair *pairs;
	size_t count;
	int r;

	(void)args;
	(void)n;
	r = value_to_pairs(budget, in, &pairs, &count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		pairs[i].item = pairs[i].key;
	number_keys(pairs, count);
	return value_of_pairs(budget, VALUE_LIST, pairs, count, ret);
}

/* --- order ---------------------------------------------------------------------------------- */

static int
reverse_text(struct budget *budget, struct value in, struct value *ret)
{
	struct buf buf = BUF_INIT;
	struct span text;
	int r;

	r = print_to_text(budget, in, &text);
	if (r < 0)
		return r;
	while (text.len > 0) {
		size_t step = chars_last_step(text);

		text.len -= step;
		text_put(&buf, (struct span){ text.data + text.len, step });
	}
	return value_of_buf(budget, &buf, ret);
}

int
filter_reverse(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value_pair *pairs, swapped;
	size_t count;
	int r;

	(void)args;
	(void)n;
	if (!value_is_iterable(in))
		return reverse_text(budget, in, ret);
	r = value_to_pairs(budget, in, &pairs, &count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count / 2; i++) {
		swapped = pairs[i];
		pairs[i] = pairs[count - 1 - i];
		pairs[count - 1 - i] = swapped;
	}
	return remake(budget, in, pairs, count, ret);
}

/* An item that remembers where it was. */
struct sorted {
	struct value_pair pair;
	size_t was;
};

static int
compare_places(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return (x->was > y->was) - (x->was < y->was);
}

/* Of two that are alike the one before stays before. */
static int
compare_items(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int order = value_order(x->pair.item, y->pair.item);

	return order != 0 ? order : compare_places(a, b);
}

/* Numbers and texts that are numbers by their number, before other texts. */
static int
compare_loosely(const void *a, const void *b)
{
	const struct value x = ((const struct sorted *)a)->pair.item, y = ((const struct sorted *)b)->pair.item;
	double number_x, number_y;
	bool numeric_x = value_is_numeric(x, &number_x), numeric_y = value_is_numeric(y, &number_y);

	if (numeric_x && numeric_y && number_x != number_y)
		return number_x < number_y ? -1 : 1;
	if (numeric_x && numeric_y)
		return compare_places(a, b);
	if ((numeric_x && y.kind == VALUE_TEXT) || (numeric_y && x.kind == VALUE_TEXT))
		return numeric_x ? -1 : 1;
	return compare_items(a, b);
}

/* What sorting n items costs: each is compared with some others, texts along their length. */
static size_t
sorting_steps(const struct value_pair *pairs, size_t n)
{
	size_t steps = n * 4, levels = 1;

	for (size_t half = n; half > 1; half /= 2)
		levels++;
	for (size_t i = 0; i < n; i++)
		if (pairs[i].item.kind == VALUE_TEXT)
			steps += pairs[i].item.text.len / TEMPLATE_STEP_BYTES * levels;
	return steps;
}

/* All items in an order. */
static int
sort_items(struct budget *budget, struct value in, int (*order)(const void *a, const void *b), struct sorted **ret,
    size_t *ret_n)
{
	struct value_pair *pairs;
	struct sorted *sorted;
	size_t n;
	int r;

	r = value_to_pairs(budget, in, &pairs, &n);
	if (r == 0)
		r = budget_spend(budget, sorting_steps(pairs, n));
	if (r < 0)
		return r;
	sorted = arena_alloc(&budget->arena, n * sizeof(*sorted));
	if (sorted == NULL)
		return budget_no_memory(budget);
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct sorted){ pairs[i], i };
	qsort(sorted, n, sizeof(*sorted), order);
	*ret = sorted;
	*ret_n = n;
	return 0;
}

/* Makes a list or dict again of what was sorted. */
static int
remake_sorted(struct budget *budget, struct value in, const struct sorted *sorted, size_t n, struct value *ret)
{
	struct value_pair *pairs = arena_alloc(&budget->arena, n * sizeof(*pairs));

	if (pairs == NULL)
		return budget_no_memory(budget);
	for (size_t i = 0; i < n; i++)
		pairs[i] = sorted[i].pair;
	return remake(budget, in, pairs, n, ret);
}

int
filter_sort(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct sorted *sorted;
	size_t count;
	int r;

	(void)args;
	(void)n;
	r = sort_items(budget, in, compare_loosely, &sorted, &count);
	return r == 0 ? remake_sorted(budget, in, sorted, count, ret) : r;
}

/* Whether two neighbours of a sorted list are the same. All lists are alike in order, so those are compared. */
static int
is_same(struct budget *budget, struct value a, struct value b, bool *ret)
{
	*ret = false;
	if (value_order(a, b) != 0)
		return 0;
	*ret = true;
	return value_is_iterable(a) ? value_equal(budget, a, b, ret) : 0;
}

/* Keeps the first of each run of what is the same. */
static int
drop_repeated(struct budget *budget, struct sorted *sorted, size_t *n)
{
	size_t kept = 0;
	bool same;

	for (size_t i = 0; i < *n; i++) {
		int r = kept > 0 ? is_same(budget, sorted[kept - 1].pair.item, sorted[i].pair.item, &same) : 0;

		if (r < 0)
			return r;
		if (kept == 0 || !same)
			sorted[kept++] = sorted[i];
	}
	*n = kept;
	return 0;
}

int
filter_unique(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct sorted *sorted;
	size_t count;
	int r;

	(void)args;
	(void)n;
	r = sort_items(budget, in, compare_items, &sorted, &count);
	if (r == 0)
		r = drop_repeated(budget, sorted, &count);
	if (r < 0)
		return r;
	qsort(sorted, count, sizeof(*sorted), compare_places);
	return remake_sorted(budget, in, sorted, count, ret);
}
