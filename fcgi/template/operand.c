#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fcgi/template/expr.h"
#include "fcgi/template/filter.h"
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

/* parent() is what a block overrides. */
static struct expr *
check_parent(struct parser *parser, struct expr *call)
{
	call->kind = EXPR_PARENT;
	if (call->n > 0)
		parser_fail(parser, call->line, -EINVAL, "expected no arguments for 'parent'");
	else if (parser->block == NULL)
		parser_fail(parser, call->line, -EINVAL, "parent() stands outside a block");
	else
		return call;
	return NULL;
}

static struct expr *
check_range(struct parser *parser, struct expr *call)
{
	call->kind = EXPR_RANGE;
	if (call->n == 2 || call->n == 3)
		return call;
	parser_fail(parser, call->line, -EINVAL, "expected 2 or 3 arguments for 'range', found %u", call->n);
	return NULL;
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
		call = parse_operands(parser, call, &call->operands, ")");
	if (call == NULL)
		return NULL;
	if (span_is(name, "parent") || span_is(name, "super"))
		return check_parent(parser, call);
	if (span_is(name, "range"))
		return check_range(parser, call);
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

static struct expr *
parse_primary(struct parser *parser)
{
	struct expr *expr = NULL;

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
	if (parser_take(parser, "(")) {
		expr = expression_parse(parser);
		return parser_need(parser, ")") == 0 ? expr : NULL;
	}
	parser_expected(parser, "a value");
	return NULL;
}

/* --- what follows a value -------------------------------------------------------------------- */

/* The name or number after a '.'. */
static struct expr *
parse_dotted(struct parser *parser, struct expr *of)
{
	unsigned line = parser->token.line;
	struct expr *key;

	if (parser->token.kind == TOKEN_NUMBER)
		return expr_combine(parser, EXPR_MEMBER, line, 2, of, parse_number(parser));
	if (parser->token.kind != TOKEN_NAME) {
		parser_expected(parser, "a name");
		return NULL;
	}
	key = expr_new_literal(parser, value_of_text(parser->token.text));
	parser_advance(parser);
	return expr_combine(parser, EXPR_MEMBER, line, 2, of, key);
}

static struct expr *
parse_indexed(struct parser *parser, struct expr *of)
{
	unsigned line = parser->token.line;
	struct expr *key = expression_parse(parser);

	if (parser_need(parser, "]") < 0)
		return NULL;
	return expr_combine(parser, EXPR_MEMBER, line, 2, of, key);
}

static struct expr *
check_arguments(struct parser *parser, struct expr *expr)
{
	const struct filter *filter = expr->filter;
	unsigned n = expr->n - 1;

	if (n >= filter->min_args && n <= filter->max_args)
		return expr;
	if (filter->min_args == filter->max_args)
		parser_fail(parser, expr->line, -EINVAL, "expected %u arguments for '%s', found %u", filter->min_args,
		    filter->name, n);
	else
		parser_fail(parser, expr->line, -EINVAL, "expected %u to %u arguments for '%s', found %u",
		    filter->min_args, filter->max_args, filter->name, n);
	return NULL;
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
		expr = parse_operands(parser, expr, &in->next, ")");
	if (expr == NULL)
		return NULL;
	expr->filter = filter;
	return check_arguments(parser, expr);
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
