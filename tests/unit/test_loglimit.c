#include <stddef.h>
#include <string.h>

#include "shared/loglimit.h"
#include "tests/tap.h"

static const char format[] = "upgrade refused path=%s";
static struct loglimit limit, other;
static unsigned n_held;
static bool first;

static bool
take(struct loglimit *of, int64_t second)
{
	return loglimit_take(of, 2, format, second, &n_held, &first);
}

static void
a_second_brings_so_many(void)
{
	unsigned n = 0;

	for (int i = 0; i < LOGLIMIT_LINES; i++)
		n += take(&limit, 1);
	OK(n == LOGLIMIT_LINES && !loglimit_waits(), "so many lines a second are written");
	OK(!take(&limit, 1) && first, "one more is held back");
	OK(!take(&limit, 1) && !first, "and the next, and the caller knows which was the first");
	OK(take(&other, 1), "another kind is another matter");
	OK(loglimit_waits(), "two are to be said");
	OK(take(&limit, 2) && n_held == 2, "the next second says how many");
	OK(take(&limit, 2) && n_held == 0 && !loglimit_waits(), "once");
}

static void
what_is_held_is_said_without_another(void)
{
	struct loglimit *found;

	for (int i = 0; i < LOGLIMIT_LINES + 3; i++)
		take(&limit, 3);
	OK(loglimit_next(3, &n_held) == NULL, "a second is over when it is");
	found = loglimit_next(4, &n_held);
	OK(found == &limit && n_held == 3, "then its number is known");
	OK(found->level == 2, "and its level");
	OK(loglimit_next(4, &n_held) == NULL, "and no other kind has one");
}

static void
a_kind_has_a_name(void)
{
	const struct loglimit pairs = { .format = "client dropped path=%s why=%s" }, bare = { .format = "no pairs" },
			      only = { .format = "%s here" };

	OK(loglimit_name_len(&pairs) == strlen("client dropped"), "it is what stands before the first pair");
	OK(loglimit_name_len(&bare) == strlen("no pairs"), "or all of it");
	OK(loglimit_name_len(&only) == 0, "or nothing");
}

int
main(void)
{
	a_second_brings_so_many();
	what_is_held_is_said_without_another();
	a_kind_has_a_name();
	return tap_done();
}
