#include "fcgi/template/limits.h"
#include "fcgi/template/scope.h"

/* The variable of that name in this scope itself, or NULL. Returns 0 or a failure. */
static int
find_here(struct budget *budget, const struct scope *scope, struct span name, struct variable **ret)
{
	size_t passed = 0;

	for (*ret = scope->variables; *ret != NULL && !span_equal((*ret)->name, name); *ret = (*ret)->next)
		passed++;
	return budget_spend(budget, passed / TEMPLATE_STEP_NAMES);
}

int
scope_find(struct budget *budget, const struct scope *scope, struct span name, struct value *ret)
{
	int r = 0;

	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	for (; r == 0 && scope != NULL && ret->kind == VALUE_UNDEFINED; scope = scope->outer) {
		struct variable *variable;

		r = find_here(budget, scope, name, &variable);
		if (r == 0 && variable != NULL) {
			*ret = variable->value;
			return 0;
		}
		if (r == 0)
			r = value_named(budget, scope->data, name, ret);
	}
	return r;
}

int
scope_add(struct budget *budget, struct scope *scope, struct span name, struct value value, struct variable **ret)
{
	struct variable *variable = arena_alloc(&budget->arena, sizeof(*variable));

	if (variable == NULL)
		return budget_no_memory(budget);
	*variable = (struct variable){ name, value, scope->variables };
	scope->variables = variable;
	if (ret != NULL)
		*ret = variable;
	return 0;
}

/* The innermost scope that has the name, or NULL, and the variable there unless it is data. */
static int
find_owner(
    struct budget *budget, struct scope *scope, struct span name, struct scope **ret, struct variable **ret_variable)
{
	struct value there;
	int r = 0;

	*ret = NULL;
	*ret_variable = NULL;
	for (; r == 0 && *ret == NULL && scope != NULL; scope = scope->closed ? NULL : scope->outer) {
		r = find_here(budget, scope, name, ret_variable);
		if (r == 0)
			r = value_named(budget, scope->data, name, &there);
		if (r == 0 && (*ret_variable != NULL || there.kind != VALUE_UNDEFINED))
			*ret = scope;
	}
	return r;
}

int
scope_set(struct budget *budget, struct scope *scope, struct span name, struct value value)
{
	struct scope *owner;
	struct variable *variable;
	int r;

	r = find_owner(budget, scope, name, &owner, &variable);
	if (r < 0)
		return r;
	if (variable == NULL)
		return scope_add(budget, owner != NULL ? owner : scope, name, value, NULL);
	variable->value = value;
	return 0;
}
