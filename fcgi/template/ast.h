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
struct function;
struct macro;

enum expr_kind {
	EXPR_LITERAL,
	EXPR_NAME,   /* of a variable */
	EXPR_MEMBER, /* operands: of what, which */
	EXPR_LIST,   /* operands: the items */
	EXPR_DICT,   /* operands: key, item, key, item ... */
	EXPR_NOT,
	EXPR_NEGATE,
	EXPR_BINARY,   /* operands: left, right */
	EXPR_CHOICE,   /* operands: condition, if true, if not */
	EXPR_RANGE,    /* operands: first, last and perhaps the step */
	EXPR_FILTER,   /* operands: what is filtered, then arguments */
	EXPR_CHECK,    /* operands: what is checked, and perhaps an argument */
	EXPR_MACRO,    /* operands: the arguments */
	EXPR_CALL,     /* of what was imported by that name; operands: the arguments */
	EXPR_METHOD,   /* of a macro of what was imported; operands: that, and the arguments */
	EXPR_FUNCTION, /* operands: the arguments */
	EXPR_PARENT,
	EXPR_BLOCK, /* operand: the name of a block */
	EXPR_FORM_FIELD,
	EXPR_FORM_VALUE,
	EXPR_INCLUDE, /* operands: the name of a template, and perhaps a dict */
	EXPR_SLICE,   /* operands: of what, first, length; an undefined literal for what is left out */
	EXPR_ARROW,   /* operand: the result */
	EXPR_APPLIED, /* what {% apply %} hands to its filters */
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
	OP_ORDER, /* <=> */
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

enum { ARROW_NAMES = 3 };

struct expr {
	enum expr_kind kind;
	unsigned line;
	unsigned height; /* levels of expressions from here on */
	unsigned n;      /* operands */
	struct expr *operands;
	struct expr *next; /* operand of the same expression */
	struct span as;    /* of an argument that is given by name: the name */
	union {
		struct value literal;
		struct span name;
		enum expr_operator op;
		const struct filter *filter;
		const struct macro *macro;
		const struct function *function;
		struct {
			struct span names[ARROW_NAMES];
			unsigned n_names;
		} arrow;
		struct {
			bool only;
			bool ignore_missing;
		} include;
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
	NODE_IMPORT,
	NODE_WITH,
	NODE_APPLY,
	NODE_DO,
	NODE_EMBED,
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
		const struct expr *print; /* of NODE_DO, too */
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
			struct template *embedded; /* of NODE_EMBED: it extends the one of that name */
		} include;
		struct {
			const struct expr *variables; /* a dict, or NULL */
			bool only;
			struct node *body;
		} with;
		struct {
			const struct expr *filters; /* of an EXPR_APPLIED */
			struct node *body;
		} apply;
		struct {
			const struct expr *from; /* the name of a template, or NULL for this one */
			struct span all;         /* name of a variable for all of its macros; or empty, and ... */
			const struct import *each;
		} import;
	};
};

/* A macro under a name of its own. */
struct import {
	struct span macro, as;
	struct import *next; /* of the same tag */
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
