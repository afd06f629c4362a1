#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/number.h"
#include "fcgi/template/value.h"
#include "shared/buf.h"
#include "shared/numeral.h"

/* --- making ------------------------------------------------------------------- */

struct value
value_of_bool(bool boolean)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = boolean };
}

struct value
value_of_number(double number)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = number };
}

struct value
value_of_text(struct span text)
{
	return (struct value){ .kind = VALUE_TEXT, .text = text };
}

struct value
value_of_json(const cJSON *json)
{
	if (json == NULL)
		return (struct value){ .kind = VALUE_UNDEFINED };
	switch (json->type & 0xff) {
	case cJSON_False:
		return value_of_bool(false);
	case cJSON_True:
		return value_of_bool(true);
	case cJSON_Number:
		return value_of_number(json->valuedouble);
	case cJSON_String:
	case cJSON_Raw:
		return value_of_text(span_of(json->valuestring != NULL ? json->valuestring : ""));
	case cJSON_Array:
		return (struct value){ .kind = VALUE_LIST, .is_json = true, .json = json };
	case cJSON_Object:
		return (struct value){ .kind = VALUE_DICT, .is_json = true, .json = json };
	default:
		return (struct value){ .kind = VALUE_NULL };
	}
}

int
value_of_pairs(struct budget *budget, enum value_kind kind, struct value_pair *pairs, size_t n, struct value *ret)
{
	struct value_items *items = arena_alloc(&budget->arena, sizeof(*items));

	if (items == NULL)
		return budget_no_memory(budget);
	items->n = n;
	items->pairs = pairs;
	*ret = (struct value){ .kind = kind, .items = items };
	return 0;
}

int
value_of_buf(struct budget *budget, struct buf *buf, struct value *ret)
{
	struct span text = { NULL, buf->len };
	int r = 0;

	if (!buf->failed)
		text.data = arena_copy(&budget->arena, buf->data, buf->len);
	if (buf->failed)
		r = budget_fail(budget, -E2BIG, "out of memory, or text of more than %d bytes", TEMPLATE_MAX_OUTPUT);
	else if (text.data == NULL)
		r = budget_no_memory(budget);
	else
		*ret = value_of_text(text);
	buf_free(buf);
	return r;
}

/* --- what it is ----------------------------------------------------------------- */

const char *
value_kind_name(enum value_kind kind)
{
	switch (kind) {
	case VALUE_UNDEFINED:
		return "an undefined value";
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "a boolean";
	case VALUE_NUMBER:
		return "a number";
	case VALUE_TEXT:
		return "a string";
	case VALUE_LIST:
		return "a list";
	case VALUE_DICT:
		return "a dict";
	case VALUE_LOOP:
		return "the loop";
	case VALUE_MACROS:
		return "macros";
	case VALUE_MACRO:
		return "a macro";
	}
	return NULL;
}

bool
value_is_missing(struct value value)
{
	return value.kind == VALUE_UNDEFINED || value.kind == VALUE_NULL;
}

bool
value_is_iterable(struct value value)
{
	return value.kind == VALUE_LIST || value.kind == VALUE_DICT;
}

/* Without counting the others. */
static bool
has_items(struct value value)
{
	return value.is_json ? value.json->child != NULL : value.items->n > 0;
}

bool
value_is_empty(struct value value)
{
	switch (value.kind) {
	case VALUE_UNDEFINED:
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return !value.boolean;
	case VALUE_TEXT:
		return value.text.len == 0;
	case VALUE_LIST:
	case VALUE_DICT:
		return !has_items(value);
	case VALUE_NUMBER:
	case VALUE_LOOP:
	case VALUE_MACROS:
	case VALUE_MACRO:
		return false;
	}
	return false;
}

bool
value_is_true(struct value value)
{
	if (value.kind == VALUE_NUMBER)
		return value.number != 0;
	if (value.kind == VALUE_TEXT && span_is(value.text, "0"))
		return false;
	return !value_is_empty(value);
}

/* --- numbers and text --------------------------------------------------------------- */

bool
value_is_numeric(struct value value, double *ret)
{
	if (value.kind == VALUE_TEXT)
		return number_parse(value.text, ret);
	if (value.kind != VALUE_NUMBER)
		return false;
	*ret = value.number;
	return true;
}

int
value_to_number(struct budget *budget, struct value value, double *ret)
{
	if (value_is_missing(value) || value.kind == VALUE_BOOL)
		*ret = value.kind == VALUE_BOOL && value.boolean;
	else if (!value_is_numeric(value, ret))
		return budget_fail(budget, -EINVAL, "expected a number, found %s%s", value_kind_name(value.kind),
		    value.kind == VALUE_TEXT ? " that is none" : "");
	return 0;
}

/* --- items ------------------------------------------------------------------------------ */

size_t
value_count(struct value value)
{
	size_t n = 0;

	if (!value_is_iterable(value))
		return 0;
	if (!value.is_json)
		return value.items->n;
	for (const cJSON *item = value.json->child; item != NULL; item = item->next)
		n++;
	return n;
}

struct value_walk
value_walk(struct value of)
{
	return (struct value_walk){
		.of = of,
		.json = value_is_iterable(of) && of.is_json ? of.json->child : NULL,
	};
}

static bool
next_json(struct value_walk *walk, struct value *ret_key, struct value *ret_item)
{
	const cJSON *json = walk->json;

	if (json == NULL)
		return false;
	if (walk->of.kind == VALUE_DICT)
		*ret_key = value_of_text(span_of(json->string != NULL ? json->string : ""));
	else
		*ret_key = value_of_number((double)walk->i);
	*ret_item = value_of_json(json);
	walk->json = json->next;
	walk->i++;
	return true;
}

/* The i-th of the items that a template made. */
static struct value_pair
pair_at(const struct value_items *items, size_t i)
{
	if (items->pairs != NULL)
		return items->pairs[i];
	return (struct value_pair){
		value_of_number((double)i),
		value_of_number(items->first + (double)i * items->step),
	};
}

bool
value_next(struct value_walk *walk, struct value *ret_key, struct value *ret_item)
{
	struct value_pair pair;

	if (!value_is_iterable(walk->of))
		return false;
	if (walk->of.is_json)
		return next_json(walk, ret_key, ret_item);
	if (walk->i >= walk->of.items->n)
		return false;
	pair = pair_at(walk->of.items, walk->i++);
	*ret_key = pair.key;
	*ret_item = pair.item;
	return true;
}

int
value_to_pairs(struct budget *budget, struct value value, struct value_pair **ret, size_t *ret_n)
{
	struct value_walk walk = value_walk(value);
	size_t n = value_count(value);
	struct value_pair *pairs;
	int r;

	r = budget_spend(budget, n);
	if (r < 0)
		return r;
	pairs = arena_alloc(&budget->arena, n * sizeof(*pairs));
	if (pairs == NULL)
		return budget_no_memory(budget);
	for (size_t i = 0; i < n; i++)
		value_next(&walk, &pairs[i].key, &pairs[i].item);
	*ret = pairs;
	*ret_n = n;
	return 0;
}

/* --- members ------------------------------------------------------------------------------ */

static int
named_in_json(struct budget *budget, const cJSON *json, struct span name, struct value *ret)
{
	size_t seen = 0;
	const cJSON *item;

	for (item = json->child; item != NULL; item = item->next, seen++)
		if (item->string != NULL && span_is(name, item->string))
			break;
	*ret = value_of_json(item);
	return budget_spend(budget, seen / 8);
}

/* Of two entries with one key the later counts. */
static int
named_in_items(struct budget *budget, const struct value_items *items, struct span name, struct value *ret)
{
	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	for (size_t i = items->n; i > 0; i--) {
		if (!span_equal(items->pairs[i - 1].key.text, name))
			continue;
		*ret = items->pairs[i - 1].item;
		break;
	}
	return budget_spend(budget, items->n / 8);
}

int
value_named(struct budget *budget, struct value of, struct span name, struct value *ret)
{
	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	if (of.kind != VALUE_DICT)
		return 0;
	if (of.is_json)
		return named_in_json(budget, of.json, name, ret);
	return named_in_items(budget, of.items, name, ret);
}

static int
item_at(struct budget *budget, struct value of, double index, struct value *ret)
{
	const cJSON *item;
	size_t i;

	if (!(index >= 0 && index < INT32_MAX) || index != trunc(index))
		return 0;
	i = (size_t)index;
	if (!of.is_json) {
		if (i < of.items->n)
			*ret = pair_at(of.items, i).item;
		return 0;
	}
	item = of.json->child;
	for (size_t left = i; left > 0 && item != NULL; left--)
		item = item->next;
	*ret = value_of_json(item);
	return budget_spend(budget, i / 8);
}

static struct value
loop_member(const struct loop *loop, struct span name)
{
	if (span_is(name, "index"))
		return value_of_number((double)loop->index0 + 1);
	if (span_is(name, "index0"))
		return value_of_number((double)loop->index0);
	if (span_is(name, "revindex"))
		return value_of_number((double)(loop->length - loop->index0));
	if (span_is(name, "revindex0"))
		return value_of_number((double)(loop->length - loop->index0) - 1);
	if (span_is(name, "first"))
		return value_of_bool(loop->index0 == 0);
	if (span_is(name, "last"))
		return value_of_bool(loop->index0 + 1 == loop->length);
	if (span_is(name, "odd") || span_is(name, "even")) /* the first one is odd */
		return value_of_bool((loop->index0 % 2 == 0) == span_is(name, "odd"));
	if (span_is(name, "length"))
		return value_of_number((double)loop->length);
	if (span_is(name, "parent") && loop->parent != NULL)
		return (struct value){ .kind = VALUE_LOOP, .loop = loop->parent };
	if (span_is(name, "loop")) /* loop.parent.loop, as Twig has it */
		return (struct value){ .kind = VALUE_LOOP, .loop = loop };
	return (struct value){ .kind = VALUE_UNDEFINED };
}

int
value_member(struct budget *budget, struct value of, struct value key, struct value *ret)
{
	char printed[NUMERAL_TEXT];
	double index;

	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	if (of.kind == VALUE_LIST)
		return value_is_numeric(key, &index) ? item_at(budget, of, index, ret) : 0;
	if (key.kind == VALUE_NUMBER)
		key = value_of_text(numeral_print(key.number, printed));
	if (key.kind != VALUE_TEXT)
		return 0;
	if (of.kind == VALUE_LOOP)
		*ret = loop_member(of.loop, key.text);
	return of.kind == VALUE_DICT ? value_named(budget, of, key.text, ret) : 0;
}

/* --- order ------------------------------------------------------------------------------------ */

/* What is no number (NaN) comes before all that are. */
static int
order_numbers(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return (a > b) - (a < b);
}

/* Undefined and null are the same here. */
static enum value_kind
rank(struct value value)
{
	return value.kind == VALUE_UNDEFINED ? VALUE_NULL : value.kind;
}

int
value_order(struct value a, struct value b)
{
	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? -1 : 1;
	switch (a.kind) {
	case VALUE_BOOL:
		return a.boolean - b.boolean;
	case VALUE_NUMBER:
		return order_numbers(a.number, b.number);
	case VALUE_TEXT:
		return span_compare(a.text, b.text);
	case VALUE_UNDEFINED:
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_DICT:
	case VALUE_LOOP:
	case VALUE_MACROS:
	case VALUE_MACRO:
		break;
	}
	return 0;
}

int
value_compare(struct budget *budget, struct value a, struct value b, int *ret_order)
{
	bool mixed = a.kind != b.kind;
	double x, y;

	if (mixed && value_is_numeric(a, &x) && value_is_numeric(b, &y))
		*ret_order = order_numbers(x, y);
	else
		*ret_order = value_order(a, b);
	if (mixed || a.kind != VALUE_TEXT)
		return 0;
	return budget_spend(budget, (a.text.len < b.text.len ? a.text.len : b.text.len) / TEMPLATE_STEP_BYTES);
}

static int
equal_items(struct budget *budget, struct value a, struct value b, bool *ret)
{
	struct value_walk walk_a = value_walk(a), walk_b = value_walk(b);
	struct value key_a, key_b, item_a, item_b;
	bool more_a, more_b;
	int r = 0;

	*ret = true;
	while (r == 0 && *ret) {
		more_a = value_next(&walk_a, &key_a, &item_a);
		more_b = value_next(&walk_b, &key_b, &item_b);
		*ret = more_a == more_b;
		if (!more_a || !more_b)
			break;
		*ret = value_order(key_a, key_b) == 0;
		if (*ret)
			r = value_equal(budget, item_a, item_b, ret);
	}
	return r;
}

static int
equal_deeply(struct budget *budget, struct value a, struct value b, bool *ret)
{
	int r = budget_enter(budget);

	if (r < 0)
		return r;
	r = equal_items(budget, a, b, ret);
	budget_leave(budget);
	return r;
}

int
value_equal(struct budget *budget, struct value a, struct value b, bool *ret)
{
	int order = 0, r = 0;

	if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT) {
		*ret = span_equal(a.text, b.text);
		return budget_spend(budget, 1 + a.text.len / TEMPLATE_STEP_BYTES);
	}
	if (value_is_iterable(a) && a.kind == b.kind)
		return equal_deeply(budget, a, b, ret);
	if (a.kind == VALUE_BOOL || b.kind == VALUE_BOOL)
		order = value_is_true(a) != value_is_true(b);
	else
		r = value_compare(budget, a, b, &order);
	*ret = order == 0;
	return r == 0 ? budget_spend(budget, 1) : r;
}
