#include <stdlib.h>
#include <string.h>

#include "sidecar/feed/routes.h"
#include "sidecar/feed/workers.h"
#include "tests/tap.h"

enum { PATHS = 10000, SOME = 4 };

static struct route chat, news; /* only their addresses matter */
static struct route_app app, other_app;

static struct bus_peer
peer_of(unsigned n)
{
	return (struct bus_peer){ .len = 2, .id = { (uint8_t)n, (uint8_t)(n >> 8) } };
}

static struct worker *
add(struct workers *workers, unsigned n, const struct route *route)
{
	struct bus_peer peer = peer_of(n);
	struct worker *worker = workers_add(workers, &peer);

	if (worker == NULL)
		return NULL;
	worker->app = &app;
	worker->routes = malloc(sizeof(struct route *));
	worker->routes[0] = route;
	worker->n_routes = 1;
	return worker;
}

static void
remove_all(struct workers *workers)
{
	struct worker *worker, *next;

	HASH_ITER(hh, workers->by_peer, worker, next)
		workers_remove(workers, worker);
}

/* Spreads its input as a path's hash would be. */
static uint32_t
hash_of(unsigned path)
{
	return path * 2654435761u;
}

static void
test_find(void)
{
	struct workers workers = { 0 };
	struct worker *first = add(&workers, 1, &chat), *second = add(&workers, 2, &news);
	struct bus_peer one = peer_of(1), three = peer_of(3);
	uint64_t serial = second->serial;

	OK(workers_find(&workers, &one) == first && workers_find(&workers, &three) == NULL,
	    "a worker is found by its peer");
	OK(worker_announces(first, &chat) && !worker_announces(first, &news), "it announces its routes");
	OK(workers_serve(&workers, &app, &news) && workers_serve(&workers, &app, NULL), "an app's workers serve them");
	OK(!workers_serve(&workers, &other_app, &news) && !workers_serve(&workers, &other_app, NULL),
	    "not another app's");
	workers_remove(&workers, second);
	OK(!workers_serve(&workers, &app, &news), "a worker that is gone serves nothing");
	OK(add(&workers, 2, &news)->serial > serial, "a serial number is never used again");
	remove_all(&workers);
}

static void
test_limit(void)
{
	struct workers workers = { 0 };

	for (unsigned i = 0; i < WORKERS_MAX; i++)
		add(&workers, i, &chat);
	OK(HASH_COUNT(workers.by_peer) == WORKERS_MAX, "there may be WORKERS_MAX");
	OK(add(&workers, WORKERS_MAX, &chat) == NULL, "one more is refused");
	remove_all(&workers);
}

static void
test_choose(void)
{
	struct workers workers = { 0 };
	struct worker *choice[PATHS], *lost, *reader;
	unsigned share[SOME + 1] = { 0 }, n_same = 0, n_moved = 0, n_kept = 0, fewest = PATHS;

	OK(workers_choose(&workers, &chat, 1) == NULL, "without workers there is no choice");
	reader = add(&workers, 99, &news);
	OK(workers_choose(&workers, &chat, 1) == NULL, "nor among those that do not announce the route");
	for (unsigned i = 0; i < SOME; i++)
		add(&workers, i, &chat);
	for (unsigned i = 0; i < PATHS; i++) {
		choice[i] = workers_choose(&workers, &chat, hash_of(i));
		share[choice[i]->serial - reader->serial]++;
	}
	for (unsigned i = 1; i <= SOME; i++)
		fewest = share[i] < fewest ? share[i] : fewest;
	OK(fewest > PATHS / SOME * 9 / 10, "the paths are spread evenly");
	OK(share[0] == 0, "none goes to a worker without the route");

	for (unsigned i = 0; i < PATHS; i++)
		n_same += workers_choose(&workers, &chat, hash_of(i)) == choice[i];
	OK(n_same == PATHS, "a path keeps its worker");

	lost = choice[0];
	lost->leaving = true;
	for (unsigned i = 0; i < PATHS; i++) {
		const struct worker *now = workers_choose(&workers, &chat, hash_of(i));

		if (choice[i] == lost)
			n_moved += now != lost;
		else
			n_kept += now == choice[i];
	}
	OK(n_moved + n_kept == PATHS && n_moved > 0, "when a worker leaves, its paths move and only they");
	workers_remove(&workers, lost);
	add(&workers, 50, &chat);
	n_moved = n_kept = 0;
	for (unsigned i = 0; i < PATHS; i++) {
		const struct worker *now = workers_choose(&workers, &chat, hash_of(i));

		if (choice[i] == lost)
			continue;
		n_kept += now == choice[i];
		n_moved += now->peer.id[0] == 50;
		if (now != choice[i] && now->peer.id[0] != 50)
			n_moved = PATHS;
	}
	OK(n_moved > 0 && n_moved < PATHS / 2 && n_kept > n_moved, "a new one takes its share, from all the others");
	remove_all(&workers);
}

int
main(void)
{
	test_find();
	test_limit();
	test_choose();
	return tap_done();
}
