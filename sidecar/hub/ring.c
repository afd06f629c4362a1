#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/ring.h"

enum { FIRST_CAP = 8 };

void
ring_free(struct ring *ring)
{
	free(ring->items);
	*ring = (struct ring)RING_INIT;
}

size_t
ring_bytes(const struct ring *ring)
{
	return (size_t)ring->cap * ring->size;
}

static char *
place_of(const struct ring *ring, uint32_t i)
{
	return ring->items + (size_t)((ring->head + i) & (ring->cap - 1)) * ring->size;
}

static int
grow(struct ring *ring)
{
	uint32_t cap = ring->cap == 0 ? FIRST_CAP : 2 * ring->cap;
	char *items = malloc((size_t)cap * ring->size);
	uint32_t first = ring->cap - ring->head; /* up to the end of the memory, then from its beginning */

	if (items == NULL)
		return -ENOMEM;
	if (ring->n > 0) {
		memcpy(items, ring->items + (size_t)ring->head * ring->size, (size_t)first * ring->size);
		memcpy(items + (size_t)first * ring->size, ring->items, (size_t)ring->head * ring->size);
	}
	free(ring->items);
	ring->items = items;
	ring->cap = cap;
	ring->head = 0;
	return 0;
}

int
ring_push(struct ring *ring, const void *item, size_t size)
{
	assert(ring->n == 0 || ring->size == size);
	ring->size = (uint32_t)size;
	if (ring->n == ring->cap && grow(ring) < 0)
		return -ENOMEM;
	memcpy(place_of(ring, ring->n++), item, size);
	return 0;
}

void *
ring_at(const struct ring *ring, uint32_t i)
{
	assert(i < ring->n);
	return place_of(ring, i);
}

void
ring_pop(struct ring *ring)
{
	assert(ring->n > 0);
	ring->head = (ring->head + 1) & (ring->cap - 1);
	ring->n--;
}
