/*
 * arrow - filters that take a function: map, filter, reduce and sort.
 */
#include <errno.h>

#include "fcgi/template/filter.h"
#include "fcgi/template/render.h"

/* An arrow function that is being called again and again: its names stay, and are given other values. */
struct arrow {
	struct render *render;
	const struct expr *result;
	struct scope scope;
	struct variable *variables[ARROW_NAMES];
	unsigned n;
};

static int
arrow_open(struct arrow *arrow, struct render *render, const struct expr *expr)
{
	struct value undefined = { .kind = VALUE_UNDEFINED };
	int r = 0;

	*arrow = (struct arrow){ render, expr->operands, { .outer = render->scope }, { NULL }, expr->arrow.n_names };
	for (unsigned i = 0; r == 0 && i < arrow->n; i++)
		r = scope_add(&render->budget, &arrow->scope, expr->arrow.names[i], undefined, &arrow->variables[i]);
	return r;
}

/* Names beyond n are undefined, values beyond the names are dropped. */
static int
arrow_call(struct arrow *arrow, const struct value *values, unsigned n, struct value *ret)
{
	struct render *render = arrow->render;
	int r;

	for (unsigned i = 0; i < arrow->n; i++)
		arrow->variables[i]->value = i < n ? values[i] : (struct value){ .kind = VALUE_UNDEFINED };
	render->scope = &arrow->scope;
	r = eval(render, arrow->result, ret);
	render->scope = arrow->scope.outer;
	return r;
}

static int
open_with_items(struct arrow *arrow, struct render *render, const struct expr *expr, struct value in,
    struct value_pair **ret, size_t *ret_n)
{
	int r;

	if (!value_is_iterable(in) && !value_is_missing(in))
		return budget_fail(
		    &render->budget, -EINVAL, "expected a list or a dict, found %s", value_kind_name(in.kind));
	r = value_to_pairs(&render->budget, in, ret, ret_n);
	return r == 0 ? arrow_open(arrow, render, expr) : r;
}

static int
close_with_items(struct render *render, struct value in, struct value_pair *pairs, size_t n, struct value *ret)
{
	for (size_t i = 0; in.kind != VALUE_DICT && i < n; i++)
		pairs[i].key = value_of_number((double)i);
	return value_of_pairs(&render->budget, in.kind == VALUE_DICT ? VALUE_DICT : VALUE_LIST, pairs, n, ret);
}

int
arrow_map(struct render *render, const struct expr *expr, struct value in, const struct value *args, unsigned n,
    struct value *ret)
{
	struct value_pair *pairs;
	struct arrow arrow;
	size_t count;
	int r = open_with_items(&arrow, render, expr, in, &pairs, &count);

	(void)args;
	(void)n;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = arrow_call(&arrow, (struct value[]){ pairs[i].item, pairs[i].key }, 2, &pairs[i].item);
	return r == 0 ? close_with_items(render, in, pairs, count, ret) : r;
}

int
arrow_filter(struct render *render, const struct expr *expr, struct value in, const struct value *args, unsigned n,
    struct value *ret)
{
	struct value_pair *pairs;
	size_t count, kept = 0;
	struct arrow arrow;
	struct value holds;
	int r = open_with_items(&arrow, render, expr, in, &pairs, &count);

	(void)args;
	(void)n;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = arrow_call(&arrow, (struct value[]){ pairs[i].item, pairs[i].key }, 2, &holds);
		if (r == 0 && value_is_true(holds))
			pairs[kept++] = pairs[i];
	}
	return r == 0 ? close_with_items(render, in, pairs, kept, ret) : r;
}

int
arrow_reduce(struct render *render, const struct expr *expr, struct value in, const struct value *args, unsigned n,
    struct value *ret)
{
	struct value_pair *pairs;
	struct arrow arrow;
	size_t count;
	int r = open_with_items(&arrow, render, expr, in, &pairs, &count);

	*ret = n > 0 ? args[0] : (struct value){ .kind = VALUE_NULL };
	for (size_t i = 0; r == 0 && i < count; i++)
		r = arrow_call(&arrow, (struct value[]){ *ret, pairs[i].item, pairs[i].key }, 3, ret);
	return r;
}

/* Whether b comes before a, which the arrow says by a number below, at or above 0, as <=> does. */
static int
is_after(struct arrow *arrow, const struct value_pair *a, const struct value_pair *b, bool *ret)
{
	struct value order;
	double number = 0;
	int r = arrow_call(arrow, (struct value[]){ a->item, b->item }, 2, &order);

	if (r == 0)
		r = value_to_number(&arrow->render->budget, order, &number);
	*ret = number > 0;
	return r;
}

/* Merges two sorted halves. Of two that are alike the one before stays before. */
static int
merge_halves(struct arrow *arrow, struct value_pair *pairs, size_t half, size_t n, struct value_pair *room)
{
	size_t left = 0, right = half;

	for (size_t i = 0; i < n; i++) {
		bool take_right = left == half;

		if (left < half && right < n) {
			int r = is_after(arrow, &pairs[left], &pairs[right], &take_right);

			if (r < 0)
				return r;
		}
		room[i] = pairs[take_right ? right++ : left++];
	}
	for (size_t i = 0; i < n; i++)
		pairs[i] = room[i];
	return 0;
}

/* Not qsort(), whose order must not fail, and must be one. */
static int
sort(struct arrow *arrow, struct value_pair *pairs, size_t n, struct value_pair *room)
{
	int r;

	if (n < 2)
		return 0;
	r = sort(arrow, pairs, n / 2, room);
	if (r == 0)
		r = sort(arrow, pairs + n / 2, n - n / 2, room);
	return r == 0 ? merge_halves(arrow, pairs, n / 2, n, room) : r;
}

int
arrow_sort(struct render *render, const struct expr *expr, struct value in, const struct value *args, unsigned n,
    struct value *ret)
{
	struct value_pair *pairs, *room;
	struct arrow arrow;
	size_t count;
	int r = open_with_items(&arrow, render, expr, in, &pairs, &count);

	(void)args;
	(void)n;
	if (r < 0)
		return r;
	room = arena_alloc(&render->budget.arena, count * sizeof(*room));
	if (room == NULL)
		return budget_no_memory(&render->budget);
	r = sort(&arrow, pairs, count, room);
	return r == 0 ? close_with_items(render, in, pairs, count, ret) : r;
}
