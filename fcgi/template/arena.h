/*
 * arena - memory that is freed all at once, and has a limit.
 */
#ifndef FCGI_TEMPLATE_ARENA_H
#define FCGI_TEMPLATE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *newest;
	size_t left;  /* bytes in the newest block */
	size_t bytes; /* of all blocks */
};

#define ARENA_INIT                                                                                                     \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Makes the arena empty and usable again. */
void arena_free(struct arena *arena);

/* Zeroed bytes, aligned for anything. Returns NULL when out of memory or past TEMPLATE_MAX_MEMORY. */
void *arena_alloc(struct arena *arena, size_t n);

/* A copy of n bytes. Returns NULL as arena_alloc() does. */
char *arena_copy(struct arena *arena, const void *data, size_t n);

#endif
