#include "fcgi/template/scope.h"

static struct variable *
find_here(const struct scope *scope, struct span name)
{
	struct variable *variable = scope->variables;

	while (variable != NULL && !span_equal(variable->name, name))
		variable = variable->next;
	return variable;
}

int
scope_find(struct budget *budget, const struct scope *scope, struct span name, struct value *ret)
{
	int r = 0;

	*ret = (struct value){ .kind = VALUE_UNDEFINED };
	for (; r == 0 && scope != NULL && ret->kind == VALUE_UNDEFINED; scope = scope->outer) {
		const struct variable *variable = find_here(scope, name);

		if (variable != NULL) {
			*ret = variable->value;
			return 0;
		}
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

/* The innermost scope that has the name, or NULL. */
static int
find_owner(struct budget *budget, struct scope *scope, struct span name, struct scope **ret)
{
	struct value there;
	int r = 0;

	*ret = NULL;
	for (; r == 0 && scope != NULL; scope = scope->closed ? NULL : scope->outer) {
		r = value_named(budget, scope->data, name, &there);
		if (find_here(scope, name) == NULL && there.kind == VALUE_UNDEFINED)
			continue;
		*ret = scope;
		break;
	}
	return r;
}

int
scope_set(struct budget *budget, struct scope *scope, struct span name, struct value value)
{
	struct scope *owner;
	struct variable *variable;
	int r;

	r = find_owner(budget, scope, name, &owner);
	if (r < 0)
		return r;
	variable = owner != NULL ? find_here(owner, name) : NULL;
	if (variable == NULL)
		return scope_add(budget, owner != NULL ? owner : scope, name, value, NULL);
	variable->value = value;
	return 0;
}
