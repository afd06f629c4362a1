#include "shared/list.h"
#include "tests/tap.h"

static void
items_are_stepped_through(void)
{
	const char *rest = " ,a,\tb c , ,d ";
	struct span item;

	OK(list_next(&rest, &item) && span_is(item, "a"), "blanks and empty items are skipped");
	OK(list_next(&rest, &item) && span_is(item, "b c"), "blanks within an item stay");
	OK(list_next(&rest, &item) && span_is(item, "d"), "blanks at the end do not count");
	OK(!list_next(&rest, &item) && !list_next(&rest, &item), "then the list ends, and stays at its end");
}

int
main(void)
{
	items_are_stepped_through();
	return tap_done();
}
