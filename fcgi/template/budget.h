/*
 * budget - what one render may use up, and why it had to stop.
 *
 * All that a template can make a render do is paid for here, in memory, steps
 * and depth, so that each render ends. A function that cannot go on leaves the
 * reason with budget_fail(); who knows the position adds it.
 */
#ifndef FCGI_TEMPLATE_BUDGET_H
#define FCGI_TEMPLATE_BUDGET_H

#include <stddef.h>

#include "fcgi/template/arena.h"

struct budget {
	struct arena arena; /* values live here until the render ends */
	size_t steps;
	unsigned depth;
	char why[512];
};

/* Keeps the reason and returns error, which is negative. */
int budget_fail(struct budget *budget, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Says that memory is used up. Returns -ENOMEM. */
int budget_no_memory(struct budget *budget);

/* Pays for n steps. Returns 0 or a failure. */
int budget_spend(struct budget *budget, size_t n);

/* Goes one level deeper, until budget_leave(). Returns 0, or a failure that needs no budget_leave(). */
int budget_enter(struct budget *budget);
void budget_leave(struct budget *budget);

#endif
