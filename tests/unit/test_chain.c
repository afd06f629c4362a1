#include "sidecar/hub/chain.h"
#include "tests/tap.h"

enum { MANY = 1000 };

static bool
push(struct chain *chain, uint64_t value)
{
	return chain_push(chain, &value, sizeof(value)) == 0;
}

static uint64_t
value_at(const struct chain *chain, uint32_t i)
{
	return *(uint64_t *)chain_at(chain, i);
}

static uint64_t
pop(struct chain *chain)
{
	uint64_t value = value_at(chain, 0);

	chain_pop(chain);
	return value;
}

/* Pushes and pops so that the beginning moves while it grows. */
static void
test_order(void)
{
	struct chain chain = { 0 };
	uint64_t pushed = 0, popped = 0;
	bool right = true;

	while (pushed < MANY) {
		for (int i = 0; i < 3; i++)
			right &= push(&chain, pushed++);
		right &= pop(&chain) == popped++;
	}
	OK(right && chain.n == pushed - popped, "it counts what is in it");
	for (uint32_t i = 0; i < chain.n; i++)
		right &= value_at(&chain, i) == popped + i;
	OK(right, "each item can be looked at, oldest first");
	while (chain.n > 0)
		right &= pop(&chain) == popped++;
	OK(right && popped == pushed, "items leave in the order in which they came, also while it grows");
	chain_free(&chain);
	OK(chain.blocks == NULL && chain_bytes(&chain) == 0, "at the end it owns no memory");
}

static void
test_memory(void)
{
	struct chain chain = { 0 };
	const size_t most = MANY * (sizeof(uint64_t) + 1);
	bool right = true;

	OK(chain_bytes(&chain) == 0, "one that is empty owns no memory");
	for (uint64_t i = 0; i < MANY; i++)
		push(&chain, i);
	OK(chain_bytes(&chain) < most, "it owns little more than its items");
	for (uint64_t i = 0; i < MANY; i++) {
		push(&chain, i);
		pop(&chain);
		right &= chain_bytes(&chain) < most;
	}
	OK(right, "what never holds more does not grow");
	while (chain.n > 1)
		pop(&chain);
	OK(chain_bytes(&chain) < 20 * sizeof(uint64_t), "what it needs no more is given back");
	pop(&chain);
	OK(chain_bytes(&chain) == 0 && chain.blocks == NULL, "all of it in the end");
	for (uint64_t i = 0; i < MANY; i++) {
		push(&chain, i);
		right &= value_at(&chain, 0) == (i < 5 ? 0 : i - 5);
		if (chain.n > 5)
			pop(&chain);
	}
	OK(right && chain_bytes(&chain) == 6 * sizeof(uint64_t) + sizeof(char *),
	    "a few that come and go take no more");
	chain_free(&chain);
}

static void
test_sizes(void)
{
	struct item {
		uint32_t a;
		char b[9];
	} items[20] = { { 0 } };
	struct chain chain = { 0 };
	bool right = true;

	for (uint32_t i = 0; i < 20; i++) {
		items[i].a = i;
		chain_push(&chain, &items[i], sizeof(items[i]));
	}
	for (uint32_t i = 0; i < 20; i++)
		right &= ((struct item *)chain_at(&chain, i))->a == i;
	OK(right, "items may have any size");
	chain_free(&chain);
}

int
main(void)
{
	test_order();
	test_memory();
	test_sizes();
	return tap_done();
}
