/*
 * ast - a parsed template.
 *
 * It does not change once it is parsed, so threads share it; template.h counts
 * who does. All of it lies in the template's arena, and names and literals
 * point into its source.
 */
#ifndef FCGI_TEMPLATE_AST_H
#define FCGI_TEMPLATE_AST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "fcgi/template/arena.h"
#include "fcgi/template/text.h"
#include "fcgi/template/value.h"

struct check;
struct filter;
struct macro;

enum expr_kind {
	EXPR_LITERAL,
	EXPR_NAME,   /* of a variable */
	EXPR_MEMBER, /* operands: of what, which */
	EXPR_LIST,   /* operands: the items */
	EXPR_DICT,   /* operands: key, item, key, item ... */
	EXPR_NOT,
	EXPR_NEGATE,
	EXPR_BINARY, /* operands: left, right */
	EXPR_CHOICE, /* operands: condition, if true, if not */
	EXPR_RANGE,  /* operands: first, last and perhaps the step */
	EXPR_FILTER, /* operands: what is filtered, then arguments */
	EXPR_CHECK,  /* operands: what is checked, and perhaps an argument */
	EXPR_MACRO,  /* operands: the arguments */
	EXPR_PARENT,
};

enum expr_operator {
	OP_OR,
	OP_AND,
	OP_EQUAL,
	OP_UNEQUAL,
	OP_LESS,
	OP_GREATER,
	OP_AT_LEAST,
	OP_AT_MOST,
	OP_IN,
	OP_NOT_IN,
	OP_ADD,
	OP_SUBTRACT,
	OP_JOIN,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_DIVIDE_WHOLE,
	OP_REMAINDER,
	OP_POWER,
	OP_UNLESS_MISSING, /* ?? */
	OP_UNLESS_FALSE,   /* ?: */
};

struct expr {
	enum expr_kind kind;
	unsigned line;
	unsigned height; /* levels of expressions from here on */
	unsigned n;      /* operands */
	struct expr *operands;
	struct expr *next; /* operand of the same expression */
	union {
		struct value literal;
		struct span name;
		enum expr_operator op;
		const struct filter *filter;
		const struct macro *macro;
		struct {
			const struct check *check;
			bool negated;
		};
	};
};

enum node_kind {
	NODE_TEXT,
	NODE_PRINT,
	NODE_IF,
	NODE_FOR,
	NODE_SET,
	NODE_CAPTURE, /* {% set name %}...{% endset %} */
	NODE_BLOCK,
	NODE_INCLUDE,
};

struct branch {
	const struct expr *condition; /* NULL: else */
	struct node *body;
	struct branch *next;
};

struct node {
	enum node_kind kind;
	unsigned line;
	struct node *next;
	union {
		struct span text;
		const struct expr *print;
		struct branch *branches;
		const struct block *block;
		struct {
			struct span key; /* empty when only items are asked for */
			struct span item;
			const struct expr *of;
			struct node *body;
			struct node *otherwise;
		} loop;
		struct {
			struct span name;
			const struct expr *expr; /* of NODE_SET */
			struct node *body;       /* of NODE_CAPTURE */
		} set;
		struct {
			const struct expr *name;
			const struct expr *with; /* or NULL */
			bool only;
			bool ignore_missing;
		} include;
	};
};

struct block {
	struct span name;
	unsigned line;
	struct node *body;
	struct block *next; /* of the same template */
};

struct parameter {
	struct span name;
	const struct expr *unset; /* its value when there is no argument, or NULL */
	struct parameter *next;
};

struct macro {
	struct span name;
	unsigned line;
	unsigned n; /* parameters */
	struct parameter *parameters;
	struct node *body;
	struct macro *next; /* of the same template */
};

struct template
{
	atomic_uint refs;
	char *name;
	struct span source;
	struct arena arena;
	struct node *body;
	const struct expr *extends; /* the name of its parent, or NULL */
	struct block *blocks;
	struct macro *macros;
};

#endif
