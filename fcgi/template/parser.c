#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/template/chars.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/macro.h"
#include "fcgi/template/parser.h"
#include "shared/buf.h"

enum { SHOWN_LETTERS = 40 };

int
parser_fail(struct parser *parser, unsigned line, int error, const char *format, ...)
{
	va_list args;

	if (parser->failed < 0)
		return parser->failed;
	buf_printf(parser->error, "%s:%u: ", parser->template->name, line);
	va_start(args, format);
	buf_vprintf(parser->error, format, args);
	va_end(args);
	parser->failed = error;
	parser->token.kind = TOKEN_END;
	return error;
}

int
parser_expected(struct parser *parser, const char *what)
{
	struct span found = parser->token.text;
	unsigned line = parser->token.line;

	if (parser->token.kind == TOKEN_END)
		return parser_fail(parser, line, -EINVAL, "expected %s, found the end of the template", what);
	return parser_fail(parser, line, -EINVAL, "expected %s, found '%.*s'", what,
	    (int)chars_prefix(found, SHOWN_LETTERS), found.data);
}

void *
parser_alloc(struct parser *parser, size_t n)
{
	void *memory = arena_alloc(&parser->template->arena, n);

	if (memory == NULL)
		parser_fail(parser, parser->token.line, -ENOMEM, "out of memory, or more than %d bytes when parsed",
		    TEMPLATE_MAX_MEMORY);
	return memory;
}

int
parser_enter(struct parser *parser)
{
	if (parser->depth == TEMPLATE_MAX_NESTING)
		return parser_fail(parser, parser->token.line, -E2BIG, "nested deeper than %d", TEMPLATE_MAX_NESTING);
	parser->depth++;
	return 0;
}

void
parser_leave(struct parser *parser)
{
	parser->depth--;
}

bool
parser_at(const struct parser *parser, const char *sign_or_name)
{
	enum token_kind kind = parser->token.kind;

	return (kind == TOKEN_SIGN || kind == TOKEN_NAME) && span_is(parser->token.text, sign_or_name);
}

void
parser_advance(struct parser *parser)
{
	if (parser->failed < 0)
		return;
	if (lexer_next(&parser->lexer, &parser->token) < 0)
		parser_fail(parser, parser->lexer.line, -EINVAL, "%s", parser->lexer.why);
}

bool
parser_take(struct parser *parser, const char *sign_or_name)
{
	if (!parser_at(parser, sign_or_name))
		return false;
	parser_advance(parser);
	return true;
}

int
parser_need(struct parser *parser, const char *sign_or_name)
{
	char quoted[32];

	if (parser_take(parser, sign_or_name))
		return parser->failed;
	snprintf(quoted, sizeof(quoted), "'%s'", sign_or_name);
	return parser_expected(parser, quoted);
}

int
parser_need_name(struct parser *parser, const char *what, struct span *ret)
{
	if (parser->token.kind != TOKEN_NAME)
		return parser_expected(parser, what);
	*ret = parser->token.text;
	parser_advance(parser);
	return parser->failed;
}

/*
 * Finds the macro of each call. What is none may be imported by the time that it is
 * called, where the template imports macros by their names. Returns 0 or a negative
 * errno.
 */
static int
resolve_calls(struct parser *parser)
{
	for (const struct call *call = parser->calls; call != NULL; call = call->next) {
		const struct macro *macro = macro_find(parser->template, call->name);
		struct expr *expr = call->expr;

		if (macro != NULL) {
			if (expr->n > macro->n)
				return parser_fail(parser, expr->line, -EINVAL,
				    "expected at most %u arguments for '%.*s', found %u", macro->n, (int)call->name.len,
				    call->name.data, expr->n);
			expr->macro = macro;
		} else if (parser->imports) {
			expr->kind = EXPR_CALL;
			expr->name = call->name;
		} else {
			return parser_fail(parser, expr->line, -EINVAL, "unknown function '%.*s'", (int)call->name.len,
			    call->name.data);
		}
	}
	return 0;
}

int
parser_parse(struct template *template, struct buf *error)
{
	struct parser parser = { .template = template, .error = error };
	int r;

	lexer_begin(&parser.lexer, template->source);
	parser_advance(&parser);
	r = tags_parse(&parser);
	return r < 0 ? r : resolve_calls(&parser);
}
