/*
 * check - what stands after `is`.
 */
#ifndef FCGI_TEMPLATE_CHECK_H
#define FCGI_TEMPLATE_CHECK_H

#include "fcgi/template/value.h"

struct check {
	const char *name;
	const char *second; /* the second word of its name, or NULL */
	bool has_argument;
	/* Returns 0 or a failure. */
	int (*apply)(struct budget *budget, struct value value, struct value argument, bool *ret);
};

/* By its first word. Returns NULL when there is none. */
const struct check *check_find(struct span name);

#endif
