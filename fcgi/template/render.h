/*
 * render - writes a parsed template, with data, as text.
 *
 * It does no input or output: other templates come from a finder. One render
 * sees one version of each template, however often it is included.
 */
#ifndef FCGI_TEMPLATE_RENDER_H
#define FCGI_TEMPLATE_RENDER_H

#include "fcgi/template/ast.h"
#include "fcgi/template/limits.h"
#include "fcgi/template/scope.h"

struct buf;
struct cJSON;

/*
 * Finds a template. Returns 0 and a reference; -ENOENT when there is none;
 * -EINVAL or -E2BIG when it is wrong, after a message that says where; or
 * another negative errno after a message that says what.
 */
typedef int template_find(void *context, const char *name, struct template **ret, struct buf *error);

/* Gets a token for the page's forms, borrowed while the page is rendered. Returns 0 or a negative errno. */
typedef int render_form_token(void *context, const char **ret);

/* What a page is made of. */
struct render_input {
	const struct cJSON *data;      /* an object, or NULL */
	render_form_token *form_token; /* or NULL: no request asks for the page */
	void *context;                 /* of form_token */
	const char *form_field;        /* that it is in; NULL like form_token */
};

/*
 * Appends a rendered template. Returns 0, or a negative errno: then out is as it
 * was, and error says what is wrong and where.
 */
int render_template(template_find *find, void *context, const char *name, const struct render_input *input,
    struct buf *out, struct buf *error);

/* --- for render.c and eval.c ----------------------------------------------------------- */

/* A template, what it extends, what that extends ... */
struct chain {
	const struct template *templates[TEMPLATE_MAX_EXTENDS];
	size_t n;
};

/* Where a render is. */
struct position {
	const struct template *template;
	const struct chain *chain; /* whose blocks are asked for; NULL in a macro */
	const struct block *block; /* that is open, or NULL */
	size_t level;              /* of that block's template in the chain */
};

struct render {
	struct budget budget;
	template_find *find;
	void *context;
	const struct render_input *input;
	struct used *used; /* every template that was found: values point into them */
	struct position at;
	struct scope *scope;
	struct value applied; /* what {% apply %} hands to its filters */
	struct buf *out;
	struct buf *error;
	bool located; /* error says where and why */
};

/* Evaluates an expression. Returns 0 or a failure, which is located. */
int eval(struct render *render, const struct expr *expr, struct value *ret);

/* What a block of that name writes, and a template that is included by a function. Return 0 or a failure. */
int render_block_again(struct render *render, const struct expr *name, struct value *ret);
int render_included(struct render *render, const struct expr *include, struct value *ret);

/* What nodes write, as text that is HTML already. Returns 0 or a failure. */
int render_captured(struct render *render, const struct node *nodes, struct value *ret);

/* Finds a template whose name is an expression. Returns 0, -ENOENT when there is none, or another failure. */
int render_find(struct render *render, const struct expr *name, const struct template **ret);

/* What the block that is open overrides. Returns 0 or a failure. */
int render_parent(struct render *render, struct value *ret);

/* form_token() and form_token_value(). Return 0 or a failure. */
int render_form_field(struct render *render, struct value *ret);
int render_form_value(struct render *render, struct value *ret);

/* Completes a failure with the place, unless it has one. Returns r. */
int render_locate(struct render *render, unsigned line, int r);

#endif
