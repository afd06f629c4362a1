/*
 * relief - what is done when memory is scarce.
 *
 * What is kept for those who may come back goes first, the oldest before the rest.
 * Then those go who hold most: a client that is sent much and does not read, or
 * has begun a large message and does not end it. And what has been let go is
 * given back to the system when it is much.
 */
#ifndef SIDECAR_RELIEF_H
#define SIDECAR_RELIEF_H

#include <stddef.h>
#include <stdint.h>

struct hub;

enum relief_limits {
	RELIEF_MIN_BYTES = 4 << 10,   /* who holds less is never in the way */
	RELIEF_TRIM_BYTES = 16 << 20, /* let go, at the least, before it is given back */
	RELIEF_TRIM_MS = 10000,       /* between two times, as that may take some ms */
	RELIEF_REST_MS = 100,         /* after a search that found nobody */
};

struct relief {
	struct hub *hub;
	size_t peak;            /* the most that was held since memory was given back */
	uint64_t trimmed_ms;    /* when that was */
	uint64_t rest_until_ms; /* nobody is looked for before */
	uint64_t n_dropped;     /* clients */
	uint64_t n_trims;
};

/* Borrows the hub. */
void relief_open(struct relief *relief, struct hub *hub);

/* Each turn: costs a comparison while there is memory. */
void relief_turn(struct relief *relief, uint64_t now_ms);

/* Each second. */
void relief_tick(struct relief *relief, uint64_t now_ms);

#endif
