#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/work.h"

int
work_fail(struct work *work, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(work->why, sizeof(work->why), format, args);
	va_end(args);
	return error;
}

int
work_no_memory(struct work *work)
{
	return work_fail(work, -ENOMEM, "out of memory, or values of more than %d bytes", TEMPLATE_MAX_MEMORY);
}

int
work_spend(struct work *work, size_t n)
{
	if (n > TEMPLATE_MAX_STEPS - work->steps)
		return work_fail(work, -E2BIG, "more than %d steps", TEMPLATE_MAX_STEPS);
	work->steps += n;
	return 0;
}

int
work_enter(struct work *work)
{
	if (work->depth == TEMPLATE_MAX_DEPTH)
		return work_fail(work, -E2BIG, "nested deeper than %d", TEMPLATE_MAX_DEPTH);
	work->depth++;
	return 0;
}

void
work_leave(struct work *work)
{
	work->depth--;
}
