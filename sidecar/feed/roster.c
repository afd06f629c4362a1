#include <errno.h>
#include <utlist.h>

#include "shared/bus.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "shared/wire.h"
#include "sidecar/feed/feed.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/roster.h"
#include "sidecar/feed/routes.h"
#include "sidecar/feed/workers.h"

int
roster_open(struct roster *roster, const struct conf *conf, struct bus *bus, struct feed *feed, struct routes *routes,
    struct workers *workers)
{
	*roster = (struct roster){ conf, bus, feed, routes, workers };
	return registration_static(routes, conf->ws_routes);
}

/* --- going -------------------------------------------------------------------------- */

void
roster_gone(struct roster *roster, struct worker *worker, const char *why)
{
	if (worker->n_owed > 0 || !worker->leaving)
		log_warn("worker disconnected app=%s why=%s owed=%u", worker->app->name, why, worker->n_owed);
	else
		log_info("worker disconnected app=%s why=%s", worker->app->name, why);
	feed_take_back(roster->feed, worker);
	workers_remove(roster->workers, worker);
	feed_choose_anew(roster->feed);
}

static void
dismiss(struct roster *roster, struct worker *worker)
{
	struct route_app *app = worker->app;
	struct buf bye = BUF_INIT;

	wire_put_header(&bye, WIRE_BYE, 0);
	bus_send(roster->bus, &worker->peer, &bye);
	buf_free(&bye);
	roster_gone(roster, worker, "bye");
	if (registration_prune(roster->workers, app))
		feed_rematch(roster->feed, roster->routes);
}

void
roster_bye(struct roster *roster, struct worker *worker)
{
	worker->leaving = true;
	feed_choose_anew(roster->feed);
}

void
roster_dismiss(struct roster *roster)
{
	struct worker *worker, *next;

	HASH_ITER(hh, roster->workers->by_peer, worker, next)
		if (worker->leaving && worker->n_owed == 0)
			dismiss(roster, worker);
}

static void
probe(struct roster *roster, struct worker *worker)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_PROBE, 0);
	if (bus_send(roster->bus, &worker->peer, &message) == -EHOSTUNREACH)
		roster_gone(roster, worker, "connection-lost");
	buf_free(&message);
}

void
roster_probe(struct roster *roster)
{
	struct worker *worker, *next;

	HASH_ITER(hh, roster->workers->by_peer, worker, next)
		if (worker->n_owed > 0)
			probe(roster, worker);
}

void
roster_tick(struct roster *roster, uint64_t now_ms)
{
	uint64_t timeout_ms = 1000ull * roster->conf->worker_timeout;
	struct worker *worker, *next;

	HASH_ITER(hh, roster->workers->by_peer, worker, next) {
		if (now_ms - worker->heard_ms >= timeout_ms)
			roster_gone(roster, worker, "silent");
		else if (worker->n_owed == 0)
			probe(roster, worker);
	}
}

/* --- coming ------------------------------------------------------------------------- */

/* One that is known and says HELLO all the same has started anew: what it owes goes round again. */
static struct worker *
welcome(struct roster *roster, const struct bus_peer *peer, struct route_app *app, uint64_t now_ms)
{
	struct worker *worker = workers_find(roster->workers, peer);

	if (worker != NULL)
		roster_gone(roster, worker, "new-hello");
	worker = workers_add(roster->workers, peer);
	if (worker == NULL)
		return NULL;
	worker->app = app;
	worker->heard_ms = now_ms;
	return worker;
}

int
roster_hello(struct roster *roster, const struct bus_peer *peer, const struct wire_hello *hello,
    struct wire_reader *routes, uint64_t now_ms, struct refusals *refusals)
{
	struct registration registration = { .routes = routes, .n = hello->n_routes };
	int r = routes_app(roster->routes, hello->app, &registration.app);

	if (r < 0)
		return r == -EINVAL ? -EPROTO : r;
	if (hello->role == WIRE_ROLE_WORKER) {
		registration.worker = welcome(roster, peer, registration.app, now_ms);
		if (registration.worker == NULL)
			return -EBUSY;
		log_info("worker connected app=%s routes=%u", registration.app->name, hello->n_routes);
	}
	r = registration_take(roster->routes, roster->workers, &registration, refusals);
	if (r < 0 && registration.worker != NULL)
		roster_gone(roster, registration.worker, "malformed-hello");
	if (r > 0)
		feed_rematch(roster->feed, roster->routes);
	return r < 0 ? r : 0;
}

bool
roster_ready(const struct roster *roster)
{
	const struct route_app *app;
	const struct route *route;

	DL_FOREACH(roster->routes->apps, app)
		DL_FOREACH(app->routes, route)
			if (route->push_only || workers_serve(roster->workers, app, route))
				return true;
	return false;
}
