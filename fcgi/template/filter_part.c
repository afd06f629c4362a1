/*
 * filter_part - filters that put lists together and take them apart.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/template/chars.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/print.h"
#include "shared/buf.h"

/* --- merge and column --------------------------------------------------------------------- */

/* Appends a pair, or replaces that of the same key of a dict. */
static int
put_pair(struct budget *budget, bool is_dict, struct value_pair *pairs, size_t *n, struct value_pair pair)
{
	size_t at = *n;

	if (is_dict)
		for (at = 0; at < *n && !span_equal(pairs[at].key.text, pair.key.text);)
			at++;
	else
		pair.key = value_of_number((double)at);
	pairs[at] = pair;
	*n += at == *n;
	return budget_spend(budget, 1 + (is_dict ? at : 0));
}

static int
put_all(struct budget *budget, bool is_dict, struct value_pair *pairs, size_t *n, struct value of)
{
	struct value_walk walk = value_walk(of);
	struct value_pair pair;
	int r = 0;

	while (r == 0 && value_next(&walk, &pair.key, &pair.item)) {
		if (is_dict) {
			r = print_to_text(budget, pair.key, &pair.key.text);
			pair.key.kind = VALUE_TEXT;
		}
		if (r == 0)
			r = put_pair(budget, is_dict, pairs, n, pair);
	}
	return r;
}

/* Both lists, one behind the other; or both dicts, of which the second one counts. */
int
filter_merge(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	bool is_dict = in.kind == VALUE_DICT || args[0].kind == VALUE_DICT;
	struct value_pair *pairs;
	size_t count = 0;
	int r;

	(void)n;
	for (int i = 0; i < 2; i++) {
		struct value one = i == 0 ? in : args[0];

		if (!value_is_iterable(one) && !value_is_missing(one))
			return budget_fail(
			    budget, -EINVAL, "expected lists or dicts to merge, found %s", value_kind_name(one.kind));
	}
	pairs = arena_alloc(&budget->arena, (value_count(in) + value_count(args[0])) * sizeof(*pairs));
	if (pairs == NULL)
		return budget_no_memory(budget);
	r = put_all(budget, is_dict, pairs, &count, in);
	if (r == 0)
		r = put_all(budget, is_dict, pairs, &count, args[0]);
	return r == 0 ? value_of_pairs(budget, is_dict ? VALUE_DICT : VALUE_LIST, pairs, count, ret) : r;
}

/* What the items have under that name. */
int
filter_column(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value_pair *pairs;
	size_t count, kept = 0;
	int r;

	(void)n;
	r = value_to_pairs(budget, in, &pairs, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct value found;

		r = value_member(budget, pairs[i].item, args[0], &found);
		if (r == 0 && found.kind != VALUE_UNDEFINED)
			pairs[kept] = (struct value_pair){ value_of_number((double)kept), found }, kept++;
	}
	return r == 0 ? value_of_pairs(budget, VALUE_LIST, pairs, kept, ret) : r;
}

/* --- slice and batch ------------------------------------------------------------------------- */

/* A bound as a whole number, clipped to what fits: it may count from the end. */
static int
read_bound(struct budget *budget, struct value value, double unset, double *ret)
{
	int r = 0;

	*ret = unset;
	if (!value_is_missing(value))
		r = value_to_number(budget, value, ret);
	*ret = trunc(*ret);
	return r;
}

/* Which of n there are from first on; a length below 0 leaves so many out at the end. */
static void
clip(double n, double first, double length, size_t *ret_from, size_t *ret_to)
{
	double from = fmin(fmax(first < 0 ? n + first : first, 0), n);
	double to = fmin(fmax(length < 0 ? n + length : from + length, from), n);

	*ret_from = (size_t)from;
	*ret_to = (size_t)to;
}

static int
slice_text(struct budget *budget, struct span text, double first, double length, struct value *ret)
{
	size_t from, to, begin, end;

	clip((double)chars_count(text), first, length, &from, &to);
	begin = chars_prefix(text, from);
	end = chars_prefix(text, to);
	*ret = value_of_text((struct span){ text.data + begin, end - begin });
	return budget_spend(budget, text.len / TEMPLATE_STEP_BYTES);
}

static int
slice_items(struct budget *budget, struct value in, double first, double length, struct value *ret)
{
	struct value_pair *pairs;
	size_t n, from, to;
	int r = value_to_pairs(budget, in, &pairs, &n);

	if (r < 0)
		return r;
	clip((double)n, first, length, &from, &to);
	for (size_t i = from; in.kind != VALUE_DICT && i < to; i++)
		pairs[i].key = value_of_number((double)(i - from));
	return value_of_pairs(budget, in.kind == VALUE_DICT ? VALUE_DICT : VALUE_LIST, pairs + from, to - from, ret);
}

int
filter_slice(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	double first, length = INFINITY;
	struct span text;
	int r = read_bound(budget, args[0], 0, &first);

	if (r == 0 && n > 1)
		r = read_bound(budget, args[1], INFINITY, &length);
	if (r < 0)
		return r;
	if (value_is_iterable(in))
		return slice_items(budget, in, first, length, ret);
	r = print_to_text(budget, in, &text);
	return r == 0 ? slice_text(budget, text, first, length, ret) : r;
}

/* One list of the items from `from` on, as many as size. What is missing is fill, unless that is undefined. */
static int
make_batch(
    struct budget *budget, const struct value_pair *items, size_t n, size_t size, struct value fill, struct value *ret)
{
	size_t length = n < size && fill.kind == VALUE_UNDEFINED ? n : size;
	struct value_pair *pairs = arena_alloc(&budget->arena, length * sizeof(*pairs));

	if (pairs == NULL)
		return budget_no_memory(budget);
	for (size_t i = 0; i < length; i++)
		pairs[i] = (struct value_pair){ value_of_number((double)i), i < n ? items[i].item : fill };
	return value_of_pairs(budget, VALUE_LIST, pairs, length, ret);
}

/* Lists of so many items each. */
int
filter_batch(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct value fill = n > 1 ? args[1] : (struct value){ .kind = VALUE_UNDEFINED };
	struct value_pair *items, *pairs;
	size_t count, n_batches = 0;
	int size = 0, r;

	r = filter_int_arg(budget, args, n, 1, 10000, &size);
	if (r == 0 && size == 0)
		r = budget_fail(budget, -EINVAL, "expected a size for 'batch'");
	if (r == 0)
		r = value_to_pairs(budget, in, &items, &count);
	if (r < 0)
		return r;
	pairs = arena_alloc(&budget->arena, (count / (size_t)size + 1) * sizeof(*pairs));
	if (pairs == NULL)
		return budget_no_memory(budget);
	for (size_t at = 0; r == 0 && at < count; at += (size_t)size, n_batches++) {
		size_t left = count - at;

		pairs[n_batches].key = value_of_number((double)n_batches);
		r = make_batch(budget, items + at, left < (size_t)size ? left : (size_t)size, (size_t)size, fill,
		    &pairs[n_batches].item);
	}
	return r == 0 ? value_of_pairs(budget, VALUE_LIST, pairs, n_batches, ret) : r;
}

/* --- format -------------------------------------------------------------------------------------- */

enum { SPECIFIER_MAX = 16, NUMBER_TEXT = 512, WIDTH_MAX = 200 };

/* What stands after a %. */
struct specifier {
	char flags[SPECIFIER_MAX]; /* with width and precision, as C has them */
	char letter;
	unsigned place; /* of the argument, from 1 on; 0: the next one */
};

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* The length of "2$" at the beginning of text, or 0. */
static size_t
read_place(struct span text, unsigned *ret)
{
	if (text.len < 2 || text.data[0] < '1' || text.data[0] > '9' || text.data[1] != '$')
		return 0;
	*ret = (unsigned)(text.data[0] - '0');
	return 2;
}

/* Text begins with a %. Returns the length of all that belongs to it, 0 when that is not known. */
static size_t
read_specifier(struct span text, struct specifier *ret)
{
	size_t from = 1, len;

	*ret = (struct specifier){ .flags = "%" };
	from += read_place(span_from(text, 1), &ret->place);
	for (len = from; len < text.len && is_one_of(text.data[len], "-+0 ");)
		len++;
	while (len < text.len && is_one_of(text.data[len], "0123456789."))
		len++;
	if (len >= text.len || len - from > 7 || !is_one_of(text.data[len], "sdufFeEgGxXo"))
		return 0;
	memcpy(ret->flags + 1, text.data + from, len - from);
	ret->letter = text.data[len];
	return len + 1;
}

/* Numbers by snprintf(), whose format is ours but for flags, width and precision. */
static void
put_number(struct buf *buf, const char *flags, char letter, double number)
{
	char format[SPECIFIER_MAX + 4], text[NUMBER_TEXT];
	int n;

	if (strchr("fFeEgG", letter) != NULL) {
		snprintf(format, sizeof(format), "%s%c", flags, letter);
		n = snprintf(text, sizeof(text), format, number);
	} else if (fabs(number) < 9007199254740992.0) {
		snprintf(format, sizeof(format), "%sll%c", flags, letter);
		n = snprintf(text, sizeof(text), format, (long long)number);
	} else {
		n = snprintf(text, sizeof(text), "%.0f", number);
	}
	text_put(buf, (struct span){ text, n < NUMBER_TEXT ? (size_t)n : NUMBER_TEXT - 1 });
}

/* Text with a width and a precision in characters. */
static void
put_text(struct buf *buf, const char *flags, struct span text)
{
	bool left = strchr(flags, '-') != NULL;
	const char *at = flags + strspn(flags, "%-+ 0"), *point = strchr(at, '.');
	size_t width = strtoul(at, NULL, 10), count;

	if (point != NULL)
		text.len = chars_prefix(text, strtoul(point + 1, NULL, 10));
	count = chars_count(text);
	if (width > WIDTH_MAX)
		width = WIDTH_MAX;
	if (left)
		text_put(buf, text);
	for (; count < width; count++)
		text_put(buf, span_of(" "));
	if (!left)
		text_put(buf, text);
}

static int
put_argument(struct budget *budget, struct buf *buf, const struct specifier *specifier, struct value value)
{
	struct span text;
	double number;
	int r;

	if (specifier->letter == 's') {
		r = print_to_text(budget, value, &text);
		if (r == 0)
			put_text(buf, specifier->flags, text);
		return r;
	}
	r = value_to_number(budget, value, &number);
	if (r == 0)
		put_number(buf, specifier->flags, specifier->letter == 'u' ? 'd' : specifier->letter, number);
	return r;
}

/* What is being formatted: *rest begins with a %. */
static int
put_place(
    struct budget *budget, struct buf *buf, struct span *rest, const struct value *args, unsigned n, unsigned *used)
{
	struct specifier specifier;
	unsigned place;
	size_t len = read_specifier(*rest, &specifier);

	if (len == 0)
		return budget_fail(budget, -EINVAL, "'format' does not know what stands after a '%%'");
	*rest = span_from(*rest, len);
	place = specifier.place > 0 ? specifier.place : ++*used;
	if (place > n)
		return budget_fail(budget, -EINVAL, "'format' has more places than arguments");
	return put_argument(budget, buf, &specifier, args[place - 1]);
}

/* As PHP's sprintf(): %s, %d, %05.2f, %2$s and the like; %% is a %. */
int
filter_format(struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret)
{
	struct buf buf = BUF_INIT;
	struct span rest;
	unsigned used = 0;
	int r = print_to_text(budget, in, &rest);

	while (r == 0 && rest.len > 0) {
		size_t plain = span_find(rest, 0, span_of("%"));

		text_put(&buf, (struct span){ rest.data, plain });
		rest = span_from(rest, plain);
		if (rest.len > 1 && rest.data[1] == '%') {
			text_put(&buf, span_of("%"));
			rest = span_from(rest, 2);
		} else if (rest.len > 0) {
			r = put_place(budget, &buf, &rest, args, n, &used);
		}
	}
	if (r == 0)
		r = value_of_buf(budget, &buf, ret);
	buf_free(&buf);
	return r;
}
