#include <errno.h>
#include <stdarg.h>

#include "fcgi/template/expr.h"
#include "fcgi/template/limits.h"

struct expr *
expr_new(struct parser *parser, enum expr_kind kind, unsigned line)
{
	struct expr *expr = parser_alloc(parser, sizeof(*expr));

	if (expr == NULL)
		return NULL;
	expr->kind = kind;
	expr->line = line;
	expr->height = 1;
	return expr;
}

struct expr *
expr_add(struct parser *parser, struct expr *expr, struct expr ***end, struct expr *operand)
{
	if (expr == NULL || operand == NULL)
		return NULL;
	**end = operand;
	*end = &operand->next;
	expr->n++;
	if (operand->height >= expr->height)
		expr->height = operand->height + 1;
	if (expr->height > TEMPLATE_MAX_NESTING) {
		parser_fail(parser, operand->line, -E2BIG, "nested deeper than %d", TEMPLATE_MAX_NESTING);
		return NULL;
	}
	return expr;
}

struct expr *
expr_combine(struct parser *parser, enum expr_kind kind, unsigned line, int n, ...)
{
	struct expr *expr = expr_new(parser, kind, line), **end;
	va_list operands;

	if (expr == NULL)
		return NULL;
	end = &expr->operands;
	va_start(operands, n);
	for (int i = 0; i < n; i++)
		expr = expr_add(parser, expr, &end, va_arg(operands, struct expr *));
	va_end(operands);
	return expr;
}

struct expr *
expr_new_literal(struct parser *parser, struct value value)
{
	struct expr *expr = expr_new(parser, EXPR_LITERAL, parser->token.line);

	if (expr != NULL)
		expr->literal = value;
	return expr;
}
