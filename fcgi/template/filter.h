/*
 * filter - what stands after a '|'.
 *
 * filter.c holds the one table of them; their functions are in filter_text.c,
 * filter_list.c, filter_part.c, filter_number.c and arrow.c.
 */
#ifndef FCGI_TEMPLATE_FILTER_H
#define FCGI_TEMPLATE_FILTER_H

#include "fcgi/template/callee.h"
#include "fcgi/template/value.h"

enum { FILTER_MAX_ARGS = CALLEE_MAX_NAMED };

/* Returns 0 or a failure. args[n] are within the filter's minimum and maximum. */
typedef int filter_apply(
    struct budget *budget, struct value in, const struct value *args, unsigned n, struct value *ret);

/* The same for one whose first argument is an arrow function. args are those after it. */
struct expr;
struct render;
typedef int filter_apply_arrow(struct render *render, const struct expr *arrow, struct value in,
    const struct value *args, unsigned n, struct value *ret);

struct filter {
	struct callee callee;
	filter_apply *apply;             /* NULL: only with an arrow */
	filter_apply_arrow *apply_arrow; /* or NULL */
};

/* Returns NULL when there is none. */
const struct filter *filter_find(struct span name);

/* The i-th argument as text, which stays as it is when there is none, or it is undefined. Returns 0 or a failure. */
int filter_text_arg(struct budget *budget, const struct value *args, unsigned n, unsigned i, struct span *ret);

/* The first argument as a whole number from min to max, likewise. */
int filter_int_arg(struct budget *budget, const struct value *args, unsigned n, int min, int max, int *ret);

filter_apply filter_capitalize, filter_default, filter_escape, filter_json, filter_length, filter_lower, filter_nl2br;
filter_apply filter_raw, filter_replace, filter_slug, filter_split, filter_title, filter_trim, filter_truncate;
filter_apply filter_upper, filter_url_encode;
filter_apply filter_first, filter_join, filter_keys, filter_last, filter_reverse, filter_sort, filter_unique;
filter_apply filter_batch, filter_column, filter_merge, filter_slice;
filter_apply filter_format;
filter_apply_arrow arrow_filter, arrow_map, arrow_reduce, arrow_sort;
filter_apply filter_abs, filter_date, filter_number_format, filter_round;

#endif
