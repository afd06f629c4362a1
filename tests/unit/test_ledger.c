#include "tests/bench/ledger.h"
#include "tests/tap.h"

static void
test_order(void)
{
	struct ledger ledger = { 0 };

	OK(ledger_book(&ledger, 0) == LEDGER_IN_ORDER && ledger_book(&ledger, 1) == LEDGER_IN_ORDER,
	    "one after the other is in order");
	OK(ledger_book(&ledger, 0) == LEDGER_AGAIN && ledger_book(&ledger, 1) == LEDGER_AGAIN,
	    "and each comes only once");
}

static void
test_gap(void)
{
	struct ledger ledger = { 0 };

	OK(ledger_book(&ledger, 2) == LEDGER_SKIPPED, "a gap is seen");
	OK(ledger_book(&ledger, 3) == LEDGER_IN_ORDER, "and what follows is in order again");
	OK(ledger_book(&ledger, 1) == LEDGER_LATE, "what fills the gap is late");
	OK(ledger_book(&ledger, 1) == LEDGER_AGAIN, "but only once");
	OK(ledger_book(&ledger, 2) == LEDGER_AGAIN, "what came before it is no gap");
	OK(ledger_book(&ledger, 0) == LEDGER_LATE, "the rest of the gap stays open");
}

static void
test_window(void)
{
	struct ledger ledger = { 0 };

	OK(ledger_book(&ledger, LEDGER_WINDOW - 1) == LEDGER_SKIPPED, "a whole window may be skipped");
	OK(ledger_book(&ledger, 0) == LEDGER_LATE, "and its first one come late");
	OK(ledger_book(&ledger, LEDGER_WINDOW) == LEDGER_IN_ORDER, "then the next one is in order");
	OK(ledger_book(&ledger, 0) == LEDGER_AGAIN, "further back than a window nothing is open");
	for (unsigned i = 1; i < LEDGER_WINDOW - 1; i++)
		if (ledger_book(&ledger, i) != LEDGER_LATE)
			OK(false, "each of the others was open");
	OK(ledger.holes == 0, "when all have come there are no holes");
}

int
main(void)
{
	test_order();
	test_gap();
	test_window();
	return tap_done();
}
