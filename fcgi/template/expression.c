#include <errno.h>

#include "fcgi/template/check.h"
#include "fcgi/template/expr.h"

/*
 * How tightly operators bind, the loosest first. As in Twig, but for `not`,
 * which takes a whole comparison as in Python.
 */
enum level {
	LEVEL_LOOSEST,
	LEVEL_OR,
	LEVEL_AND,
	LEVEL_COMPARE,
	LEVEL_RANGE,
	LEVEL_ADD,
	LEVEL_JOIN,
	LEVEL_MULTIPLY,
	LEVEL_IS,
	LEVEL_POWER,
	LEVEL_MISSING,
};

struct operator_sign {
	const char *sign;
	enum level level;
	enum expr_operator op;
	bool from_right; /* a ** b ** c is a ** (b ** c) */
};

static const struct operator_sign operators[] = {
	{ "or", LEVEL_OR, OP_OR, false },
	{ "and", LEVEL_AND, OP_AND, false },
	{ "==", LEVEL_COMPARE, OP_EQUAL, false },
	{ "!=", LEVEL_COMPARE, OP_UNEQUAL, false },
	{ "<", LEVEL_COMPARE, OP_LESS, false },
	{ ">", LEVEL_COMPARE, OP_GREATER, false },
	{ ">=", LEVEL_COMPARE, OP_AT_LEAST, false },
	{ "<=", LEVEL_COMPARE, OP_AT_MOST, false },
	{ "<=>", LEVEL_COMPARE, OP_ORDER, false },
	{ "in", LEVEL_COMPARE, OP_IN, false },
	{ "not", LEVEL_COMPARE, OP_NOT_IN, false },
	{ "+", LEVEL_ADD, OP_ADD, false },
	{ "-", LEVEL_ADD, OP_SUBTRACT, false },
	{ "~", LEVEL_JOIN, OP_JOIN, false },
	{ "*", LEVEL_MULTIPLY, OP_MULTIPLY, false },
	{ "/", LEVEL_MULTIPLY, OP_DIVIDE, false },
	{ "//", LEVEL_MULTIPLY, OP_DIVIDE_WHOLE, false },
	{ "%", LEVEL_MULTIPLY, OP_REMAINDER, false },
	{ "**", LEVEL_POWER, OP_POWER, true },
	{ "??", LEVEL_MISSING, OP_UNLESS_MISSING, true },
};

static struct expr *parse_binary(struct parser *parser, enum level level);

/* `is` is behind us. */
static struct expr *
parse_check(struct parser *parser, struct expr *value)
{
	bool negated = parser_take(parser, "not");
	unsigned line = parser->token.line;
	const struct check *check;
	struct expr *expr;
	struct span name;

	if (parser_need_name(parser, "a test", &name) < 0)
		return NULL;
	check = check_find(name);
	if (check == NULL) {
		parser_fail(parser, line, -EINVAL, "unknown test '%.*s'", (int)name.len, name.data);
		return NULL;
	}
	if (check->second != NULL && parser_need(parser, check->second) < 0)
		return NULL;
	if (check->has_argument)
		expr = expr_combine(parser, EXPR_CHECK, line, 2, value, operand_parse(parser));
	else
		expr = expr_combine(parser, EXPR_CHECK, line, 1, value);
	if (expr != NULL) {
		expr->check = check;
		expr->negated = negated;
	}
	return expr;
}

static struct expr *
parse_unary(struct parser *parser)
{
	unsigned line = parser->token.line;

	if (parser_take(parser, "not"))
		return expr_combine(parser, EXPR_NOT, line, 1, parse_binary(parser, LEVEL_COMPARE));
	if (parser_take(parser, "-"))
		return expr_combine(parser, EXPR_NEGATE, line, 1, parse_binary(parser, LEVEL_POWER));
	return operand_parse(parser);
}

static const struct operator_sign *
operator_at(const struct parser *parser)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (parser_at(parser, operators[i].sign))
			return &operators[i];
	return NULL;
}

static struct expr *
parse_right(struct parser *parser, struct expr *left, const struct operator_sign *sign)
{
	unsigned line = parser->token.line;
	struct expr *right, *expr;

	parser_advance(parser);
	if (sign->op == OP_NOT_IN && parser_need(parser, "in") < 0)
		return NULL;
	right = parse_binary(parser, sign->from_right ? sign->level : sign->level + 1);
	expr = expr_combine(parser, EXPR_BINARY, line, 2, left, right);
	if (expr != NULL)
		expr->op = sign->op;
	return expr;
}

/* `is` and `..` make no EXPR_BINARY. Returns NULL when there is neither, or after a failure. */
static struct expr *
parse_special(struct parser *parser, struct expr *left, enum level level)
{
	unsigned line = parser->token.line;

	if (level <= LEVEL_IS && parser_take(parser, "is"))
		return parse_check(parser, left);
	if (level <= LEVEL_RANGE && parser_take(parser, ".."))
		return expr_combine(parser, EXPR_RANGE, line, 2, left, parse_binary(parser, LEVEL_RANGE + 1));
	return NULL;
}

/* Operators of this level and tighter ones. */
static struct expr *
parse_operators(struct parser *parser, enum level level)
{
	struct expr *left = parse_unary(parser), *special;

	while (left != NULL && parser->failed == 0) {
		const struct operator_sign *sign = operator_at(parser);

		if (sign != NULL && sign->level >= level) {
			left = parse_right(parser, left, sign);
			continue;
		}
		special = parse_special(parser, left, level);
		if (special == NULL)
			break;
		left = special;
	}
	return parser->failed == 0 ? left : NULL;
}

static struct expr *
parse_binary(struct parser *parser, enum level level)
{
	struct expr *expr;

	if (parser_enter(parser) < 0)
		return NULL;
	expr = parse_operators(parser, level);
	parser_leave(parser);
	return expr;
}

static struct expr *
parse_choice(struct parser *parser, struct expr *condition, unsigned line)
{
	struct value undefined = { .kind = VALUE_UNDEFINED };
	struct expr *yes = expression_parse(parser), *no;

	no = parser_take(parser, ":") ? expression_parse(parser) : expr_new_literal(parser, undefined);
	return expr_combine(parser, EXPR_CHOICE, line, 3, condition, yes, no);
}

static struct expr *
parse_elvis(struct parser *parser, struct expr *left, unsigned line)
{
	struct expr *expr = expr_combine(parser, EXPR_BINARY, line, 2, left, expression_parse(parser));

	if (expr != NULL)
		expr->op = OP_UNLESS_FALSE;
	return expr;
}

struct expr *
expression_parse(struct parser *parser)
{
	struct expr *expr;
	unsigned line;

	if (parser_enter(parser) < 0)
		return NULL;
	expr = parse_binary(parser, LEVEL_LOOSEST);
	line = parser->token.line;
	if (parser_take(parser, "?:"))
		expr = parse_elvis(parser, expr, line);
	else if (parser_take(parser, "?"))
		expr = parse_choice(parser, expr, line);
	parser_leave(parser);
	return parser->failed == 0 ? expr : NULL;
}
