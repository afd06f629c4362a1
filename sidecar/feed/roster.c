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
	if (registration_prune(roster->routes, roster->workers, app))
		feed_rematch(roster->feed, roster->routes);
}

void
roster_bye(struct roster *roster, struct worker *worker)
{
	worker->leaving = true;
	feed_choose_anew(roster->feed);
}

/* Returns false when nobody is there. */
static bool
reach(struct roster *roster, const struct bus_peer *peer)
{
	struct buf message = BUF_INIT;
	int r;

	wire_put_header(&message, WIRE_PROBE, 0);
	r = bus_send(roster->bus, peer, &message);
	buf_free(&message);
	return r != -EHOSTUNREACH;
}

static void
forget_supervisor(struct roster *roster, struct supervisor *supervisor, const char *why)
{
	log_info("supervisor gone why=%s", why);
	supervisors_remove(&roster->workers->supervisors, supervisor);
}

/* True when somebody is there who will say over what the worker died. */
static bool
is_watched(struct roster *roster, const struct worker *worker)
{
	struct supervisor *supervisor;

	if (!wire_is_watched(&worker->watch))
		return false;
	supervisor = supervisors_find_id(&roster->workers->supervisors, &worker->watch.supervisor);
	if (supervisor == NULL)
		return false;
	if (reach(roster, &supervisor->peer))
		return true;
	forget_supervisor(roster, supervisor, "connection-lost");
	return false;
}

void
roster_lost(struct roster *roster, struct worker *worker)
{
	if (worker->lost)
		return;
	if (!worker->dead && (worker->n_owed == 0 || !is_watched(roster, worker))) {
		roster_gone(roster, worker, "connection-lost");
		return;
	}
	worker->lost = true;
	buf_clear(&worker->out); /* it goes round again with the rest */
	feed_choose_anew(roster->feed);
}

/* Looks whether a worker is still there. May free it. */
static void
probe(struct roster *roster, struct worker *worker)
{
	if ((worker->lost || worker->dead) && ++worker->n_probes >= ROSTER_PROBES)
		roster_gone(roster, worker, worker->dead ? "died" : "connection-lost");
	else if (worker->lost && !worker->dead && !is_watched(roster, worker))
		roster_gone(roster, worker, "connection-lost");
	else if (!worker->lost && !reach(roster, &worker->peer))
		roster_lost(roster, worker);
}

/* True when nothing can come any more of a worker that is dead. */
static bool
is_over(struct roster *roster, const struct worker *worker)
{
	return !bus_readable(roster->bus) && (worker->lost || !reach(roster, &worker->peer));
}

void
roster_dismiss(struct roster *roster)
{
	struct worker *worker, *next;

	HASH_ITER(hh, roster->workers->by_peer, worker, next) {
		if (worker->leaving && worker->n_owed == 0)
			dismiss(roster, worker);
		else if (worker->dead && is_over(roster, worker))
			roster_gone(roster, worker, "died");
	}
}

void
roster_probe(struct roster *roster)
{
	struct worker *worker, *next;

	HASH_ITER(hh, roster->workers->by_peer, worker, next)
		if (worker->n_owed > 0)
			probe(roster, worker);
}

static void
look_at_supervisors(struct roster *roster, uint64_t now_ms)
{
	uint64_t timeout_ms = 1000ull * roster->conf->worker_timeout;
	struct supervisor *supervisor, *next;

	HASH_ITER(hh, roster->workers->supervisors.by_peer, supervisor, next)
		if (now_ms - supervisor->heard_ms >= timeout_ms)
			forget_supervisor(roster, supervisor, "silent");
		else if (!reach(roster, &supervisor->peer))
			forget_supervisor(roster, supervisor, "connection-lost");
}

void
roster_tick(struct roster *roster, uint64_t now_ms)
{
	uint64_t timeout_ms = 1000ull * roster->conf->worker_timeout;
	struct worker *worker, *next;

	look_at_supervisors(roster, now_ms);
	HASH_ITER(hh, roster->workers->by_peer, worker, next) {
		if (now_ms - worker->heard_ms >= timeout_ms)
			roster_gone(roster, worker, "silent");
		else if (worker->n_owed == 0)
			probe(roster, worker);
	}
}

/* --- what supervisors say ------------------------------------------------------------- */

int
roster_supervise(struct roster *roster, const struct bus_peer *peer, const struct wire_watch *watch, uint64_t now_ms)
{
	bool known = supervisors_find(&roster->workers->supervisors, peer) != NULL;
	int r;

	if (!wire_is_watched(watch))
		return -EPROTO;
	r = supervisors_add(&roster->workers->supervisors, peer, &watch->supervisor, now_ms);
	if (r == 0 && !known)
		log_info("supervisor connected");
	return r;
}

void
roster_unsupervise(struct roster *roster, struct supervisor *supervisor)
{
	forget_supervisor(roster, supervisor, "bye");
}

static struct worker *
find_worker(const struct roster *roster, const struct supervisor *supervisor, uint32_t number)
{
	const struct wire_watch watch = { supervisor->id, number };

	return workers_find_watch(roster->workers, &watch);
}

void
roster_death(struct roster *roster, const struct supervisor *supervisor, const struct wire_death *death)
{
	struct worker *worker = find_worker(roster, supervisor, death->worker);
	struct event *event;

	if (worker == NULL)
		return; /* it has said BYE before, or never HELLO */
	event = death->blames ? feed_find(roster->feed, worker, &death->over) : NULL;
	if (event != NULL)
		feed_blame(roster->feed, event);
	worker->dead = true;
	buf_clear(&worker->out);
	feed_choose_anew(roster->feed);
}

void
roster_vouch(struct roster *roster, const struct supervisor *supervisor, uint32_t number, uint64_t now_ms)
{
	struct worker *worker = find_worker(roster, supervisor, number);

	if (worker != NULL)
		worker->heard_ms = now_ms;
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

/* One of the same watch is the same process over an earlier connection. Returns what came before it, or -EPROTO. */
static int
take_watch(struct roster *roster, struct worker *worker, struct wire_reader *from, int r)
{
	struct wire_watch watch;
	struct worker *earlier;

	if (wire_get_watch(from, &watch) < 0)
		return -EPROTO;
	if (!wire_is_watched(&watch))
		return r;
	earlier = workers_find_watch(roster->workers, &watch);
	if (earlier != NULL)
		roster_gone(roster, earlier, "new-hello");
	worker->watch = watch;
	return r;
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
	if (r >= 0 && registration.worker != NULL)
		r = take_watch(roster, registration.worker, routes, r);
	if (r < 0 && registration.worker != NULL)
		roster_gone(roster, registration.worker, "malformed-hello");
	if (r > 0)
		feed_rematch(roster->feed, roster->routes);
	return r < 0 ? r : 0;
}

const struct route *
roster_idle_route(const struct routes *routes, const struct workers *workers, uint32_t *ret_n)
{
	const struct route_app *app;
	const struct route *route, *first = NULL;

	*ret_n = 0;
	DL_FOREACH(routes->apps, app)
		DL_FOREACH(app->routes, route) {
			if (route->push_only || workers_at(workers, route) > 0)
				continue;
			if (first == NULL)
				first = route;
			++*ret_n;
		}
	return first;
}

bool
roster_ready(const struct roster *roster)
{
	const struct route_app *app;
	const struct route *route;
	bool pushes = false, handlers = false;

	DL_FOREACH(roster->routes->apps, app)
		DL_FOREACH(app->routes, route) {
			if (!route->push_only && workers_at(roster->workers, route) > 0)
				return true;
			pushes |= route->push_only;
			handlers |= !route->push_only;
		}
	return pushes && !handlers;
}
