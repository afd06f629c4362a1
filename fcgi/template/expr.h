/*
 * expr - makes the expressions of a tree.
 *
 * All return NULL after a failure, and when an operand is NULL, so that only
 * the last result is checked.
 */
#ifndef FCGI_TEMPLATE_EXPR_H
#define FCGI_TEMPLATE_EXPR_H

#include "fcgi/template/parser.h"

struct expr *expr_new(struct parser *parser, enum expr_kind kind, unsigned line);

/* On the line of the next token. */
struct expr *expr_new_literal(struct parser *parser, struct value value);

/* Adds the last operand; *end points to where it goes, and moves on. Refuses what gets too high. */
struct expr *expr_add(struct parser *parser, struct expr *expr, struct expr ***end, struct expr *operand);

/* Makes an expression of n operands, which are struct expr *. */
struct expr *expr_combine(struct parser *parser, enum expr_kind kind, unsigned line, int n, ...);

#endif
