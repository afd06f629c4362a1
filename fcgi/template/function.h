/*
 * function - what is called by name and takes values only.
 *
 * Those that take more, such as block(), are in operand.c.
 */
#ifndef FCGI_TEMPLATE_FUNCTION_H
#define FCGI_TEMPLATE_FUNCTION_H

#include "fcgi/template/callee.h"
#include "fcgi/template/value.h"

/* Returns 0 or a failure. n is within the function's minimum and maximum. */
typedef int function_apply(struct budget *budget, const struct value *args, unsigned n, struct value *ret);

struct function {
	struct callee callee;
	function_apply *apply;
};

/* Returns NULL when there is none. */
const struct function *function_find(struct span name);

#endif
