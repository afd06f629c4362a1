#include <stdlib.h>
#include <string.h>

#include "sidecar/feed/workers.h"

struct worker *
workers_find(const struct workers *workers, const struct bus_peer *peer)
{
	struct worker *worker;

	HASH_FIND(hh, workers->by_peer, peer, sizeof(*peer), worker);
	return worker;
}

struct worker *
workers_add(struct workers *workers, const struct bus_peer *peer)
{
	struct worker *worker;

	if (HASH_COUNT(workers->by_peer) >= WORKERS_MAX)
		return NULL;
	worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		return NULL;
	worker->peer = *peer;
	worker->serial = ++workers->last_serial;
	HASH_ADD(hh, workers->by_peer, peer, sizeof(worker->peer), worker);
	if (!HASH_ADDED(worker)) {
		free(worker);
		return NULL;
	}
	return worker;
}

void
workers_remove(struct workers *workers, struct worker *worker)
{
	HASH_DELETE(hh, workers->by_peer, worker);
	free(worker->routes);
	buf_free(&worker->out);
	free(worker);
}

void
workers_close(struct workers *workers)
{
	struct worker *worker, *next;

	HASH_ITER(hh, workers->by_peer, worker, next)
		workers_remove(workers, worker);
	supervisors_close(&workers->supervisors);
}

struct worker *
workers_find_watch(const struct workers *workers, const struct wire_watch *watch)
{
	struct worker *worker, *next;

	HASH_ITER(hh, workers->by_peer, worker, next)
		if (worker->watch.worker == watch->worker &&
		    memcmp(&worker->watch.supervisor, &watch->supervisor, sizeof(watch->supervisor)) == 0)
			return worker;
	return NULL;
}

bool
worker_is_at_work(const struct worker *worker)
{
	return !worker->leaving && !worker->lost && !worker->dead;
}

bool
worker_announces(const struct worker *worker, const struct route *route)
{
	for (uint16_t i = 0; i < worker->n_routes; i++)
		if (worker->routes[i] == route)
			return true;
	return false;
}

bool
workers_serve(const struct workers *workers, const struct route_app *app, const struct route *route)
{
	const struct worker *worker, *next;

	HASH_ITER(hh, workers->by_peer, worker, next)
		if (worker->app == app && (route == NULL || worker_announces(worker, route)))
			return true;
	return false;
}

uint32_t
workers_at(const struct workers *workers, const struct route *route)
{
	const struct worker *worker, *next;
	uint32_t n = 0;

	HASH_ITER(hh, workers->by_peer, worker, next)
		n += worker_is_at_work(worker) && worker_announces(worker, route);
	return n;
}

/* The finalizer of splitmix64: every bit of its input sways every bit of the score. */
static uint64_t
score(uint32_t path_hash, const struct worker *worker)
{
	uint64_t x = path_hash ^ worker->serial * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

struct worker *
workers_choose(const struct workers *workers, const struct route *route, uint32_t path_hash)
{
	struct worker *worker, *next, *best = NULL;
	uint64_t best_score = 0;

	HASH_ITER(hh, workers->by_peer, worker, next) {
		uint64_t s = score(path_hash, worker);

		if (!worker_is_at_work(worker) || !worker_announces(worker, route))
			continue;
		if (best == NULL || s > best_score) {
			best = worker;
			best_score = s;
		}
	}
	return best;
}
