/*
 * scope - which variables a place in a template sees.
 */
#ifndef FCGI_TEMPLATE_SCOPE_H
#define FCGI_TEMPLATE_SCOPE_H

#include <stdbool.h>

#include "fcgi/template/value.h"

struct variable {
	struct span name;
	struct value value;
	struct variable *next; /* of the same scope */
};

struct scope {
	struct scope *outer;        /* what is not here is there, or NULL */
	struct variable *variables; /* these hide data */
	struct value data;          /* a dict, or undefined */
	bool closed;                /* what is set here stays here */
};

/* The variable's value, undefined when there is none. Returns 0 or a failure. */
int scope_find(struct budget *budget, const struct scope *scope, struct span name, struct value *ret);

/* Adds a variable to this scope. Returns 0 or a failure. */
int scope_add(struct budget *budget, struct scope *scope, struct span name, struct value value, struct variable **ret);

/* Sets the variable where there is one already, up to a closed scope, or else here. Returns 0 or a failure. */
int scope_set(struct budget *budget, struct scope *scope, struct span name, struct value value);

#endif
