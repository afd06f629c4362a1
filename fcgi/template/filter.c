#include <errno.h>
#include <stdlib.h>

#include "fcgi/template/filter.h"
#include "fcgi/template/print.h"

/* By name, for filter_find(). */
static const struct filter filters[] = {
	{ { "abs", 0, 0, "" }, filter_abs, NULL },
	{ { "batch", 1, 2, "size fill" }, filter_batch, NULL },
	{ { "capitalize", 0, 0, "" }, filter_capitalize, NULL },
	{ { "column", 1, 1, "name" }, filter_column, NULL },
	{ { "date", 0, 1, "format" }, filter_date, NULL },
	{ { "default", 0, 1, "default" }, filter_default, NULL },
	{ { "e", 0, 1, "strategy" }, filter_escape, NULL },
	{ { "escape", 0, 1, "strategy" }, filter_escape, NULL },
	{ { "filter", 1, 1, "arrow" }, NULL, arrow_filter },
	{ { "first", 0, 0, "" }, filter_first, NULL },
	{ { "format", 0, FILTER_MAX_ARGS, "" }, filter_format, NULL },
	{ { "join", 0, 1, "glue" }, filter_join, NULL },
	{ { "json_encode", 0, 0, "" }, filter_json, NULL },
	{ { "keys", 0, 0, "" }, filter_keys, NULL },
	{ { "last", 0, 0, "" }, filter_last, NULL },
	{ { "length", 0, 0, "" }, filter_length, NULL },
	{ { "lower", 0, 0, "" }, filter_lower, NULL },
	{ { "map", 1, 1, "arrow" }, NULL, arrow_map },
	{ { "merge", 1, 1, "arr" }, filter_merge, NULL },
	{ { "nl2br", 0, 0, "" }, filter_nl2br, NULL },
	{ { "number_format", 0, 3, "decimal decimal_point thousand_sep" }, filter_number_format, NULL },
	{ { "raw", 0, 0, "" }, filter_raw, NULL },
	{ { "reduce", 1, 2, "arrow initial" }, NULL, arrow_reduce },
	{ { "replace", 1, 2, "from to" }, filter_replace, NULL },
	{ { "reverse", 0, 0, "" }, filter_reverse, NULL },
	{ { "round", 0, 2, "precision method" }, filter_round, NULL },
	{ { "safe", 0, 0, "" }, filter_raw, NULL },
	{ { "slice", 1, 2, "start length" }, filter_slice, NULL },
	{ { "slug", 0, 0, "" }, filter_slug, NULL },
	{ { "sort", 0, 1, "arrow" }, filter_sort, arrow_sort },
	{ { "split", 0, 1, "delimiter" }, filter_split, NULL },
	{ { "title", 0, 0, "" }, filter_title, NULL },
	{ { "to_json", 0, 0, "" }, filter_json, NULL },
	{ { "tojson", 0, 0, "" }, filter_json, NULL },
	{ { "trim", 0, 1, "character_mask" }, filter_trim, NULL },
	{ { "truncate", 0, 2, "length suffix" }, filter_truncate, NULL },
	{ { "unique", 0, 0, "" }, filter_unique, NULL },
	{ { "upper", 0, 0, "" }, filter_upper, NULL },
	{ { "url_encode", 0, 0, "" }, filter_url_encode, NULL },
};

static int
compare_name(const void *name, const void *filter)
{
	return span_compare(*(const struct span *)name, span_of(((const struct filter *)filter)->callee.name));
}

const struct filter *
filter_find(struct span name)
{
	return bsearch(&name, filters, sizeof(filters) / sizeof(filters[0]), sizeof(filters[0]), compare_name);
}

int
filter_text_arg(struct budget *budget, const struct value *args, unsigned n, unsigned i, struct span *ret)
{
	return i < n && args[i].kind != VALUE_UNDEFINED ? print_to_text(budget, args[i], ret) : 0;
}

int
filter_int_arg(struct budget *budget, const struct value *args, unsigned n, int min, int max, int *ret)
{
	double number;
	int r;

	if (n == 0 || args[0].kind == VALUE_UNDEFINED)
		return 0;
	r = value_to_number(budget, args[0], &number);
	if (r < 0)
		return r;
	if (!(number >= min && number <= max))
		return budget_fail(budget, -ERANGE, "expected a number from %d to %d", min, max);
	*ret = (int)number;
	return 0;
}
