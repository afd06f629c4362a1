#include "tests/bench/ledger.h"

enum ledger_entry
ledger_book(struct ledger *ledger, uint64_t number)
{
	uint64_t back, bit, skipped;

	if (number == ledger->next) {
		ledger->next++;
		ledger->holes <<= 1;
		return LEDGER_IN_ORDER;
	}
	if (number > ledger->next) {
		skipped = number - ledger->next;
		ledger->holes = ledger->holes << skipped | ((UINT64_C(1) << skipped) - 1);
		ledger->holes <<= 1;
		ledger->next = number + 1;
		return LEDGER_SKIPPED;
	}
	back = ledger->next - 1 - number;
	bit = back < LEDGER_WINDOW ? UINT64_C(1) << back : 0;
	if ((ledger->holes & bit) == 0)
		return LEDGER_AGAIN;
	ledger->holes &= ~bit;
	return LEDGER_LATE;
}
