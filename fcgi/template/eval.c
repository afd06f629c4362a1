#include <errno.h>
#include <math.h>
#include <string.h>

#include "fcgi/template/check.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/function.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/macro.h"
#include "fcgi/template/print.h"
#include "fcgi/template/render.h"

/* --- parts ----------------------------------------------------------------------- */

static int
eval_member(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value of, key;
	int r;

	r = eval(render, expr->operands, &of);
	if (r == 0)
		r = eval(render, expr->operands->next, &key);
	return r == 0 ? value_member(&render->budget, of, key, ret) : r;
}

static int
eval_list(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value_pair *pairs = arena_alloc(&render->budget.arena, expr->n * sizeof(*pairs));
	size_t n = 0;

	if (pairs == NULL)
		return budget_no_memory(&render->budget);
	for (const struct expr *item = expr->operands; item != NULL; item = item->next, n++) {
		int r = eval(render, item, &pairs[n].item);

		if (r < 0)
			return r;
		pairs[n].key = value_of_number((double)n);
	}
	return value_of_pairs(&render->budget, VALUE_LIST, pairs, n, ret);
}

/* A key and the item after it. */
static int
eval_pair(struct render *render, const struct expr *key, struct value_pair *ret)
{
	int r;

	r = eval(render, key, &ret->key);
	if (r == 0)
		r = print_to_text(&render->budget, ret->key, &ret->key.text);
	ret->key.kind = VALUE_TEXT;
	return r == 0 ? eval(render, key->next, &ret->item) : r;
}

static int
eval_dict(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value_pair *pairs = arena_alloc(&render->budget.arena, expr->n / 2 * sizeof(*pairs));
	size_t n = 0;

	if (pairs == NULL)
		return budget_no_memory(&render->budget);
	for (const struct expr *key = expr->operands; key != NULL; key = key->next->next, n++) {
		int r = eval_pair(render, key, &pairs[n]);

		if (r < 0)
			return r;
	}
	return value_of_pairs(&render->budget, VALUE_DICT, pairs, n, ret);
}

static int
eval_truth(struct render *render, const struct expr *expr, bool *ret)
{
	struct value value;
	int r = eval(render, expr, &value);

	if (r == 0)
		*ret = value_is_true(value);
	return r;
}

static int
eval_number(struct render *render, const struct expr *expr, double *ret)
{
	struct value value;
	int r = eval(render, expr, &value);

	return r == 0 ? value_to_number(&render->budget, value, ret) : r;
}

static int
eval_not(struct render *render, const struct expr *expr, struct value *ret)
{
	bool truth = false;
	int r = eval_truth(render, expr->operands, &truth);

	*ret = value_of_bool(!truth);
	return r;
}

static int
eval_negate(struct render *render, const struct expr *expr, struct value *ret)
{
	double number = 0;
	int r = eval_number(render, expr->operands, &number);

	*ret = value_of_number(-number);
	return r;
}

static int
eval_choice(struct render *render, const struct expr *expr, struct value *ret)
{
	const struct expr *condition = expr->operands, *yes = condition->next, *no = yes->next;
	bool truth;
	int r = eval_truth(render, condition, &truth);

	return r == 0 ? eval(render, truth ? yes : no, ret) : r;
}

/* The step goes from first to last, whatever its sign. */
static int
make_range(struct budget *budget, double first, double last, double step, struct value *ret)
{
	double n = floor(fabs(last - first) / fabs(step)) + 1;
	struct value_items *items;

	if (step == 0)
		return budget_fail(budget, -EINVAL, "a range of step 0");
	if (!(n <= TEMPLATE_MAX_STEPS))
		return budget_fail(budget, -E2BIG, "a range of more than %d items", TEMPLATE_MAX_STEPS);
	items = arena_alloc(&budget->arena, sizeof(*items));
	if (items == NULL)
		return budget_no_memory(budget);
	items->n = (size_t)n;
	items->first = first;
	items->step = first <= last ? fabs(step) : -fabs(step);
	*ret = (struct value){ .kind = VALUE_LIST, .items = items };
	return 0;
}

static int
eval_range(struct render *render, const struct expr *expr, struct value *ret)
{
	const struct expr *operand = expr->operands;
	double first, last, step = 1;
	int r;

	r = eval_number(render, operand, &first);
	if (r == 0)
		r = eval_number(render, operand->next, &last);
	if (r == 0 && expr->n == 3)
		r = eval_number(render, operand->next->next, &step);
	return r == 0 ? make_range(&render->budget, first, last, step, ret) : r;
}

static int
eval_filter(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value in, args[FILTER_MAX_ARGS];
	unsigned n = 0;
	int r;

	const struct expr *arg = expr->operands->next, *arrow = NULL;

	if (arg != NULL && arg->kind == EXPR_ARROW) {
		arrow = arg;
		arg = arg->next;
	}
	r = eval(render, expr->operands, &in);
	for (; r == 0 && arg != NULL; arg = arg->next)
		r = eval(render, arg, &args[n++]);
	if (r < 0)
		return r;
	if (arrow != NULL)
		return expr->filter->apply_arrow(render, arrow, in, args, n, ret);
	return expr->filter->apply(&render->budget, in, args, n, ret);
}

static int
eval_slice(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value of, bounds[2];
	int r = eval(render, expr->operands, &of);

	if (r == 0)
		r = eval(render, expr->operands->next, &bounds[0]);
	if (r == 0)
		r = eval(render, expr->operands->next->next, &bounds[1]);
	return r == 0 ? filter_slice(&render->budget, of, bounds, 2, ret) : r;
}

static int
eval_check(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value value, argument = { .kind = VALUE_UNDEFINED };
	bool holds = false;
	int r;

	r = eval(render, expr->operands, &value);
	if (r == 0 && expr->n > 1)
		r = eval(render, expr->operands->next, &argument);
	if (r == 0)
		r = expr->check->apply(&render->budget, value, argument, &holds);
	*ret = value_of_bool(holds != expr->negated);
	return r;
}

static int
eval_function(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value *args = arena_alloc(&render->budget.arena, expr->n * sizeof(*args));
	unsigned n = 0;

	if (args == NULL)
		return budget_no_memory(&render->budget);
	for (const struct expr *arg = expr->operands; arg != NULL; arg = arg->next) {
		int r = eval(render, arg, &args[n++]);

		if (r < 0)
			return r;
	}
	return expr->function->apply(&render->budget, args, n, ret);
}

/* --- operators --------------------------------------------------------------------- */

static int
divide(struct budget *budget, enum expr_operator op, double a, double b, double *ret)
{
	if (b == 0)
		return budget_fail(budget, -EINVAL, "division by zero");
	if (op == OP_REMAINDER)
		*ret = fmod(a, b);
	else
		*ret = op == OP_DIVIDE ? a / b : floor(a / b);
	return 0;
}

static int
calculate(struct budget *budget, enum expr_operator op, double a, double b, struct value *ret)
{
	double result = 0;
	int r = 0;

	if (op == OP_ADD)
		result = a + b;
	else if (op == OP_SUBTRACT)
		result = a - b;
	else if (op == OP_MULTIPLY)
		result = a * b;
	else if (op == OP_POWER)
		result = pow(a, b);
	else
		r = divide(budget, op, a, b, &result);
	if (r == 0 && !isfinite(result))
		r = budget_fail(budget, -ERANGE, "a result is not a finite number");
	*ret = value_of_number(result);
	return r;
}

static int
eval_arithmetic(struct render *render, const struct expr *expr, struct value *ret)
{
	double a, b;
	int r;

	r = eval_number(render, expr->operands, &a);
	if (r == 0)
		r = eval_number(render, expr->operands->next, &b);
	return r == 0 ? calculate(&render->budget, expr->op, a, b, ret) : r;
}

static int
join_texts(struct budget *budget, struct span a, struct span b, struct span *ret)
{
	char *bytes;

	if (b.len > TEMPLATE_MAX_OUTPUT || a.len > TEMPLATE_MAX_OUTPUT - b.len)
		return budget_fail(budget, -E2BIG, "text of more than %d bytes", TEMPLATE_MAX_OUTPUT);
	bytes = arena_alloc(&budget->arena, a.len + b.len);
	if (bytes == NULL)
		return budget_no_memory(budget);
	if (a.len > 0)
		memcpy(bytes, a.data, a.len);
	if (b.len > 0)
		memcpy(bytes + a.len, b.data, b.len);
	*ret = (struct span){ bytes, a.len + b.len };
	return 0;
}

static int
join(struct budget *budget, struct value a, struct value b, struct value *ret)
{
	struct span left, right, both;
	int r;

	r = print_to_text(budget, a, &left);
	if (r == 0)
		r = print_to_text(budget, b, &right);
	if (r == 0)
		r = join_texts(budget, left, right, &both);
	if (r == 0) {
		*ret = value_of_text(both);
		ret->safe = a.safe && b.safe;
	}
	return r;
}

/* Among the items of a list or dict, or within a text. */
static int
is_in(struct budget *budget, struct value what, struct value where, bool *ret)
{
	struct value_walk walk = value_walk(where);
	struct value key, item;
	struct span part;
	int r = 0;

	*ret = false;
	while (r == 0 && !*ret && value_next(&walk, &key, &item))
		r = value_equal(budget, what, item, ret);
	if (r < 0 || where.kind != VALUE_TEXT)
		return r;
	r = print_to_text(budget, what, &part);
	if (r == 0)
		*ret = part.len == 0 || span_find(where.text, 0, part) < where.text.len;
	return r == 0 ? budget_spend(budget, where.text.len / TEMPLATE_STEP_BYTES) : r;
}

static int
compare(struct budget *budget, enum expr_operator op, struct value a, struct value b, struct value *ret)
{
	bool holds = false;
	int order = 0, r;

	if (op == OP_EQUAL || op == OP_UNEQUAL) {
		r = value_equal(budget, a, b, &holds);
	} else if (op == OP_IN || op == OP_NOT_IN) {
		r = is_in(budget, a, b, &holds);
	} else {
		r = value_compare(budget, a, b, &order);
		holds = op == OP_LESS || op == OP_AT_LEAST ? order < 0 : order > 0;
	}
	*ret = value_of_bool(holds != (op == OP_UNEQUAL || op == OP_NOT_IN || op == OP_AT_LEAST || op == OP_AT_MOST));
	return r;
}

/* Of operators that look at both sides. */
static int
eval_both(struct render *render, const struct expr *expr, struct value *ret)
{
	struct value a, b;
	int order = 0, r;

	r = eval(render, expr->operands, &a);
	if (r == 0)
		r = eval(render, expr->operands->next, &b);
	if (r < 0)
		return r;
	if (expr->op == OP_JOIN)
		return join(&render->budget, a, b, ret);
	if (expr->op == OP_ORDER) {
		r = value_compare(&render->budget, a, b, &order);
		*ret = value_of_number(order);
		return r;
	}
	return compare(&render->budget, expr->op, a, b, ret);
}

static int
eval_logic(struct render *render, const struct expr *expr, struct value *ret)
{
	bool truth = false;
	int r = eval_truth(render, expr->operands, &truth);

	if (r == 0 && truth == (expr->op == OP_AND))
		r = eval_truth(render, expr->operands->next, &truth);
	*ret = value_of_bool(truth);
	return r;
}

/* The left side, unless it will not do. */
static int
eval_unless(struct render *render, const struct expr *expr, struct value *ret)
{
	int r = eval(render, expr->operands, ret);

	if (r < 0 || (expr->op == OP_UNLESS_MISSING ? !value_is_missing(*ret) : value_is_true(*ret)))
		return r;
	return eval(render, expr->operands->next, ret);
}

static int
eval_binary(struct render *render, const struct expr *expr, struct value *ret)
{
	switch (expr->op) {
	case OP_OR:
	case OP_AND:
		return eval_logic(render, expr, ret);
	case OP_EQUAL:
	case OP_UNEQUAL:
	case OP_LESS:
	case OP_GREATER:
	case OP_AT_LEAST:
	case OP_AT_MOST:
	case OP_IN:
	case OP_NOT_IN:
	case OP_ORDER:
	case OP_JOIN:
		return eval_both(render, expr, ret);
	case OP_ADD:
	case OP_SUBTRACT:
	case OP_MULTIPLY:
	case OP_DIVIDE:
	case OP_DIVIDE_WHOLE:
	case OP_REMAINDER:
	case OP_POWER:
		return eval_arithmetic(render, expr, ret);
	case OP_UNLESS_MISSING:
	case OP_UNLESS_FALSE:
		return eval_unless(render, expr, ret);
	}
	return -EINVAL;
}

/* --- the whole ----------------------------------------------------------------------- */

static int
evaluate(struct render *render, const struct expr *expr, struct value *ret)
{
	switch (expr->kind) {
	case EXPR_LITERAL:
		*ret = expr->literal;
		return 0;
	case EXPR_NAME:
		return scope_find(&render->budget, render->scope, expr->name, ret);
	case EXPR_MEMBER:
		return eval_member(render, expr, ret);
	case EXPR_LIST:
		return eval_list(render, expr, ret);
	case EXPR_DICT:
		return eval_dict(render, expr, ret);
	case EXPR_NOT:
		return eval_not(render, expr, ret);
	case EXPR_NEGATE:
		return eval_negate(render, expr, ret);
	case EXPR_BINARY:
		return eval_binary(render, expr, ret);
	case EXPR_CHOICE:
		return eval_choice(render, expr, ret);
	case EXPR_RANGE:
		return eval_range(render, expr, ret);
	case EXPR_FILTER:
		return eval_filter(render, expr, ret);
	case EXPR_CHECK:
		return eval_check(render, expr, ret);
	case EXPR_MACRO:
		return macro_eval(render, expr, ret);
	case EXPR_CALL:
		return macro_eval_call(render, expr, ret);
	case EXPR_METHOD:
		return macro_eval_method(render, expr, ret);
	case EXPR_FUNCTION:
		return eval_function(render, expr, ret);
	case EXPR_PARENT:
		return render_parent(render, ret);
	case EXPR_BLOCK:
		return render_block_again(render, expr->operands, ret);
	case EXPR_FORM_FIELD:
		return render_form_field(render, ret);
	case EXPR_FORM_VALUE:
		return render_form_value(render, ret);
	case EXPR_INCLUDE:
		return render_included(render, expr, ret);
	case EXPR_SLICE:
		return eval_slice(render, expr, ret);
	case EXPR_APPLIED:
		*ret = render->applied;
		return 0;
	case EXPR_ARROW:
		return budget_fail(&render->budget, -EINVAL, "an arrow function is for filters such as 'map'");
	}
	return -EINVAL;
}

int
eval(struct render *render, const struct expr *expr, struct value *ret)
{
	int r;

	r = budget_enter(&render->budget);
	if (r < 0)
		return render_locate(render, expr->line, r);
	r = budget_spend(&render->budget, 1);
	if (r == 0)
		r = evaluate(render, expr, ret);
	budget_leave(&render->budget);
	return r < 0 ? render_locate(render, expr->line, r) : 0;
}
