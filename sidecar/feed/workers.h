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
#include "shared/wire.h"
#include "sidecar/feed/supervisors.h"

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
	struct wire_watch watch;
	bool leaving;     /* said BYE: gets no new events */
	bool lost;        /* cannot be reached; its supervisor has not said yet over what it died */
	bool dead;        /* its supervisor has said so; what it sent before may still be on its way */
	uint8_t n_probes; /* since it is one of the two */
	uint32_t n_owed;  /* events sent and not acknowledged */
	size_t bytes;     /* of all events in its lanes */
	struct buf out;   /* the EVENTS message of this turn */
};

struct workers {
	struct worker *by_peer; /* iterate with HASH_ITER(hh, ...) */
	uint64_t last_serial;
	struct supervisors supervisors;
};

/* Every lane must have been given up. */
void workers_close(struct workers *workers);

/* NULL when there is none. */
struct worker *workers_find(const struct workers *workers, const struct bus_peer *peer);

/* NULL at WORKERS_MAX, or when out of memory. */
struct worker *workers_add(struct workers *workers, const struct bus_peer *peer);
void workers_remove(struct workers *workers, struct worker *worker);

/* The one that this is the watch of, or NULL. */
struct worker *workers_find_watch(const struct workers *workers, const struct wire_watch *watch);

/* True for one that takes new events. */
bool worker_is_at_work(const struct worker *worker);

bool worker_announces(const struct worker *worker, const struct route *route);

/* True when the app has a worker that announces the route; NULL is any route. */
bool workers_serve(const struct workers *workers, const struct route_app *app, const struct route *route);

/* How many take the route's events. */
uint32_t workers_at(const struct workers *workers, const struct route *route);

/* The worker for a path, given its hash, of those that announce its route; NULL when there is none. */
struct worker *workers_choose(const struct workers *workers, const struct route *route, uint32_t path_hash);

#endif
