/*
 * chain - a queue of items of one size that may stay for long: pure.
 *
 * It is in small blocks, so that it takes hardly more than its items do, and leaves
 * no holes in the heap as it becomes longer: ring.h is faster.
 */
#ifndef SIDECAR_CHAIN_H
#define SIDECAR_CHAIN_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed: empty. */
struct chain {
	char **blocks; /* NULL while it owns no memory */
	uint32_t size; /* of an item */
	uint32_t head; /* the oldest one's index in the first block */
	uint32_t n;
	uint32_t cap; /* of all blocks */
};

/* Forgets everything, and owns no memory afterwards. */
void chain_free(struct chain *chain);

/* The memory that it owns: none when it is empty. */
size_t chain_bytes(const struct chain *chain);

/* Appends a copy of the item, whose size is that of all others. Returns 0 or -ENOMEM. */
int chain_push(struct chain *chain, const void *item, size_t size);

/* The item that has i older ones: borrowed until the next push, pop or free. */
void *chain_at(const struct chain *chain, uint32_t i);

/* Drops the oldest, which is there. */
void chain_pop(struct chain *chain);

#endif
