/*
 * work - what one render has used up, and why it had to stop.
 *
 * All that a template can make a render do is paid for here, in memory, steps
 * and depth, so that each render ends. A function that cannot go on leaves the
 * reason with work_fail(); who knows the position adds it.
 */
#ifndef FCGI_TEMPLATE_WORK_H
#define FCGI_TEMPLATE_WORK_H

#include <stddef.h>

#include "fcgi/template/arena.h"

struct work {
	struct arena arena; /* values live here until the render ends */
	size_t steps;
	unsigned depth;
	char why[512];
};

/* Keeps the reason and returns error, which is negative. */
int work_fail(struct work *work, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Says that memory is used up. Returns -ENOMEM. */
int work_no_memory(struct work *work);

/* Pays for n steps. Returns 0 or a failure. */
int work_spend(struct work *work, size_t n);

/* Goes one level deeper, until work_leave(). Returns 0, or a failure that needs no work_leave(). */
int work_enter(struct work *work);
void work_leave(struct work *work);

#endif
