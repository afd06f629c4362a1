#include <string.h>

#include "shared/loglimit.h"

static _Atomic(struct loglimit *) all;

/* The first time. */
static void
list(struct loglimit *limit, int level, const char *format)
{
	struct loglimit *first = atomic_load(&all);

	if (atomic_exchange(&limit->listed, true))
		return;
	limit->format = format;
	limit->level = level;
	do {
		limit->next = first;
	} while (!atomic_compare_exchange_weak(&all, &first, limit));
}

bool
loglimit_take(
    struct loglimit *limit, int level, const char *format, int64_t second, unsigned *ret_n_held, bool *ret_first)
{
	*ret_n_held = 0;
	*ret_first = false;
	if (atomic_exchange(&limit->second, second) != second) {
		atomic_store(&limit->n, 0);
		*ret_n_held = atomic_exchange(&limit->n_held, 0);
	}
	if (atomic_fetch_add(&limit->n, 1) < LOGLIMIT_LINES)
		return true;
	list(limit, level, format);
	*ret_first = atomic_fetch_add(&limit->n_held, 1) == 0;
	return false;
}

struct loglimit *
loglimit_next(int64_t second, unsigned *ret_n_held)
{
	for (struct loglimit *limit = atomic_load(&all); limit != NULL; limit = limit->next) {
		if (atomic_load(&limit->second) >= second)
			continue;
		*ret_n_held = atomic_exchange(&limit->n_held, 0);
		if (*ret_n_held > 0)
			return limit;
	}
	return NULL;
}

bool
loglimit_waits(void)
{
	for (struct loglimit *limit = atomic_load(&all); limit != NULL; limit = limit->next)
		if (atomic_load(&limit->n_held) > 0)
			return true;
	return false;
}

size_t
loglimit_name_len(const struct loglimit *limit)
{
	size_t pair = strcspn(limit->format, "=%");

	while (pair > 0 && limit->format[pair] != '\0' && limit->format[pair] != ' ')
		pair--;
	return pair;
}
