#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/budget.h"

int
budget_fail(struct budget *budget, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(budget->why, sizeof(budget->why), format, args);
	va_end(args);
	return error;
}

int
budget_no_memory(struct budget *budget)
{
	return budget_fail(budget, -ENOMEM, "out of memory, or values of more than %d bytes", TEMPLATE_MAX_MEMORY);
}

int
budget_spend(struct budget *budget, size_t n)
{
	if (n > TEMPLATE_MAX_STEPS - budget->steps)
		return budget_fail(budget, -E2BIG, "more than %d steps", TEMPLATE_MAX_STEPS);
	budget->steps += n;
	return 0;
}

int
budget_enter(struct budget *budget)
{
	if (budget->depth == TEMPLATE_MAX_DEPTH)
		return budget_fail(budget, -E2BIG, "nested deeper than %d", TEMPLATE_MAX_DEPTH);
	budget->depth++;
	return 0;
}

void
budget_leave(struct budget *budget)
{
	budget->depth--;
}
