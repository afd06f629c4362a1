/*
 * workers - the processes that run handlers: who is there, and which of them
 * serves a path.
 *
 * The choice is rendezvous hashing over those that announced the path's route:
 * a path keeps its worker while that worker is there.
 */
#ifndef SIDECAR_WORKERS_H
#define SIDECAR_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/bus.h"
#include "shared/hash.h"

struct route;
struct route_app;

enum { WORKERS_MAX = 256 };

struct worker {
	UT_hash_handle hh; /* by peer */
	struct bus_peer peer;
	uint64_t serial; /* never used again */
	struct route_app *app;
	const struct route **routes; /* announced and not refused */
	uint16_t n_routes;
	uint64_t heard_ms;
	bool leaving;    /* said BYE: gets no new events */
	uint32_t n_owed; /* events sent and not acknowledged */
	size_t bytes;    /* of all events in its lanes */
	struct buf out;  /* the EVENTS message of this turn */
};

struct workers {
	struct worker *by_peer; /* iterate with HASH_ITER(hh, ...) */
	uint64_t last_serial;
};

/* Every lane must have been given up. */
void workers_close(struct workers *workers);

/* NULL when there is none. */
struct worker *workers_find(const struct workers *workers, const struct bus_peer *peer);

/* NULL at WORKERS_MAX, or when out of memory. */
struct worker *workers_add(struct workers *workers, const struct bus_peer *peer);
void workers_remove(struct workers *workers, struct worker *worker);

bool worker_announces(const struct worker *worker, const struct route *route);

/* True when the app has a worker that announces the route; NULL is any route. */
bool workers_serve(const struct workers *workers, const struct route_app *app, const struct route *route);

/* The worker for a path, given its hash, of those that announce its route; NULL when there is none. */
struct worker *workers_choose(const struct workers *workers, const struct route *route, uint32_t path_hash);

#endif
