#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/chars.h"
#include "fcgi/template/expr.h"
#include "fcgi/template/function.h"
#include "fcgi/template/parser.h"

/* A list of nodes that grows at its end. */
struct nodes {
	struct node *first;
	struct node **end;
};

/* Parses one tag whose name is behind us. *ret is left alone when it makes no node. */
typedef int tag_parser(struct parser *parser, unsigned line, struct node **ret);

/* The tags that end a body, NULL behind the last. */
typedef const char *const endings[];

static int parse_body(struct parser *parser, endings ends, struct node **ret);

/* --- nodes ------------------------------------------------------------------------- */

/* Returns NULL after a failure. */
static struct node *
new_node(struct parser *parser, enum node_kind kind, unsigned line)
{
	struct node *node = parser_alloc(parser, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->kind = kind;
	node->line = line;
	return node;
}

/* Steps over "%}". */
static int
need_tag_end(struct parser *parser)
{
	if (parser->token.kind != TOKEN_TAG_END)
		return parser_expected(parser, "'%}'");
	parser_advance(parser);
	return parser->failed;
}

/* Parses an expression that must be there. */
static int
need_expression(struct parser *parser, const struct expr **ret)
{
	*ret = expression_parse(parser);
	return *ret != NULL ? 0 : parser->failed;
}

/* The rest of the tag, the body after it, and the tag that ends the body. */
static int
parse_closed_body(struct parser *parser, const char *end, struct node **ret)
{
	const char *const ends[] = { end, NULL };
	int r;

	r = need_tag_end(parser);
	if (r == 0)
		r = parse_body(parser, ends, ret);
	return r == 0 ? parser_need(parser, end) : r;
}

/* --- if and for ---------------------------------------------------------------------- */

static bool
at_else_if(const struct parser *parser)
{
	return parser_at(parser, "elseif") || parser_at(parser, "elif");
}

/* A condition unless it is `else`, and the body up to the next branch. */
static int
parse_branch(struct parser *parser, bool is_else, struct branch **ret)
{
	static endings ends = { "elseif", "elif", "else", "endif", NULL }, last = { "endif", NULL };
	struct branch *branch = parser_alloc(parser, sizeof(*branch));
	int r = branch != NULL ? 0 : -ENOMEM;

	if (r == 0 && !is_else)
		r = need_expression(parser, &branch->condition);
	if (r == 0)
		r = need_tag_end(parser);
	if (r == 0)
		r = parse_body(parser, is_else ? last : ends, &branch->body);
	if (r == 0)
		*ret = branch;
	return r;
}

static int
parse_if(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_IF, line);
	struct branch **end;
	int r;

	if (node == NULL)
		return -ENOMEM;
	end = &node->branches;
	r = parse_branch(parser, false, end);
	while (r == 0 && !parser_at(parser, "endif")) {
		bool is_else = !at_else_if(parser);

		parser_advance(parser);
		end = &(*end)->next;
		r = parse_branch(parser, is_else, end);
	}
	*ret = node;
	return r == 0 ? parser_need(parser, "endif") : r;
}

/* item in items, or key, item in items. */
static int
parse_for_head(struct parser *parser, struct node *node)
{
	int r;

	r = parser_need_name(parser, "a name", &node->loop.item);
	if (r == 0 && parser_take(parser, ",")) {
		node->loop.key = node->loop.item;
		r = parser_need_name(parser, "a name", &node->loop.item);
	}
	if (r == 0)
		r = parser_need(parser, "in");
	if (r == 0)
		r = need_expression(parser, &node->loop.of);
	return r == 0 ? need_tag_end(parser) : r;
}

static int
parse_for(struct parser *parser, unsigned line, struct node **ret)
{
	static endings ends = { "else", "endfor", NULL };
	struct node *node = new_node(parser, NODE_FOR, line);
	int r;

	if (node == NULL)
		return -ENOMEM;
	r = parse_for_head(parser, node);
	if (r == 0)
		r = parse_body(parser, ends, &node->loop.body);
	*ret = node;
	if (r == 0 && parser_take(parser, "else"))
		return parse_closed_body(parser, "endfor", &node->loop.otherwise);
	return r == 0 ? parser_need(parser, "endfor") : r;
}

/* --- set and macro ---------------------------------------------------------------------- */

/* Nodes for further names of one tag: set a, b = 1, 2. */
static int
parse_set_of_several(struct parser *parser, struct node *first)
{
	struct node *last = first;
	int r = 0;

	while (r == 0 && parser_take(parser, ",")) {
		struct node *node = new_node(parser, NODE_SET, first->line);

		if (node == NULL)
			return -ENOMEM;
		last->next = node;
		last = node;
		r = parser_need_name(parser, "a name", &node->set.name);
	}
	if (r == 0)
		r = parser_need(parser, "=");
	for (struct node *node = first; r == 0 && node != NULL; node = node->next) {
		r = need_expression(parser, &node->set.expr);
		if (r == 0 && node->next != NULL)
			r = parser_need(parser, ",");
	}
	return r;
}

static int
parse_set(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_SET, line);
	int r;

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	r = parser_need_name(parser, "a name", &node->set.name);
	if (r < 0)
		return r;
	if (parser_at(parser, ","))
		return parse_set_of_several(parser, node);
	if (parser_take(parser, "="))
		return need_expression(parser, &node->set.expr);
	if (parser->token.kind != TOKEN_TAG_END)
		return parser_expected(parser, "'=' or '%}'");
	node->kind = NODE_CAPTURE;
	return parse_closed_body(parser, "endset", &node->set.body);
}

static int
parse_parameter(struct parser *parser, struct parameter **ret)
{
	struct parameter *parameter = parser_alloc(parser, sizeof(*parameter));
	int r;

	if (parameter == NULL)
		return -ENOMEM;
	r = parser_need_name(parser, "a name or ')'", &parameter->name);
	if (r == 0 && parser_take(parser, "="))
		r = need_expression(parser, &parameter->unset);
	if (r == 0)
		*ret = parameter;
	return r;
}

static int
parse_parameters(struct parser *parser, struct macro *macro)
{
	struct parameter **end = &macro->parameters;
	int r;

	r = parser_need(parser, "(");
	while (r == 0 && !parser_at(parser, ")")) {
		r = parse_parameter(parser, end);
		if (r < 0)
			break;
		end = &(*end)->next;
		macro->n++;
		if (!parser_take(parser, ","))
			break;
	}
	return r == 0 ? parser_need(parser, ")") : r;
}

/* Steps over the name after an end tag, which may be left out. */
static int
parse_end_name(struct parser *parser, struct span name)
{
	char quoted[64];

	if (parser->token.kind != TOKEN_NAME || span_equal(parser->token.text, name)) {
		if (parser->token.kind == TOKEN_NAME)
			parser_advance(parser);
		return parser->failed;
	}
	snprintf(quoted, sizeof(quoted), "'%.*s'", (int)name.len, name.data);
	return parser_expected(parser, quoted);
}

/* Refuses a name that is taken. */
static int
check_macro_name(struct parser *parser, struct span name, unsigned line)
{
	if (operand_is_function(name))
		return parser_fail(parser, line, -EINVAL, "'%.*s' is a function", (int)name.len, name.data);
	for (const struct macro *macro = parser->template->macros; macro != NULL; macro = macro->next)
		if (span_equal(macro->name, name))
			return parser_fail(parser, line, -EINVAL, "macro '%.*s' is there already, on line %u",
			    (int)name.len, name.data, macro->line);
	return 0;
}

static int
parse_macro_inside(struct parser *parser, struct macro *macro)
{
	int r;

	r = parser_need_name(parser, "a name", &macro->name);
	if (r == 0)
		r = check_macro_name(parser, macro->name, macro->line);
	if (r == 0)
		r = parse_parameters(parser, macro);
	if (r == 0)
		r = parse_closed_body(parser, "endmacro", &macro->body);
	return r == 0 ? parse_end_name(parser, macro->name) : r;
}

/* A macro sees its parameters only, so no block may be open in it. */
static int
parse_macro(struct parser *parser, unsigned line, struct node **ret)
{
	const struct block *block = parser->block;
	struct macro *macro = parser_alloc(parser, sizeof(*macro));
	int r;

	(void)ret;
	if (macro == NULL)
		return -ENOMEM;
	if (parser->macro != NULL)
		return parser_fail(parser, line, -EINVAL, "'macro' stands inside a macro");
	macro->line = line;
	parser->macro = macro;
	parser->block = NULL;
	r = parse_macro_inside(parser, macro);
	parser->block = block;
	parser->macro = NULL;
	macro->next = parser->template->macros;
	parser->template->macros = macro;
	return r;
}

/* --- extends, block and include -------------------------------------------------------------- */

static int
parse_extends(struct parser *parser, unsigned line, struct node **ret)
{
	(void)ret;
	if (parser->depth > 1)
		return parser_fail(parser, line, -EINVAL, "'extends' stands inside another tag");
	if (parser->template->extends != NULL)
		return parser_fail(
		    parser, line, -EINVAL, "'extends' is there already, on line %u", parser->template->extends->line);
	return need_expression(parser, &parser->template->extends);
}

/* Whose blocks those that are parsed are. */
static struct template *
blocks_of(struct parser *parser)
{
	return parser->embedding != NULL ? parser->embedding : parser->template;
}

static int
check_block_name(struct parser *parser, struct span name, unsigned line)
{
	for (const struct block *block = blocks_of(parser)->blocks; block != NULL; block = block->next)
		if (span_equal(block->name, name))
			return parser_fail(parser, line, -EINVAL, "block '%.*s' is there already, on line %u",
			    (int)name.len, name.data, block->line);
	return 0;
}

/* Blocks are known by name before their bodies are parsed. */
static int
parse_block_inside(struct parser *parser, struct block *block)
{
	const struct block *outer = parser->block;
	int r;

	r = parser_need_name(parser, "a name", &block->name);
	if (r == 0)
		r = check_block_name(parser, block->name, block->line);
	if (r < 0)
		return r;
	block->next = blocks_of(parser)->blocks;
	blocks_of(parser)->blocks = block;
	parser->block = block;
	r = parse_closed_body(parser, "endblock", &block->body);
	parser->block = outer;
	return r == 0 ? parse_end_name(parser, block->name) : r;
}

static int
parse_block(struct parser *parser, unsigned line, struct node **ret)
{
	struct block *block = parser_alloc(parser, sizeof(*block));
	struct node *node = new_node(parser, NODE_BLOCK, line);

	if (block == NULL || node == NULL)
		return -ENOMEM;
	if (parser->macro != NULL)
		return parser_fail(parser, line, -EINVAL, "'block' stands inside a macro");
	block->line = line;
	node->block = block;
	*ret = node;
	return parse_block_inside(parser, block);
}

static int
parse_include(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_INCLUDE, line);
	int r;

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	r = need_expression(parser, &node->include.name);
	if (r == 0 && parser_take(parser, "ignore")) {
		node->include.ignore_missing = true;
		r = parser_need(parser, "missing");
	}
	if (r == 0 && parser_take(parser, "with"))
		r = need_expression(parser, &node->include.with);
	if (r == 0)
		node->include.only = parser_take(parser, "only");
	return r;
}

static int
parse_with(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_WITH, line);
	int r = 0;

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	if (parser->token.kind != TOKEN_TAG_END && !parser_at(parser, "only"))
		r = need_expression(parser, &node->with.variables);
	if (r == 0)
		node->with.only = parser_take(parser, "only");
	return r == 0 ? parse_closed_body(parser, "endwith", &node->with.body) : r;
}

static int
parse_apply(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_APPLY, line);

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	node->apply.filters = operand_parse_filters(parser, expr_new(parser, EXPR_APPLIED, line));
	if (node->apply.filters == NULL)
		return parser->failed;
	return parse_closed_body(parser, "endapply", &node->apply.body);
}

static int
parse_do(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_DO, line);

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	return need_expression(parser, &node->print);
}

/* Whether a node makes no output where it stands; ret_line is moved to what does. */
static bool
is_silent(const struct node *node, unsigned *ret_line)
{
	*ret_line = node->line;
	if (node->kind != NODE_TEXT)
		return node->kind == NODE_BLOCK || node->kind == NODE_SET || node->kind == NODE_CAPTURE ||
		    node->kind == NODE_IMPORT;
	for (size_t i = 0; i < node->text.len; i++) {
		if (strchr(" \t\r\n\f\v", node->text.data[i]) == NULL)
			return false;
		*ret_line += node->text.data[i] == '\n';
	}
	return true;
}

/* What stands outside the blocks of a template that extends another would be lost. */
static int
check_extending(struct parser *parser, const struct node *body)
{
	unsigned line;

	for (const struct node *node = body; node != NULL; node = node->next)
		if (!is_silent(node, &line))
			return parser_fail(parser, line, -EINVAL,
			    "expected only blocks, macros and sets in a template that extends another");
	return 0;
}

/* The blocks of an embed are those of a template of its own. */
static int
parse_embedded(struct parser *parser, struct node *node)
{
	struct template *outer = parser->template, *inner = parser_alloc(parser, sizeof(*inner));
	const struct block *block = parser->block;
	int r;

	if (inner == NULL)
		return -ENOMEM;
	inner->name = outer->name;
	inner->extends = node->include.name;
	node->include.embedded = inner;
	parser->embedding = inner;
	parser->block = NULL;
	r = parse_closed_body(parser, "endembed", &inner->body);
	parser->block = block;
	return r == 0 ? check_extending(parser, inner->body) : r;
}

/* embed "box.html" with {...} only, and then blocks. */
static int
parse_embed(struct parser *parser, unsigned line, struct node **ret)
{
	struct template *around = parser->embedding;
	int r = parse_include(parser, line, ret);

	if (r < 0)
		return r;
	(*ret)->kind = NODE_EMBED;
	r = parse_embedded(parser, *ret);
	parser->embedding = around;
	return r;
}

/* The name of a template, or _self: NULL. */
static int
parse_origin(struct parser *parser, struct node *node)
{
	if (parser_take(parser, "_self"))
		return parser->failed;
	return need_expression(parser, &node->import.from);
}

/* import "forms.html" as forms */
static int
parse_import(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_IMPORT, line);
	int r;

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	r = parse_origin(parser, node);
	if (r == 0)
		r = parser_need(parser, "as");
	return r == 0 ? parser_need_name(parser, "a name", &node->import.all) : r;
}

/* from "forms.html" import input, button as submit */
static int
parse_from(struct parser *parser, unsigned line, struct node **ret)
{
	struct node *node = new_node(parser, NODE_IMPORT, line);
	const struct import **end;
	int r;

	if (node == NULL)
		return -ENOMEM;
	*ret = node;
	end = &node->import.each;
	parser->imports = true;
	r = parse_origin(parser, node);
	if (r == 0)
		r = parser_need(parser, "import");
	while (r == 0) {
		struct import *import = parser_alloc(parser, sizeof(*import));

		if (import == NULL)
			return -ENOMEM;
		r = parser_need_name(parser, "a name", &import->macro);
		import->as = import->macro;
		if (r == 0 && parser_take(parser, "as"))
			r = parser_need_name(parser, "a name", &import->as);
		*end = import;
		end = (const struct import **)&import->next;
		if (!parser_take(parser, ","))
			break;
	}
	return r;
}

/* --- bodies -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	tag_parser *parse;
} tags[] = {
	{ "apply", parse_apply },
	{ "block", parse_block },
	{ "do", parse_do },
	{ "embed", parse_embed },
	{ "extends", parse_extends },
	{ "for", parse_for },
	{ "from", parse_from },
	{ "if", parse_if },
	{ "import", parse_import },
	{ "include", parse_include },
	{ "macro", parse_macro },
	{ "set", parse_set },
	{ "with", parse_with },
};

static tag_parser *
find_tag(struct span name)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (span_is(name, tags[i].name))
			return tags[i].parse;
	return NULL;
}

static bool
at_one_of(const struct parser *parser, endings ends)
{
	for (; *ends != NULL; ends++)
		if (parser_at(parser, *ends))
			return true;
	return false;
}

/* Whether a tag is known, though it may not stand here. */
static bool
is_inner_tag(struct span name)
{
	static endings inner = { "elseif", "elif", "else", "endapply", "endblock", "endembed", "endfor", "endif",
		"endmacro", "endset", "endwith", "endraw", "endverbatim", NULL };

	for (const char *const *at = inner; *at != NULL; at++)
		if (span_is(name, *at))
			return true;
	return false;
}

/* 'a', 'b' or 'c' was expected. */
static int
expected_one_of(struct parser *parser, endings ends)
{
	char list[80];
	size_t n = 0;

	if (*ends == NULL)
		return parser_expected(parser, "a tag");
	for (size_t i = 0; ends[i] != NULL; i++) {
		const char *before = i == 0 ? "" : ends[i + 1] == NULL ? " or " : ", ";

		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s'%s'", before, ends[i]);
	}
	return parser_expected(parser, list);
}

/* A tag whose name is next, up to its end. */
static int
parse_tag(struct parser *parser, endings ends, struct node **ret)
{
	struct span name = parser->token.text;
	unsigned line = parser->token.line;
	tag_parser *parse;
	int r;

	if (parser->token.kind != TOKEN_NAME)
		return parser_expected(parser, "a tag");
	parse = find_tag(name);
	if (parse == NULL && is_inner_tag(name))
		return expected_one_of(parser, ends);
	if (parse == NULL)
		return parser_fail(parser, line, -EINVAL, "unknown tag '%.*s'", (int)chars_prefix(name, 40), name.data);
	parser_advance(parser);
	r = parse(parser, line, ret);
	return r == 0 ? need_tag_end(parser) : r;
}

static int
parse_print(struct parser *parser, struct node **ret)
{
	struct node *node = new_node(parser, NODE_PRINT, parser->token.line);
	int r;

	parser_advance(parser);
	if (node == NULL)
		return -ENOMEM;
	r = need_expression(parser, &node->print);
	if (r == 0 && parser->token.kind != TOKEN_PRINT_END)
		return parser_expected(parser, "'}}'");
	parser_advance(parser);
	*ret = node;
	return r < 0 ? r : parser->failed;
}

static int
parse_text(struct parser *parser, struct node **ret)
{
	struct node *node;

	if (parser->token.text.len > 0) {
		node = new_node(parser, NODE_TEXT, parser->token.line);
		if (node == NULL)
			return -ENOMEM;
		node->text = parser->token.text;
		*ret = node;
	}
	parser_advance(parser);
	return parser->failed;
}

/* Returns 1 at a tag that ends the body, with its name next. */
static int
parse_node(struct parser *parser, endings ends, struct node **ret)
{
	switch (parser->token.kind) {
	case TOKEN_TEXT:
		return parse_text(parser, ret);
	case TOKEN_PRINT:
		return parse_print(parser, ret);
	case TOKEN_TAG:
		parser_advance(parser);
		return at_one_of(parser, ends) ? 1 : parse_tag(parser, ends, ret);
	default:
		break;
	}
	return parser->failed < 0 || *ends != NULL ? expected_one_of(parser, ends) : 1;
}

static int
parse_nodes(struct parser *parser, endings ends, struct nodes *nodes)
{
	int r = 0;

	while (r == 0) {
		struct node *node = NULL;

		r = parse_node(parser, ends, &node);
		if (node == NULL)
			continue;
		*nodes->end = node;
		while (*nodes->end != NULL) /* a tag may make several */
			nodes->end = &(*nodes->end)->next;
	}
	return r < 0 ? r : 0;
}

/* Text and tags up to one of the tags that may end them, whose name is then next. */
static int
parse_body(struct parser *parser, endings ends, struct node **ret)
{
	struct nodes nodes = { NULL, &nodes.first };
	int r;

	r = parser_enter(parser);
	if (r < 0)
		return r;
	r = parse_nodes(parser, ends, &nodes);
	parser_leave(parser);
	*ret = nodes.first;
	return r;
}

/* --- the whole --------------------------------------------------------------------------------------- */

int
tags_parse(struct parser *parser)
{
	static endings none = { NULL };
	int r;

	r = parse_body(parser, none, &parser->template->body);
	if (r == 0 && parser->template->extends != NULL)
		r = check_extending(parser, parser->template->body);
	return r;
}
