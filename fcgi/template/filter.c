#include <errno.h>
#include <stdlib.h>

#include "fcgi/template/filter.h"
#include "fcgi/template/print.h"

/* By name, for filter_find(). */
static const struct filter filters[] = {
	{ "abs", 0, 0, filter_abs },
	{ "capitalize", 0, 0, filter_capitalize },
	{ "date", 0, 1, filter_date },
	{ "default", 0, 1, filter_default },
	{ "e", 0, 1, filter_escape },
	{ "escape", 0, 1, filter_escape },
	{ "first", 0, 0, filter_first },
	{ "join", 0, 1, filter_join },
	{ "json_encode", 0, 0, filter_json },
	{ "keys", 0, 0, filter_keys },
	{ "last", 0, 0, filter_last },
	{ "length", 0, 0, filter_length },
	{ "lower", 0, 0, filter_lower },
	{ "nl2br", 0, 0, filter_nl2br },
	{ "number_format", 0, 3, filter_number_format },
	{ "raw", 0, 0, filter_raw },
	{ "replace", 1, 2, filter_replace },
	{ "reverse", 0, 0, filter_reverse },
	{ "round", 0, 2, filter_round },
	{ "safe", 0, 0, filter_raw },
	{ "slug", 0, 0, filter_slug },
	{ "sort", 0, 0, filter_sort },
	{ "split", 0, 1, filter_split },
	{ "title", 0, 0, filter_title },
	{ "to_json", 0, 0, filter_json },
	{ "tojson", 0, 0, filter_json },
	{ "trim", 0, 1, filter_trim },
	{ "truncate", 0, 2, filter_truncate },
	{ "unique", 0, 0, filter_unique },
	{ "upper", 0, 0, filter_upper },
	{ "url_encode", 0, 0, filter_url_encode },
};

static int
compare_name(const void *name, const void *filter)
{
	return span_compare(*(const struct span *)name, span_of(((const struct filter *)filter)->name));
}

const struct filter *
filter_find(struct span name)
{
	return bsearch(&name, filters, sizeof(filters) / sizeof(filters[0]), sizeof(filters[0]), compare_name);
}

int
filter_text_arg(struct budget *budget, const struct value *args, unsigned n, unsigned i, struct span *ret)
{
	return i < n ? print_to_text(budget, args[i], ret) : 0;
}

int
filter_int_arg(struct budget *budget, const struct value *args, unsigned n, int min, int max, int *ret)
{
	double number;
	int r;

	if (n == 0)
		return 0;
	r = value_to_number(budget, args[0], &number);
	if (r < 0)
		return r;
	if (!(number >= min && number <= max))
		return budget_fail(budget, -ERANGE, "expected a number from %d to %d", min, max);
	*ret = (int)number;
	return 0;
}
