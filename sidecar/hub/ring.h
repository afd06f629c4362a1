/*
 * ring - a queue of items of one size, in memory that is used again: pure.
 */
#ifndef SHARED_RING_H
#define SHARED_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	char *items;   /* NULL while it owns no memory */
	uint32_t size; /* of an item */
	uint32_t cap;  /* a power of two */
	uint32_t head;
	uint32_t n;
};

#define RING_INIT                                                                                                      \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Forgets everything, and owns no memory afterwards. */
void ring_free(struct ring *ring);

/* The memory that it owns. */
size_t ring_bytes(const struct ring *ring);

/* Appends a copy of the item, whose size is that of all others. Returns 0 or -ENOMEM. */
int ring_push(struct ring *ring, const void *item, size_t size);

/* The item that has i older ones: borrowed until the next push, pop or free. */
void *ring_at(const struct ring *ring, uint32_t i);

/* Drops the oldest, which is there. */
void ring_pop(struct ring *ring);

#endif
