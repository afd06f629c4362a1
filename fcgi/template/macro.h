/*
 * macro - calls of macros, and macros of other templates.
 *
 * A macro sees its parameters only. Arguments come in order or by name; what is
 * not given is what the macro says, or undefined.
 */
#ifndef FCGI_TEMPLATE_MACRO_H
#define FCGI_TEMPLATE_MACRO_H

#include "fcgi/template/render.h"

/* The macro of that name in a template, or NULL. */
const struct macro *macro_find(const struct template *template, struct span name);

/* What an EXPR_MACRO, EXPR_CALL or EXPR_METHOD writes. Return 0 or a failure. */
int macro_eval(struct render *render, const struct expr *expr, struct value *ret);
int macro_eval_call(struct render *render, const struct expr *expr, struct value *ret);
int macro_eval_method(struct render *render, const struct expr *expr, struct value *ret);

/* Sets the variables of a NODE_IMPORT. Returns 0 or a failure. */
int macro_import(struct render *render, const struct node *node);

#endif
