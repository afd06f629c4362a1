#include <stdlib.h>

#include "sidecar/hub/array.h"
#include "sidecar/hub/ring.h"
#include "tests/tap.h"

enum { MANY = 1000 };

static bool
push(struct ring *ring, uint64_t value)
{
	return ring_push(ring, &value, sizeof(value)) == 0;
}

static uint64_t
value_at(const struct ring *ring, uint32_t i)
{
	return *(uint64_t *)ring_at(ring, i);
}

static uint64_t
pop(struct ring *ring)
{
	uint64_t value = value_at(ring, 0);

	ring_pop(ring);
	return value;
}

/* Pushes and pops so that the beginning moves while it grows. */
static void
test_order(void)
{
	struct ring ring = RING_INIT;
	uint64_t pushed = 0, popped = 0;
	bool right = true;

	while (pushed < MANY) {
		for (int i = 0; i < 3; i++)
			right &= push(&ring, pushed++);
		right &= pop(&ring) == popped++;
	}
	OK(right && ring.n == pushed - popped, "it counts what is in it");
	for (uint32_t i = 0; i < ring.n; i++)
		right &= value_at(&ring, i) == popped + i;
	OK(right, "each item can be looked at, oldest first");
	while (ring.n > 0)
		right &= pop(&ring) == popped++;
	OK(right && popped == pushed, "items leave in the order in which they came, also when it wraps and grows");
	ring_free(&ring);
	OK(ring.items == NULL && ring.cap == 0, "at the end it owns no memory");
}

static void
test_memory_is_used_again(void)
{
	struct ring ring = RING_INIT;
	uint32_t cap;

	push(&ring, 0);
	cap = ring.cap;
	for (uint64_t i = 0; i < MANY; i++) {
		push(&ring, i);
		pop(&ring);
	}
	OK(ring.cap == cap, "what never holds more does not grow");
	ring_free(&ring);
}

static void
test_sizes(void)
{
	struct item {
		uint32_t a;
		char b[9];
	} items[20] = { { 0 } };
	struct ring ring = RING_INIT;
	bool right = true;

	for (uint32_t i = 0; i < 20; i++) {
		items[i].a = i;
		ring_push(&ring, &items[i], sizeof(items[i]));
	}
	for (uint32_t i = 0; i < 20; i++)
		right &= ((struct item *)ring_at(&ring, i))->a == i;
	OK(right, "items may have any size");
	ring_free(&ring);
}

static void
test_array(void)
{
	uint32_t *array = NULL, n = 0, cap = 0;
	bool right = true;

	while (n < MANY) {
		right &= ARRAY_RESERVE(array, n, cap) == 0 && cap > n;
		array[n] = n;
		n++;
	}
	for (uint32_t i = 0; i < n; i++)
		right &= array[i] == i;
	OK(right, "an array grows and keeps what is in it");
	free(array);
}

int
main(void)
{
	test_order();
	test_memory_is_used_again();
	test_sizes();
	test_array();
	return tap_done();
}
