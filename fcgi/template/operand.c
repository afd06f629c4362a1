#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fcgi/template/callee.h"
#include "fcgi/template/expr.h"
#include "fcgi/template/filter.h"
#include "fcgi/template/function.h"
#include "fcgi/template/number.h"

/* --- literals -------------------------------------------------------------------------- */

/* The byte that \c means; 0 when the two stay as they are. */
static char
escaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '\\':
	case '"':
	case '\'':
		return c;
	default:
		return '\0';
	}
}

/* What the quoted text means. Returns 0 or a negative errno. */
static int
unquote(struct parser *parser, struct span quoted, struct span *ret)
{
	struct span inner = { quoted.data + 1, quoted.len - 2 };
	char *copy;
	size_t n = 0;

	*ret = inner;
	if (inner.len == 0 || memchr(inner.data, '\\', inner.len) == NULL)
		return 0;
	copy = parser_alloc(parser, inner.len);
	if (copy == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < inner.len; i++) {
		char c = inner.data[i] == '\\' ? escaped(inner.data[i + 1]) : '\0';

		copy[n++] = c != '\0' ? c : inner.data[i];
		i += c != '\0';
	}
	*ret = (struct span){ copy, n };
	return 0;
}

static struct expr *
parse_string(struct parser *parser)
{
	struct span text;
	struct expr *expr;

	if (unquote(parser, parser->token.text, &text) < 0)
		return NULL;
	expr = expr_new_literal(parser, value_of_text(text));
	parser_advance(parser);
	return expr;
}

static struct expr *
parse_number(struct parser *parser)
{
	struct expr *expr;
	double number;

	if (!number_parse(parser->token.text, &number)) {
		parser_fail(parser, parser->token.line, -EINVAL, "a number is too long");
		return NULL;
	}
	expr = expr_new_literal(parser, value_of_number(number));
	parser_advance(parser);
	return expr;
}

/* Parses expressions between commas and steps over what closes them. */
static struct expr *
parse_operands(struct parser *parser, struct expr *expr, struct expr **end, const char *closer)
{
	while (expr != NULL && !parser_at(parser, closer)) {
		expr = expr_add(parser, expr, &end, expression_parse(parser));
		if (!parser_take(parser, ","))
			break;
	}
	return expr != NULL && parser_need(parser, closer) == 0 ? expr : NULL;
}

/* What an arrow's names stand for is behind us, and the sign. */
static struct expr *
parse_arrow(struct parser *parser, const struct span *names, unsigned n, unsigned line)
{
	struct expr *expr = expr_combine(parser, EXPR_ARROW, line, 1, expression_parse(parser));

	if (expr == NULL)
		return NULL;
	memcpy(expr->arrow.names, names, n * sizeof(*names));
	expr->arrow.n_names = n;
	return expr;
}

/* (a, b) => ..., of which the first name is behind us. */
static struct expr *
parse_arrow_of_several(struct parser *parser, struct expr *first)
{
	struct span names[ARROW_NAMES] = { first->name };
	unsigned n = 1;

	while (parser_take(parser, ",")) {
		if (n == ARROW_NAMES) {
			parser_fail(
			    parser, first->line, -EINVAL, "an arrow function has at most %d names", ARROW_NAMES);
			return NULL;
		}
		if (parser_need_name(parser, "a name", &names[n++]) < 0)
			return NULL;
	}
	if (parser_need(parser, ")") < 0 || parser_need(parser, "=>") < 0)
		return NULL;
	return parse_arrow(parser, names, n, first->line);
}

/* A value, or an arrow whose one name stands without parentheses. */
static struct expr *
parse_value_or_arrow(struct parser *parser)
{
	struct expr *expr = expression_parse(parser);

	if (expr != NULL && expr->kind == EXPR_NAME && parser_take(parser, "=>"))
		return parse_arrow(parser, &expr->name, 1, expr->line);
	return expr;
}

/* One argument, which may be `name = value` or `name: value`. */
static struct expr *
parse_argument(struct parser *parser)
{
	struct expr *expr = parse_value_or_arrow(parser);
	struct span name;

	if (expr == NULL || expr->kind != EXPR_NAME || !(parser_take(parser, "=") || parser_take(parser, ":")))
		return expr;
	name = expr->name;
	expr = parse_value_or_arrow(parser);
	if (expr != NULL)
		expr->as = name;
	return expr;
}

/* The same for arguments, of which those by name come last. */
static struct expr *
parse_arguments(struct parser *parser, struct expr *expr, struct expr **end)
{
	bool named = false;

	while (expr != NULL && !parser_at(parser, ")")) {
		struct expr *arg = parse_argument(parser);

		if (arg != NULL && named && arg->as.len == 0) {
			parser_fail(
			    parser, arg->line, -EINVAL, "an argument without a name stands after one with a name");
			return NULL;
		}
		named = arg != NULL && arg->as.len > 0;
		expr = expr_add(parser, expr, &end, arg);
		if (!parser_take(parser, ","))
			break;
	}
	return expr != NULL && parser_need(parser, ")") == 0 ? expr : NULL;
}

static struct expr *
parse_list(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_LIST, parser->token.line);

	parser_advance(parser);
	return expr != NULL ? parse_operands(parser, expr, &expr->operands, "]") : NULL;
}

/* A name means itself; an expression stands in parentheses. */
static struct expr *
parse_key(struct parser *parser)
{
	struct expr *expr = NULL;

	switch (parser->token.kind) {
	case TOKEN_NAME:
		expr = expr_new_literal(parser, value_of_text(parser->token.text));
		parser_advance(parser);
		return expr;
	case TOKEN_STRING:
		return parse_string(parser);
	case TOKEN_NUMBER:
		return parse_number(parser);
	default:
		break;
	}
	if (parser_take(parser, "(")) {
		expr = expression_parse(parser);
		return parser_need(parser, ")") == 0 ? expr : NULL;
	}
	parser_expected(parser, "a key or '}'");
	return NULL;
}

static struct expr *
parse_dict(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_DICT, parser->token.line), **end;

	if (expr == NULL)
		return NULL;
	end = &expr->operands;
	parser_advance(parser);
	while (expr != NULL && !parser_at(parser, "}")) {
		expr = expr_add(parser, expr, &end, parse_key(parser));
		if (parser_need(parser, ":") < 0)
			return NULL;
		expr = expr_add(parser, expr, &end, expression_parse(parser));
		if (!parser_take(parser, ","))
			break;
	}
	return expr != NULL && parser_need(parser, "}") == 0 ? expr : NULL;
}

/* --- names and calls ---------------------------------------------------------------------- */

static bool
is_reserved(struct span name)
{
	return span_is(name, "and") || span_is(name, "or") || span_is(name, "not") || span_is(name, "in") ||
	    span_is(name, "is");
}

static bool
is_word(struct span name, const char *word)
{
	return name.len == strlen(word) && strncasecmp(name.data, word, name.len) == 0;
}

/* true, false, null or none: TRUE and True are as good. */
static bool
is_constant(struct span name, struct value *ret)
{
	bool is_true = is_word(name, "true");

	if (is_true || is_word(name, "false"))
		*ret = value_of_bool(is_true);
	else if (is_word(name, "null") || is_word(name, "none"))
		*ret = (struct value){ .kind = VALUE_NULL };
	else
		return false;
	return true;
}

static struct expr *
check_call(struct parser *parser, struct expr *call, enum expr_kind kind, const struct callee *callee)
{
	call->kind = kind;
	return callee_check_arguments(parser, callee, call->line, &call->operands, &call->n) < 0 ? NULL : call;
}

/* parent() is what a block overrides. */
static struct expr *
check_parent(struct parser *parser, struct expr *call)
{
	static const struct callee parent = { "parent", 0, 0, "" };

	if (parser->block != NULL)
		return check_call(parser, call, EXPR_PARENT, &parent);
	parser_fail(parser, call->line, -EINVAL, "parent() stands outside a block");
	return NULL;
}

static struct expr *
check_range(struct parser *parser, struct expr *call)
{
	static const struct callee range = { "range", 2, 3, "low high step" };

	return check_call(parser, call, EXPR_RANGE, &range);
}

/* block("title"): that block again. */
static struct expr *
check_block(struct parser *parser, struct expr *call)
{
	static const struct callee block = { "block", 1, 1, "name" };

	if (parser->macro == NULL)
		return check_call(parser, call, EXPR_BLOCK, &block);
	parser_fail(parser, call->line, -EINVAL, "block() stands inside a macro");
	return NULL;
}

/* include("part.html", {a: 1}, with_context = false, ignore_missing = true); these two as they are written. */
static struct expr *
check_include(struct parser *parser, struct expr *call)
{
	struct expr **end = &call->operands;
	bool with_context = true, ignore_missing = false;
	unsigned n = 0;

	for (struct expr *arg = call->operands; arg != NULL; arg = arg->next) {
		bool is_flag = arg->kind == EXPR_LITERAL && arg->literal.kind == VALUE_BOOL;

		if (span_is(arg->as, "with_context") && is_flag)
			with_context = arg->literal.boolean;
		else if (span_is(arg->as, "ignore_missing") && is_flag)
			ignore_missing = arg->literal.boolean;
		else if (n < 2 && (arg->as.len == 0 || span_is(arg->as, n == 0 ? "template" : "variables"))) {
			*end = arg;
			end = &arg->next;
			n++;
		} else {
			parser_fail(parser, arg->line, -EINVAL, "an argument of 'include' is none of its own");
			return NULL;
		}
	}
	*end = NULL;
	call->kind = EXPR_INCLUDE;
	call->n = n;
	call->include.only = !with_context;
	call->include.ignore_missing = ignore_missing;
	if (n == 0)
		parser_fail(parser, call->line, -EINVAL, "expected the name of a template for 'include'");
	return n > 0 ? call : NULL;
}

static struct expr *
check_form_field(struct parser *parser, struct expr *call)
{
	static const struct callee form_token = { "form_token", 0, 0, "" };

	return check_call(parser, call, EXPR_FORM_FIELD, &form_token);
}

static struct expr *
check_form_value(struct parser *parser, struct expr *call)
{
	static const struct callee form_token_value = { "form_token_value", 0, 0, "" };

	return check_call(parser, call, EXPR_FORM_VALUE, &form_token_value);
}

/* The functions that take more than values. */
static const struct {
	const char *name;
	struct expr *(*check)(struct parser *parser, struct expr *call);
} own_functions[] = {
	{ "block", check_block },
	{ "form_token", check_form_field },
	{ "form_token_value", check_form_value },
	{ "include", check_include },
	{ "parent", check_parent },
	{ "range", check_range },
	{ "super", check_parent },
};

enum { OWN_FUNCTIONS = sizeof(own_functions) / sizeof(own_functions[0]) };

bool
operand_is_function(struct span name)
{
	for (size_t i = 0; i < OWN_FUNCTIONS; i++)
		if (span_is(name, own_functions[i].name))
			return true;
	return function_find(name) != NULL;
}

static struct expr *
check_function(struct parser *parser, struct expr *call, const struct function *function)
{
	call->function = function;
	return check_call(parser, call, EXPR_FUNCTION, &function->callee);
}

/* Remembers the call, for when all macros are known. */
static struct expr *
note_call(struct parser *parser, struct expr *expr, struct span name)
{
	struct call *call = parser_alloc(parser, sizeof(*call));

	if (call == NULL)
		return NULL;
	*call = (struct call){ expr, name, parser->calls };
	parser->calls = call;
	return expr;
}

/* The name is behind us, the parenthesis is next. */
static struct expr *
parse_call(struct parser *parser, struct span name, unsigned line)
{
	struct expr *call = expr_new(parser, EXPR_MACRO, line);

	parser_advance(parser);
	if (call != NULL)
		call = parse_arguments(parser, call, &call->operands);
	if (call == NULL)
		return NULL;
	for (size_t i = 0; i < OWN_FUNCTIONS; i++)
		if (span_is(name, own_functions[i].name))
			return own_functions[i].check(parser, call);
	if (function_find(name) != NULL)
		return check_function(parser, call, function_find(name));
	return note_call(parser, call, name);
}

static struct expr *
parse_name(struct parser *parser)
{
	struct span name = parser->token.text;
	unsigned line = parser->token.line;
	struct value constant;
	struct expr *expr;

	if (is_reserved(name)) {
		parser_expected(parser, "a value");
		return NULL;
	}
	parser_advance(parser);
	if (parser_at(parser, "("))
		return parse_call(parser, name, line);
	if (is_constant(name, &constant))
		return expr_new_literal(parser, constant);
	expr = expr_new(parser, EXPR_NAME, line);
	if (expr != NULL)
		expr->name = name;
	return expr;
}

/* An expression in parentheses, which may turn out to be the names of an arrow. */
static struct expr *
parse_parenthesis(struct parser *parser)
{
	unsigned line = parser->token.line;
	struct span none[ARROW_NAMES];
	struct expr *expr;

	if (parser_take(parser, ")"))
		return parser_need(parser, "=>") == 0 ? parse_arrow(parser, none, 0, line) : NULL;
	expr = expression_parse(parser);
	if (expr != NULL && expr->kind == EXPR_NAME && parser_at(parser, ","))
		return parse_arrow_of_several(parser, expr);
	if (parser_need(parser, ")") < 0)
		return NULL;
	if (expr != NULL && expr->kind == EXPR_NAME && parser_take(parser, "=>"))
		return parse_arrow(parser, &expr->name, 1, expr->line);
	return expr;
}

static struct expr *
parse_primary(struct parser *parser)
{
	switch (parser->token.kind) {
	case TOKEN_NAME:
		return parse_name(parser);
	case TOKEN_STRING:
		return parse_string(parser);
	case TOKEN_NUMBER:
		return parse_number(parser);
	default:
		break;
	}
	if (parser_at(parser, "["))
		return parse_list(parser);
	if (parser_at(parser, "{"))
		return parse_dict(parser);
	if (parser_take(parser, "("))
		return parse_parenthesis(parser);
	parser_expected(parser, "a value");
	return NULL;
}

/* --- what follows a value -------------------------------------------------------------------- */

/* _self.input(...), a macro of this template; the parenthesis is behind us. */
static struct expr *
parse_own_method(struct parser *parser, struct span name, unsigned line)
{
	struct expr *call = expr_new(parser, EXPR_MACRO, line);

	if (call != NULL)
		call = parse_arguments(parser, call, &call->operands);
	return call != NULL ? note_call(parser, call, name) : NULL;
}

/* The same of a macro that was imported with its template. */
static struct expr *
parse_method(struct parser *parser, struct expr *of, struct span name, unsigned line)
{
	struct expr *expr;

	if (of->kind == EXPR_NAME && span_is(of->name, "_self"))
		return parse_own_method(parser, name, line);
	expr = expr_combine(parser, EXPR_METHOD, line, 1, of);
	if (expr == NULL)
		return NULL;
	expr->name = name;
	return parse_arguments(parser, expr, &of->next);
}

/* The name or number after a '.'. */
static struct expr *
parse_dotted(struct parser *parser, struct expr *of)
{
	unsigned line = parser->token.line;
	struct expr *key;
	struct span name;

	if (parser->token.kind == TOKEN_NUMBER)
		return expr_combine(parser, EXPR_MEMBER, line, 2, of, parse_number(parser));
	if (parser->token.kind != TOKEN_NAME) {
		parser_expected(parser, "a name");
		return NULL;
	}
	name = parser->token.text;
	key = expr_new_literal(parser, value_of_text(name));
	parser_advance(parser);
	if (parser_take(parser, "("))
		return parse_method(parser, of, name, line);
	return expr_combine(parser, EXPR_MEMBER, line, 2, of, key);
}

/* A bound of a slice, undefined when it is left out. */
static struct expr *
parse_bound(struct parser *parser, const char *closer)
{
	return parser_at(parser, closer) ? expr_new_literal(parser, (struct value){ .kind = VALUE_UNDEFINED })
					 : expression_parse(parser);
}

/* [first:length] */
static struct expr *
parse_slice(struct parser *parser, struct expr *of, struct expr *first, unsigned line)
{
	struct expr *length = parse_bound(parser, "]");

	if (parser_need(parser, "]") < 0)
		return NULL;
	return expr_combine(parser, EXPR_SLICE, line, 3, of, first, length);
}

static struct expr *
parse_indexed(struct parser *parser, struct expr *of)
{
	unsigned line = parser->token.line;
	struct expr *key = parse_bound(parser, ":");

	if (key != NULL && parser_take(parser, ":"))
		return parse_slice(parser, of, key, line);
	if (parser_need(parser, "]") < 0)
		return NULL;
	return expr_combine(parser, EXPR_MEMBER, line, 2, of, key);
}

/* Whether a filter has an arrow where it needs one, and nowhere else. Returns 0 or a negative errno. */
static int
check_arrow(struct parser *parser, const struct expr *expr)
{
	const struct filter *filter = expr->filter;
	const struct expr *first = expr->operands->next;
	bool has_arrow = first != NULL && first->kind == EXPR_ARROW;

	if (has_arrow && filter->apply_arrow == NULL)
		return parser_fail(parser, expr->line, -EINVAL, "'%s' takes no arrow function", filter->callee.name);
	if (!has_arrow && (filter->apply == NULL || (filter->apply_arrow != NULL && first != NULL)))
		return parser_fail(
		    parser, expr->line, -EINVAL, "expected an arrow function for '%s'", filter->callee.name);
	return 0;
}

static struct expr *
check_filter(struct parser *parser, struct expr *expr)
{
	unsigned n = expr->n - 1;

	if (callee_check_arguments(parser, &expr->filter->callee, expr->line, &expr->operands->next, &n) < 0)
		return NULL;
	expr->n = n + 1;
	return check_arrow(parser, expr) < 0 ? NULL : expr;
}

static struct expr *
parse_filter(struct parser *parser, struct expr *in)
{
	unsigned line = parser->token.line;
	const struct filter *filter;
	struct expr *expr;
	struct span name;

	if (parser_need_name(parser, "a filter", &name) < 0)
		return NULL;
	filter = filter_find(name);
	if (filter == NULL) {
		parser_fail(parser, line, -EINVAL, "unknown filter '%.*s'", (int)name.len, name.data);
		return NULL;
	}
	expr = expr_combine(parser, EXPR_FILTER, line, 1, in);
	if (expr != NULL && parser_take(parser, "("))
		expr = parse_arguments(parser, expr, &in->next);
	if (expr == NULL)
		return NULL;
	expr->filter = filter;
	return check_filter(parser, expr);
}

struct expr *
operand_parse_filters(struct parser *parser, struct expr *in)
{
	do
		in = parse_filter(parser, in);
	while (in != NULL && parser_take(parser, "|"));
	return in;
}

struct expr *
operand_parse(struct parser *parser)
{
	struct expr *expr = parse_primary(parser);

	while (expr != NULL) {
		if (parser_take(parser, "."))
			expr = parse_dotted(parser, expr);
		else if (parser_take(parser, "["))
			expr = parse_indexed(parser, expr);
		else if (parser_take(parser, "|"))
			expr = parse_filter(parser, expr);
		else
			break;
	}
	return expr;
}
