/*
 * ledger - which numbered messages one receiver has got.
 *
 * At most LEDGER_WINDOW messages are on their way at a time, so what lies
 * further back has come.
 */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include <stdint.h>

enum { LEDGER_WINDOW = 64 };

/* Zeroed: nothing has come. */
struct ledger {
	uint64_t next;  /* one more than the highest number that came */
	uint64_t holes; /* bit i: number next - 1 - i has not come */
};

enum ledger_entry {
	LEDGER_IN_ORDER,
	LEDGER_SKIPPED, /* a lower one has not come yet */
	LEDGER_LATE,    /* a higher one came before it */
	LEDGER_AGAIN,   /* it had come before */
};

/* Books a number, which must be less than next + LEDGER_WINDOW. */
enum ledger_entry ledger_book(struct ledger *ledger, uint64_t number);

#endif
