#include <errno.h>

#include "fcgi/template/macro.h"

struct imported {
	const struct template *template;
	const struct macro *macro;
};

const struct macro *
macro_find(const struct template *template, struct span name)
{
	for (const struct macro *macro = template->macros; macro != NULL; macro = macro->next)
		if (span_equal(macro->name, name))
			return macro;
	return NULL;
}

/* --- arguments ---------------------------------------------------------------------- */

/* What a parameter is given; NULL: nothing. */
struct argument {
	const struct expr *expr;
	struct value value;
};

/* Which parameter an argument is for, the position being the one after the last without a name. */
static int
find_parameter(
    struct budget *budget, const struct macro *macro, const struct expr *arg, unsigned *position, unsigned *ret)
{
	const struct parameter *parameter = macro->parameters;
	int r = 0;

	if (arg->as.len == 0 && *position < macro->n) {
		*ret = (*position)++;
		return 0;
	}
	if (arg->as.len == 0)
		return budget_fail(budget, -EINVAL, "expected at most %u arguments for '%.*s'", macro->n,
		    (int)macro->name.len, macro->name.data);
	for (*ret = 0; r == 0 && parameter != NULL; parameter = parameter->next, (*ret)++) {
		if (span_equal(parameter->name, arg->as))
			return 0;
		r = budget_spend(budget, 1);
	}
	return r < 0 ? r
		     : budget_fail(budget, -EINVAL, "'%.*s' has no parameter '%.*s'", (int)macro->name.len,
			   macro->name.data, (int)arg->as.len, arg->as.data);
}

/* Evaluates the arguments where the call stands, each into the place of its parameter. */
static int
place_arguments(struct render *render, const struct macro *macro, const struct expr *arg, struct argument *places)
{
	unsigned position = 0, i = 0;

	for (; arg != NULL; arg = arg->next) {
		int r = find_parameter(&render->budget, macro, arg, &position, &i);

		if (r == 0 && places[i].expr != NULL)
			r = budget_fail(&render->budget, -EINVAL, "a parameter of '%.*s' is given twice",
			    (int)macro->name.len, macro->name.data);
		if (r == 0)
			r = eval(render, arg, &places[i].value);
		if (r < 0)
			return r;
		places[i].expr = arg;
	}
	return 0;
}

/* What is not given is evaluated within the macro. */
static int
bind_parameters(struct render *render, const struct macro *macro, const struct argument *places)
{
	int r = 0;

	for (const struct parameter *at = macro->parameters; r == 0 && at != NULL; at = at->next, places++) {
		struct value value = { .kind = VALUE_UNDEFINED };

		if (places->expr != NULL)
			value = places->value;
		else if (at->unset != NULL)
			r = eval(render, at->unset, &value);
		if (r == 0)
			r = scope_add(&render->budget, render->scope, at->name, value, NULL);
	}
	return r;
}

/* --- calls ----------------------------------------------------------------------------- */

/* What is wrong within a macro is wrong in its template. */
static int
run(struct render *render, const struct template *template, const struct macro *macro, const struct argument *places,
    struct value *ret)
{
	struct scope scope = { .closed = true }, *outer = render->scope;
	struct position before = render->at;
	int r;

	render->scope = &scope;
	render->at = (struct position){ .template = template };
	r = bind_parameters(render, macro, places);
	if (r == 0)
		r = render_captured(render, macro->body, ret);
	if (r < 0)
		render_locate(render, macro->line, r);
	render->at = before;
	render->scope = outer;
	return r;
}

static int
call(struct render *render, const struct template *template, const struct macro *macro, const struct expr *arg,
    struct value *ret)
{
	struct argument *places = arena_alloc(&render->budget.arena, macro->n * sizeof(*places));
	int r;

	if (places == NULL)
		return budget_no_memory(&render->budget);
	r = place_arguments(render, macro, arg, places);
	return r == 0 ? run(render, template, macro, places, ret) : r;
}

int
macro_eval(struct render *render, const struct expr *expr, struct value *ret)
{
	return call(render, render->at.template, expr->macro, expr->operands, ret);
}

int
macro_eval_call(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value callee;
	int r = scope_find(&render->budget, render->scope, expr->name, &callee);

	if (r == 0 && callee.kind != VALUE_MACRO)
		r = budget_fail(
		    &render->budget, -EINVAL, "unknown function '%.*s'", (int)expr->name.len, expr->name.data);
	return r == 0 ? call(render, callee.macro->template, callee.macro->macro, expr->operands, ret) : r;
}

static int
need_macro(struct budget *budget, const struct template *template, struct span name, const struct macro **ret)
{
	int r = 0;

	for (*ret = template->macros; r == 0 && *ret != NULL && !span_equal((*ret)->name, name); *ret = (*ret)->next)
		r = budget_spend(budget, 1);
	return r < 0 || *ret != NULL
	    ? r
	    : budget_fail(budget, -EINVAL, "no macro '%.*s' in %s", (int)name.len, name.data, template->name);
}

int
macro_eval_method(struct render *render, const struct expr *expr, struct value *ret)
{
	const struct macro *macro;
	struct value of;
	int r = eval(render, expr->operands, &of);

	if (r == 0 && of.kind != VALUE_MACROS)
		r = budget_fail(&render->budget, -EINVAL,
		    "expected macros that were imported before '.%.*s(', found %s", (int)expr->name.len,
		    expr->name.data, value_kind_name(of.kind));
	if (r == 0)
		r = need_macro(&render->budget, of.macros, expr->name, &macro);
	return r == 0 ? call(render, of.macros, macro, expr->operands->next, ret) : r;
}

/* --- imports ------------------------------------------------------------------------------- */

static int
import_one(struct render *render, const struct template *template, const struct import *import)
{
	struct imported *imported = arena_alloc(&render->budget.arena, sizeof(*imported));
	struct value value = { .kind = VALUE_MACRO, .macro = imported };
	int r;

	if (imported == NULL)
		return budget_no_memory(&render->budget);
	imported->template = template;
	r = need_macro(&render->budget, template, import->macro, &imported->macro);
	return r == 0 ? scope_set(&render->budget, render->scope, import->as, value) : r;
}

int
macro_import(struct render *render, const struct node *node)
{
	struct value value = { .kind = VALUE_MACROS, .macros = render->at.template };
	int r = 0;

	if (node->import.from != NULL)
		r = render_find(render, node->import.from, &value.macros);
	if (r == 0 && node->import.all.len > 0)
		return scope_set(&render->budget, render->scope, node->import.all, value);
	for (const struct import *import = node->import.each; r == 0 && import != NULL; import = import->next)
		r = import_one(render, value.macros, import);
	return r;
}
