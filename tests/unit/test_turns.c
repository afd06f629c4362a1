/* Turns against a plain list of what came, with random times; the seed is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcgi/bridge/turns.h"
#include "fcgi/bridge/waiting.h"
#include "tests/tap.h"

enum { N_CONNS = 5, N_STEPS = 20000, MAX_TAKEN = 3 };

static struct turns *turns;
static uint64_t came[N_CONNS], answered[N_CONNS]; /* ids of each connection's events */
static struct waiting *taken[N_CONNS];
static int64_t now_ms, due_ms[N_CONNS];
static unsigned n_taken;
static bool in_order = true, in_time = true, alone = true;

static void
add(unsigned conn)
{
	struct wire_event event = { .kind = WIRE_MESSAGE, .data = { "x", 1 } };

	event.conn.bytes[0] = (uint8_t)conn;
	event.id = ++came[conn];
	if (turns_add(&turns, &event) < 0)
		abort();
}

static void
take(void)
{
	struct waiting *waiting = n_taken < MAX_TAKEN ? turns_next(turns, now_ms) : NULL;
	unsigned conn;

	if (waiting == NULL)
		return;
	conn = waiting->event.conn.bytes[0];
	alone &= taken[conn] == NULL;
	in_order &= waiting->event.id == answered[conn] + 1;
	in_time &= now_ms >= due_ms[conn];
	taken[conn] = waiting;
	n_taken++;
}

static void
give_back(unsigned conn)
{
	struct waiting *waiting = taken[conn];

	if (waiting == NULL)
		return;
	taken[conn] = NULL;
	n_taken--;
	if (rand() % 4 == 0) {
		due_ms[conn] = now_ms + rand() % 50;
		turns_again(turns, waiting, due_ms[conn]);
		return;
	}
	answered[conn]++;
	due_ms[conn] = 0;
	turns_done(turns, waiting);
}

static void
test_random_order(void)
{
	for (unsigned i = 0; i < N_STEPS; i++) {
		unsigned conn = (unsigned)rand() % N_CONNS;

		now_ms += rand() % 5;
		switch (rand() % 3) {
		case 0:
			add(conn);
			break;
		case 1:
			take();
			break;
		case 2:
			give_back(conn);
		}
	}
	OK(in_order, "events of a connection come in their order");
	OK(alone, "one of a connection at a time");
	OK(in_time, "none before its time");
}

static void
test_all_come(void)
{
	bool all = true;

	while (turns_due_ms(turns) != INT64_MAX || n_taken > 0) {
		now_ms += 10;
		take();
		for (unsigned conn = 0; conn < N_CONNS; conn++)
			give_back(conn);
	}
	for (unsigned conn = 0; conn < N_CONNS; conn++)
		all &= came[conn] == answered[conn];
	OK(all, "each of them comes");
}

static void
test_forget(void)
{
	struct waiting *waiting;

	add(0);
	add(0);
	add(1);
	now_ms += 100;
	waiting = turns_next(turns, now_ms);
	turns_forget(turns);
	OK(waiting != NULL && waiting->forgotten, "the one that is taken is marked");
	OK(turns_next(turns, now_ms) == NULL && turns_due_ms(turns) == INT64_MAX, "the others are gone");
	add(waiting->event.conn.bytes[0]);
	OK(turns_next(turns, now_ms) == NULL, "a new one of that connection waits for it");
	turns_done(turns, waiting);
	waiting = turns_next(turns, now_ms);
	OK(waiting != NULL && !waiting->forgotten, "and then it comes");
	turns_done(turns, waiting);
}

int
main(void)
{
	unsigned seed = (unsigned)time(NULL);

	printf("# seed %u\n", seed);
	srand(seed);
	test_random_order();
	test_all_come();
	test_forget();
	turns_free(turns);
	return tap_done();
}
