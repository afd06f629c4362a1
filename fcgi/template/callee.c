#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "fcgi/template/callee.h"
#include "fcgi/template/expr.h"

/* Where the name of an argument stands among others with spaces between them; -1: nowhere. */
static int
position_of(const char *names, struct span name)
{
	for (int i = 0; *names != '\0'; i++) {
		size_t len = strcspn(names, " ");

		if (len == name.len && memcmp(names, name.data, len) == 0)
			return i;
		names += len + (names[len] == ' ');
	}
	return -1;
}

static bool
has_names(const struct expr *arg)
{
	while (arg != NULL && arg->as.len == 0)
		arg = arg->next;
	return arg != NULL;
}

/* Puts each argument in its place, those without a name being in order. */
static int
place_arguments(
    struct parser *parser, const struct callee *callee, struct expr *arg, struct expr *places[static CALLEE_MAX_NAMED])
{
	for (int n = 0; arg != NULL; arg = arg->next, n++) {
		int at = arg->as.len > 0 ? position_of(callee->names, arg->as) : n;

		if (at < 0)
			return parser_fail(parser, arg->line, -EINVAL, "'%s' has no argument '%.*s'", callee->name,
			    (int)arg->as.len, arg->as.data);
		if (at >= CALLEE_MAX_NAMED)
			return parser_fail(parser, arg->line, -EINVAL, "too many arguments for '%s'", callee->name);
		if (places[at] != NULL)
			return parser_fail(
			    parser, arg->line, -EINVAL, "an argument of '%s' is given twice", callee->name);
		places[at] = arg;
	}
	return 0;
}

/* Orders *n arguments of which some have names. What is left out before others is undefined. */
static int
order_arguments(struct parser *parser, const struct callee *callee, unsigned line, struct expr **first, unsigned *n)
{
	struct expr *places[CALLEE_MAX_NAMED] = { NULL };
	unsigned used = CALLEE_MAX_NAMED;

	if (!has_names(*first))
		return 0;
	if (place_arguments(parser, callee, *first, places) < 0)
		return -EINVAL;
	while (places[used - 1] == NULL)
		used--;
	for (unsigned i = 0; i < used; i++) {
		if (places[i] == NULL && i < callee->min_args)
			return parser_fail(parser, line, -EINVAL, "an argument of '%s' is missing", callee->name);
		if (places[i] == NULL)
			places[i] = expr_new_literal(parser, (struct value){ .kind = VALUE_UNDEFINED });
		if (places[i] == NULL)
			return -ENOMEM;
		*first = places[i];
		first = &places[i]->next;
	}
	*first = NULL;
	*n = used;
	return 0;
}

int
callee_check_arguments(
    struct parser *parser, const struct callee *callee, unsigned line, struct expr **first, unsigned *n)
{
	if (order_arguments(parser, callee, line, first, n) < 0)
		return -EINVAL;
	if (*n >= callee->min_args && *n <= callee->max_args)
		return 0;
	if (callee->min_args == callee->max_args || callee->max_args == UINT_MAX)
		return parser_fail(parser, line, -EINVAL, "expected %s%u argument%s for '%s', found %u",
		    callee->max_args == UINT_MAX ? "at least " : "", callee->min_args, callee->min_args == 1 ? "" : "s",
		    callee->name, *n);
	return parser_fail(parser, line, -EINVAL, "expected %u to %u arguments for '%s', found %u", callee->min_args,
	    callee->max_args, callee->name, *n);
}
