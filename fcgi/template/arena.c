#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/template/arena.h"
#include "fcgi/template/limits.h"

enum { BLOCK_BYTES = 4096 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data */
	alignas(max_align_t) char data[];
};

void
arena_free(struct arena *arena)
{
	struct arena_block *block = arena->newest, *older;

	for (; block != NULL; block = older) {
		older = block->older;
		free(block);
	}
	*arena = (struct arena)ARENA_INIT;
}

/* Begins a block with room for n bytes at least. What the one before had left is given up. */
static struct arena_block *
add_block(struct arena *arena, size_t n)
{
	size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct arena_block *block;

	if (size > TEMPLATE_MAX_MEMORY - arena->bytes)
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->older = arena->newest;
	block->size = size;
	arena->newest = block;
	arena->left = size;
	arena->bytes += size;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t n)
{
	const size_t align = alignof(max_align_t);
	char *data;

	if (n > TEMPLATE_MAX_MEMORY)
		return NULL;
	n = n > 0 ? (n + align - 1) / align * align : align;
	if (n > arena->left && add_block(arena, n) == NULL)
		return NULL;
	data = arena->newest->data + arena->newest->size - arena->left;
	arena->left -= n;
	return memset(data, 0, n);
}

char *
arena_copy(struct arena *arena, const void *data, size_t n)
{
	char *copy = arena_alloc(arena, n);

	if (copy != NULL && n > 0)
		memcpy(copy, data, n);
	return copy;
}
