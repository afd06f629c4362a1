/*
 * lexer - cuts a template's source into tokens. Pure.
 *
 * It knows where text ends and a tag begins, what {# #}, {% raw %} and the
 * signs for whitespace ({%- -%}) do, and nothing of what tags mean.
 */
#ifndef FCGI_TEMPLATE_LEXER_H
#define FCGI_TEMPLATE_LEXER_H

#include <stdbool.h>

#include "fcgi/template/text.h"

enum token_kind {
	TOKEN_TEXT,
	TOKEN_PRINT,     /* {{ */
	TOKEN_PRINT_END, /* }} */
	TOKEN_TAG,       /* {% */
	TOKEN_TAG_END,   /* %} */
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_STRING, /* its text is with the quotes */
	TOKEN_SIGN,
	TOKEN_END,
};

struct token {
	enum token_kind kind;
	unsigned line;
	struct span text;
};

struct lexer {
	struct span rest;
	unsigned line;
	enum { LEXER_TEXT, LEXER_PRINT, LEXER_TAG } mode;
	unsigned braces; /* that are open in an expression */
	bool trims;      /* the text that comes loses its leading whitespace */
	bool after_dot;  /* a number that comes is a whole one: a.0.1 */
	char why[80];    /* after a failure */
};

/* source is borrowed for as long as tokens are used. */
void lexer_begin(struct lexer *lexer, struct span source);

/* The next token, TOKEN_END at the end and for ever. Returns 0, or -EINVAL with `line` and `why`. */
int lexer_next(struct lexer *lexer, struct token *ret);

#endif
