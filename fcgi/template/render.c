#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/template/macro.h"
#include "fcgi/template/print.h"
#include "fcgi/template/render.h"
#include "fcgi/template/template.h"
#include "shared/buf.h"

struct used {
	struct template *template; /* NULL: there is none of that name */
	const char *name;
	struct used *next;
};

static int render_nodes(struct render *render, const struct node *node);

int
render_locate(struct render *render, unsigned line, int r)
{
	if (!render->located)
		buf_printf(render->error, "%s:%u: %s", render->at.template->name, line, render->budget.why);
	render->located = true;
	return r;
}

/* --- other templates ---------------------------------------------------------------- */

static struct used *
find_used(const struct render *render, struct span name)
{
	struct used *used = render->used;

	while (used != NULL && !span_is(name, used->name))
		used = used->next;
	return used;
}

/* Keeps why the finder failed. What is wrong within a template has its place already. */
static int
find_failed(struct render *render, int r, struct buf *error)
{
	budget_fail(&render->budget, r, "%s", buf_cstr(error) ? buf_cstr(error) : "out of memory");
	if (r == -EINVAL || r == -E2BIG) {
		buf_string(render->error, render->budget.why);
		render->located = true;
	}
	return r;
}

/* Asks the finder, once for each name. */
static int
find_anew(struct render *render, struct span name, struct used **ret)
{
	struct used *used = arena_alloc(&render->budget.arena, sizeof(*used));
	char *string = arena_alloc(&render->budget.arena, name.len + 1);
	struct buf error = BUF_INIT;
	int r;

	if (used == NULL || string == NULL)
		return budget_no_memory(&render->budget);
	memcpy(string, name.data, name.len);
	*used = (struct used){ NULL, string, render->used };
	r = render->find(render->context, string, &used->template, &error);
	if (r == 0 || r == -ENOENT) {
		*ret = render->used = used;
		r = 0;
	} else {
		r = find_failed(render, r, &error);
	}
	buf_free(&error);
	return r;
}

/* Returns 0, -ENOENT when there is no such template, or another failure. */
static int
find_template(struct render *render, struct span name, const struct template **ret)
{
	struct used *used = find_used(render, name);
	int r = 0;

	if (used == NULL)
		r = find_anew(render, name, &used);
	if (r < 0)
		return r;
	if (used->template == NULL)
		return budget_fail(&render->budget, -ENOENT, "no template '%.*s'", (int)name.len, name.data);
	*ret = used->template;
	return 0;
}

int
render_find(struct render *render, const struct expr *name, const struct template **ret)
{
	struct value value;
	int r = eval(render, name, &value);

	if (r < 0)
		return r;
	if (value.kind != VALUE_TEXT)
		return budget_fail(
		    &render->budget, -EINVAL, "expected the name of a template, found %s", value_kind_name(value.kind));
	if (value.text.len == 0 || value.text.len > TEMPLATE_MAX_NAME ||
	    memchr(value.text.data, '\0', value.text.len) != NULL)
		return budget_fail(
		    &render->budget, -EINVAL, "expected the name of a template, of 1 to %d bytes", TEMPLATE_MAX_NAME);
	return find_template(render, value.text, ret);
}

/* --- blocks ---------------------------------------------------------------------------- */

static int
find_block(struct budget *budget, const struct template *template, struct span name, const struct block **ret)
{
	size_t passed = 0;

	for (*ret = template->blocks; *ret != NULL && !span_equal((*ret)->name, name); *ret = (*ret)->next)
		passed++;
	return budget_spend(budget, passed / TEMPLATE_STEP_NAMES);
}

/* The block of that name which counts, from a level of the chain on; NULL when there is none. */
static int
find_in_chain(struct render *render, struct span name, size_t *level, const struct block **ret)
{
	const struct chain *chain = render->at.chain;
	int r = 0;

	*ret = NULL;
	for (; *level < chain->n; (*level)++) {
		r = find_block(&render->budget, chain->templates[*level], name, ret);
		if (r < 0 || *ret != NULL)
			break;
	}
	return r;
}

static int
render_block(struct render *render, const struct block *block, size_t level)
{
	struct scope scope = { .outer = render->scope, .closed = true };
	struct position before = render->at;
	int r;

	render->at.template = render->at.chain->templates[level];
	render->at.block = block;
	render->at.level = level;
	render->scope = &scope;
	r = render_nodes(render, block->body);
	render->scope = scope.outer;
	render->at = before;
	return r;
}

static int
render_block_node(struct render *render, const struct node *node)
{
	size_t level = 0;
	const struct block *block;
	int r = find_in_chain(render, node->block->name, &level, &block);

	return r == 0 ? render_block(render, block, level) : r;
}

/* Takes what was written since a mark back, as text that is HTML already. */
static int
take_output(struct render *render, size_t mark, struct value *ret)
{
	struct span text = { NULL, render->out->len - mark };

	text.data = arena_copy(&render->budget.arena, render->out->data + mark, text.len);
	render->out->len = mark;
	if (text.data == NULL)
		return budget_no_memory(&render->budget);
	*ret = value_of_text(text);
	ret->safe = true;
	return 0;
}

int
render_parent(struct render *render, struct value *ret)
{
	size_t level = render->at.level + 1, mark = render->out->len;
	struct span name = render->at.block->name;
	const struct block *block;
	int r = find_in_chain(render, name, &level, &block);

	if (r == 0 && block == NULL)
		return budget_fail(&render->budget, -EINVAL, "block '%.*s' has no parent", (int)name.len, name.data);
	if (r == 0)
		r = render_block(render, block, level);
	return r == 0 ? take_output(render, mark, ret) : r;
}

int
render_block_again(struct render *render, const struct expr *name, struct value *ret)
{
	size_t level = 0, mark = render->out->len;
	const struct block *block;
	struct value value;
	struct span text;
	int r = eval(render, name, &value);

	if (r == 0)
		r = print_to_text(&render->budget, value, &text);
	if (r == 0)
		r = find_in_chain(render, text, &level, &block);
	if (r < 0)
		return r;
	if (block == NULL)
		return budget_fail(&render->budget, -EINVAL, "no block '%.*s'", (int)text.len, text.data);
	r = render_block(render, block, level);
	return r == 0 ? take_output(render, mark, ret) : r;
}

/* --- set ---------------------------------------------------------------------- */

static int
render_set(struct render *render, const struct node *node)
{
	struct value value;
	int r = eval(render, node->set.expr, &value);

	return r == 0 ? scope_set(&render->budget, render->scope, node->set.name, value) : r;
}

int
render_captured(struct render *render, const struct node *nodes, struct value *ret)
{
	size_t mark = render->out->len;
	int r = render_nodes(render, nodes);

	return r == 0 ? take_output(render, mark, ret) : r;
}

static int
render_capture(struct render *render, const struct node *node)
{
	struct value value;
	int r = render_captured(render, node->set.body, &value);

	return r == 0 ? scope_set(&render->budget, render->scope, node->set.name, value) : r;
}

/* --- if and for ------------------------------------------------------------------------------ */

static int
render_if(struct render *render, const struct node *node)
{
	for (const struct branch *branch = node->branches; branch != NULL; branch = branch->next) {
		struct value value = { .kind = VALUE_UNDEFINED };
		int r = branch->condition != NULL ? eval(render, branch->condition, &value) : 0;

		if (r < 0)
			return r;
		if (branch->condition == NULL || value_is_true(value))
			return render_nodes(render, branch->body);
	}
	return 0;
}

/* The variables of a loop; key is NULL when it is not asked for. */
struct loop_variables {
	struct variable *key;
	struct variable *item;
	struct loop *loop; /* in the arena: it can be set to a variable that lives on */
};

static int
add_loop_variables(struct render *render, const struct node *node, struct loop_variables *ret)
{
	struct value undefined = { .kind = VALUE_UNDEFINED }, outer, state = { .kind = VALUE_LOOP };
	struct budget *budget = &render->budget;
	int r;

	ret->key = NULL;
	ret->loop = arena_alloc(&budget->arena, sizeof(*ret->loop));
	if (ret->loop == NULL)
		return budget_no_memory(budget);
	state.loop = ret->loop;
	r = scope_find(budget, render->scope->outer, span_of("loop"), &outer);
	if (r == 0)
		r = scope_add(budget, render->scope, span_of("loop"), state, NULL);
	if (r == 0 && node->loop.key.len > 0)
		r = scope_add(budget, render->scope, node->loop.key, undefined, &ret->key);
	if (r == 0)
		r = scope_add(budget, render->scope, node->loop.item, undefined, &ret->item);
	if (r == 0 && outer.kind == VALUE_LOOP)
		ret->loop->parent = outer.loop;
	return r;
}

static int
render_items(struct render *render, const struct node *node, struct value of)
{
	struct value_walk walk = value_walk(of);
	struct loop_variables variables;
	struct value key, item;
	int r;

	r = add_loop_variables(render, node, &variables);
	if (r < 0)
		return r;
	variables.loop->length = value_count(of);
	while (r == 0 && value_next(&walk, &key, &item)) {
		if (variables.key != NULL)
			variables.key->value = key;
		variables.item->value = item;
		r = budget_spend(&render->budget, 1);
		if (r == 0)
			r = render_nodes(render, node->loop.body);
		variables.loop->index0++;
	}
	return r;
}

static int
render_for(struct render *render, const struct node *node)
{
	struct scope scope = { .outer = render->scope };
	struct value of;
	int r;

	r = eval(render, node->loop.of, &of);
	if (r < 0)
		return r;
	if (!value_is_iterable(of) && !value_is_missing(of))
		return budget_fail(&render->budget, -EINVAL, "expected a list or a dict to loop over, found %s",
		    value_kind_name(of.kind));
	if (value_is_empty(of))
		return render_nodes(render, node->loop.otherwise);
	render->scope = &scope;
	r = render_items(render, node, of);
	render->scope = scope.outer;
	return r;
}

/* --- whole templates ----------------------------------------------------------------------------- */

/* What a template that extends another does before its parent writes. */
static int
render_sets(struct render *render, const struct node *node)
{
	int r = 0;

	for (; r == 0 && node != NULL; node = node->next) {
		if (node->kind == NODE_SET)
			r = render_set(render, node);
		else if (node->kind == NODE_CAPTURE)
			r = render_capture(render, node);
		else if (node->kind == NODE_IMPORT)
			r = macro_import(render, node);
		if (r < 0)
			render_locate(render, node->line, r);
	}
	return r;
}

/* Adds what the last template of the chain extends. */
static int
lengthen(struct render *render, struct chain *chain)
{
	const struct template *last = chain->templates[chain->n - 1];
	int r;

	render->at.template = last;
	r = render_sets(render, last->body);
	if (r < 0)
		return r;
	if (chain->n == TEMPLATE_MAX_EXTENDS)
		r = budget_fail(
		    &render->budget, -ELOOP, "templates that extend one another, more than %d", TEMPLATE_MAX_EXTENDS);
	else
		r = render_find(render, last->extends, &chain->templates[chain->n]);
	if (r < 0)
		return render_locate(render, last->extends->line, r);
	chain->n++;
	return 0;
}

static int
render_chain(struct render *render, const struct template *template)
{
	struct chain chain = { .templates = { template }, .n = 1 };
	struct position before = render->at;
	int r = 0;

	render->at = (struct position){ .template = template, .chain = &chain };
	while (r == 0 && chain.templates[chain.n - 1]->extends != NULL)
		r = lengthen(render, &chain);
	if (r == 0) {
		render->at.template = chain.templates[chain.n - 1];
		r = render_nodes(render, render->at.template->body);
	}
	render->at = before;
	return r;
}

/* What stands in variables of its own: those of a dict, and unless `only` those here. */
static int
open_scope(struct render *render, const struct expr *dict, bool only, struct scope *ret)
{
	struct value with = { .kind = VALUE_UNDEFINED };
	int r;

	*ret = (struct scope){ .outer = only ? NULL : render->scope, .closed = true };
	if (dict == NULL)
		return 0;
	r = eval(render, dict, &with);
	if (r == 0 && with.kind != VALUE_DICT && !value_is_missing(with))
		r = budget_fail(
		    &render->budget, -EINVAL, "expected a dict after 'with', found %s", value_kind_name(with.kind));
	ret->data = with;
	return r;
}

/* With the variables of a scope. */
static int
render_in_scope(struct render *render, struct scope *scope, const struct template *template)
{
	struct scope *outer = render->scope;
	int r;

	render->scope = scope;
	r = render_chain(render, template);
	render->scope = outer;
	return r;
}

static int
include(struct render *render, const struct expr *name, const struct expr *with, bool only, bool ignore_missing)
{
	const struct template *template;
	struct scope scope;
	int r;

	r = render_find(render, name, &template);
	if (r == -ENOENT && ignore_missing && !render->located)
		return 0;
	if (r == 0)
		r = open_scope(render, with, only, &scope);
	return r == 0 ? render_in_scope(render, &scope, template) : r;
}

static int
render_include(struct render *render, const struct node *node)
{
	return include(
	    render, node->include.name, node->include.with, node->include.only, node->include.ignore_missing);
}

int
render_included(struct render *render, const struct expr *expr, struct value *ret)
{
	const struct expr *name = expr->operands;
	size_t mark = render->out->len;
	int r = include(render, name, name->next, expr->include.only, expr->include.ignore_missing);

	return r == 0 ? take_output(render, mark, ret) : r;
}

/* A template that stands in this one, and extends another. */
static int
render_embed(struct render *render, const struct node *node)
{
	struct scope scope;
	int r = open_scope(render, node->include.with, node->include.only, &scope);

	return r == 0 ? render_in_scope(render, &scope, node->include.embedded) : r;
}

/* Writes a value, escaped for HTML unless it is that already. */
static int
put(struct render *render, struct value value)
{
	struct span text;
	int r;

	if (value.kind == VALUE_NUMBER)
		return print_value(&render->budget, render->out, value);
	r = print_to_text(&render->budget, value, &text);
	if (r == 0 && value.safe)
		text_put(render->out, text);
	else if (r == 0)
		text_put_html(render->out, text);
	return r;
}

/* --- with, apply and do ------------------------------------------------------------------------------ */

static int
render_with(struct render *render, const struct node *node)
{
	struct scope *outer = render->scope, scope;
	int r = open_scope(render, node->with.variables, node->with.only, &scope);

	if (r < 0)
		return r;
	render->scope = &scope;
	r = render_nodes(render, node->with.body);
	render->scope = outer;
	return r;
}

/* What is rendered in between, through filters. */
static int
render_apply(struct render *render, const struct node *node)
{
	struct value before = render->applied, value;
	int r = render_captured(render, node->apply.body, &value);

	if (r < 0)
		return r;
	render->applied = value;
	r = eval(render, node->apply.filters, &value);
	render->applied = before;
	return r == 0 ? put(render, value) : r;
}

static int
render_do(struct render *render, const struct node *node)
{
	struct value value;

	return eval(render, node->print, &value);
}

/* --- nodes ------------------------------------------------------------------------------------------ */

static int
render_print(struct render *render, const struct node *node)
{
	struct value value;
	int r = eval(render, node->print, &value);

	return r == 0 ? put(render, value) : r;
}

static int
render_node(struct render *render, const struct node *node)
{
	switch (node->kind) {
	case NODE_TEXT:
		text_put(render->out, node->text);
		return 0;
	case NODE_PRINT:
		return render_print(render, node);
	case NODE_IF:
		return render_if(render, node);
	case NODE_FOR:
		return render_for(render, node);
	case NODE_SET:
		return render_set(render, node);
	case NODE_CAPTURE:
		return render_capture(render, node);
	case NODE_BLOCK:
		return render_block_node(render, node);
	case NODE_INCLUDE:
		return render_include(render, node);
	case NODE_IMPORT:
		return macro_import(render, node);
	case NODE_WITH:
		return render_with(render, node);
	case NODE_APPLY:
		return render_apply(render, node);
	case NODE_DO:
		return render_do(render, node);
	case NODE_EMBED:
		return render_embed(render, node);
	}
	return -EINVAL;
}

static int
render_each(struct render *render, const struct node *node)
{
	int r = 0;

	for (; r == 0 && node != NULL; node = node->next) {
		r = budget_spend(&render->budget, 1);
		if (r == 0)
			r = render_node(render, node);
		if (r == 0 && render->out->failed)
			r = budget_fail(&render->budget, -E2BIG, "out of memory, or a page of more than %d bytes",
			    TEMPLATE_MAX_OUTPUT);
		if (r < 0)
			render_locate(render, node->line, r);
	}
	return r;
}

/* Nodes that stand side by side. A failure is located. */
static int
render_nodes(struct render *render, const struct node *node)
{
	int r;

	if (node == NULL)
		return 0;
	r = budget_enter(&render->budget);
	if (r < 0)
		return render_locate(render, node->line, r);
	r = render_each(render, node);
	budget_leave(&render->budget);
	return r;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void
free_render(struct render *render)
{
	for (struct used *used = render->used; used != NULL; used = used->next)
		template_unref(used->template);
	arena_free(&render->budget.arena);
}

int
render_template(template_find *find, void *context, const char *name, const struct render_input *input, struct buf *out,
    struct buf *error)
{
	struct scope scope = { .data = value_of_json(input->data), .closed = true };
	struct render render = {
		.find = find, .context = context, .input = input, .scope = &scope, .out = out, .error = error
	};
	const struct template *template;
	size_t before = out->len;
	int r;

	r = find_template(&render, span_of(name), &template);
	if (r == 0)
		r = render_chain(&render, template);
	else if (!render.located)
		buf_string(error, render.budget.why);
	if (r < 0) {
		out->len = before;
		out->failed = false;
	}
	free_render(&render);
	return r;
}
