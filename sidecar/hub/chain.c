#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/chain.h"

enum {
	BLOCK = 18, /* items */
	STEP = 6,   /* by which the first block grows: a part of BLOCK */
};

static uint32_t
n_blocks(const struct chain *chain)
{
	return (chain->cap + BLOCK - 1) / BLOCK;
}

void
chain_free(struct chain *chain)
{
	for (uint32_t i = 0; i < n_blocks(chain); i++)
		free(chain->blocks[i]);
	free(chain->blocks);
	*chain = (struct chain){ 0 };
}

size_t
chain_bytes(const struct chain *chain)
{
	return n_blocks(chain) * sizeof(*chain->blocks) + (size_t)chain->cap * chain->size;
}

static int
add_block(struct chain *chain, uint32_t items)
{
	uint32_t n = n_blocks(chain);
	char **blocks = realloc(chain->blocks, (n + 1) * sizeof(*blocks));

	if (blocks == NULL)
		return -ENOMEM;
	chain->blocks = blocks;
	blocks[n] = malloc((size_t)items * chain->size);
	if (blocks[n] == NULL)
		return -ENOMEM;
	chain->cap += items;
	return 0;
}

/* The first block, which is the only one, becomes larger. */
static int
grow_block(struct chain *chain)
{
	char *block = realloc(chain->blocks[0], (size_t)(chain->cap + STEP) * chain->size);

	if (block == NULL)
		return -ENOMEM;
	chain->blocks[0] = block;
	chain->cap += STEP;
	return 0;
}

/* The same without more memory, where the oldest have gone. */
static void
move_to_front(struct chain *chain)
{
	memmove(chain->blocks[0], chain_at(chain, 0), (size_t)chain->n * chain->size);
	chain->head = 0;
}

/* Makes room for one more. Returns 0 or -ENOMEM. */
static int
grow(struct chain *chain)
{
	if (chain->cap == 0)
		return add_block(chain, STEP);
	if (chain->cap <= BLOCK && chain->head > 0) {
		move_to_front(chain);
		return 0;
	}
	return chain->cap < BLOCK ? grow_block(chain) : add_block(chain, BLOCK);
}

int
chain_push(struct chain *chain, const void *item, size_t size)
{
	assert(chain->n == 0 || chain->size == size);
	chain->size = (uint32_t)size;
	if (chain->head + chain->n == chain->cap && grow(chain) < 0)
		return -ENOMEM;
	chain->n++;
	memcpy(chain_at(chain, chain->n - 1), item, size);
	return 0;
}

void *
chain_at(const struct chain *chain, uint32_t i)
{
	uint32_t at = chain->head + i;

	assert(i < chain->n);
	return chain->blocks[at / BLOCK] + (size_t)(at % BLOCK) * chain->size;
}

static void
drop_block(struct chain *chain)
{
	chain->head = 0;
	chain->cap -= BLOCK;
	free(chain->blocks[0]);
	memmove(chain->blocks, chain->blocks + 1, n_blocks(chain) * sizeof(*chain->blocks));
}

void
chain_pop(struct chain *chain)
{
	assert(chain->n > 0);
	chain->head++;
	chain->n--;
	if (chain->n == 0)
		chain_free(chain);
	else if (chain->head == BLOCK)
		drop_block(chain);
}
