/*
 * memory - how much the sidecar holds for its clients, and how much it may.
 *
 * Who holds something that a client can make grow says so here: frames, the rings
 * of queues, events, unfinished messages, what handlers keep with a connection,
 * and what libwebsockets has of it. As malloc() itself, there is one of it.
 */
#ifndef SIDECAR_MEMORY_H
#define SIDECAR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memory_limits {
	MEMORY_CONNECTION_BYTES = 4096, /* of a quiet one, all told: tests/bench measures it */
	MEMORY_SCARCE_QUARTERS = 3,     /* of the limit: from there on the fullest queues go */
};

struct memory {
	size_t bytes;  /* held now */
	size_t limit;  /* SIZE_MAX until memory_set_limit() */
	size_t scarce; /* where relief.h begins */
};

extern struct memory memory;

static inline void
memory_add(size_t bytes)
{
	memory.bytes += bytes;
}

static inline void
memory_remove(size_t bytes)
{
	memory.bytes -= bytes;
}

/* True when some clients must go, so that the others can stay. */
static inline bool
memory_is_scarce(void)
{
	return memory.bytes > memory.scarce;
}

/* True when nobody new is let in, and no message more is taken. */
static inline bool
memory_is_full(void)
{
	return memory.bytes >= memory.limit;
}

/* Sets the limit: of TINA4_WS_MEMORY. */
void memory_set_limit(size_t bytes);

#endif
