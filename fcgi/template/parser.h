/*
 * parser - makes the tree of a template out of its tokens. Pure.
 *
 * parser.c holds what all of it needs, tags.c parses the tags, expression.c the
 * operators and operand.c what stands between them. The first failure is kept; after it every token is TOKEN_END,
 * so that all loops end and only results are checked.
 */
#ifndef FCGI_TEMPLATE_PARSER_H
#define FCGI_TEMPLATE_PARSER_H

#include <stdbool.h>

#include "fcgi/template/ast.h"
#include "fcgi/template/lexer.h"

struct buf;

/* A call of a macro, which may be declared after it. */
struct call {
	struct expr *expr;
	struct span name;
	struct call *next;
};

struct parser {
	struct lexer lexer;
	struct token token; /* the next one */
	struct template *template;
	struct buf *error;
	int failed;                /* 0, or the errno of the failure in `error` */
	unsigned depth;            /* tags and expressions that are open */
	const struct block *block; /* that is open, or NULL */
	const struct macro *macro; /* that is open, or NULL */
	struct call *calls;
	bool imports;               /* macros by their names */
	struct template *embedding; /* whose blocks are parsed instead of the template's, or NULL */
};

/* Fills the template from its source. Returns 0, or a negative errno after a message. */
int parser_parse(struct template *template, struct buf *error);

/* --- for these files ------------------------------------------------------ */

/* Parses tags and text until the end. Returns 0 or a negative errno. */
int tags_parse(struct parser *parser);

/* Parses an expression. Returns NULL after a failure. */
struct expr *expression_parse(struct parser *parser);

/* Parses a value and what follows it: members, indexes and filters. Returns NULL after a failure. */
struct expr *operand_parse(struct parser *parser);

/* Whether a function has that name, which no macro may have then. */
bool operand_is_function(struct span name);

/* Parses filters between '|' that come after what is filtered. Returns NULL after a failure. */
struct expr *operand_parse_filters(struct parser *parser, struct expr *in);

/* Records a failure on a line, unless there is one. Returns a negative errno. */
int parser_fail(struct parser *parser, unsigned line, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "expected ..., found" and the next token. Returns a negative errno. */
int parser_expected(struct parser *parser, const char *what);

/* Zeroed memory of the template's. Returns NULL after a failure. */
void *parser_alloc(struct parser *parser, size_t n);

/* Goes one level deeper, until parser_leave(). Returns 0, or a negative errno that needs no parser_leave(). */
int parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);

/* Whether the next token is that sign or that name. */
bool parser_at(const struct parser *parser, const char *sign_or_name);

/* Goes to the token after the next. */
void parser_advance(struct parser *parser);

/* Steps over a sign or name if it is the next token. */
bool parser_take(struct parser *parser, const char *sign_or_name);

/* Steps over a sign or name that must be there. Returns 0 or a negative errno. */
int parser_need(struct parser *parser, const char *sign_or_name);

/* Steps over a name that must be there. Returns 0 or a negative errno. */
int parser_need_name(struct parser *parser, const char *what, struct span *ret);

#endif
