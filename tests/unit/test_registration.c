#include <errno.h>
#include <string.h>

#include "shared/buf.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/routes.h"
#include "sidecar/feed/workers.h"
#include "tests/tap.h"

struct table {
	struct routes routes;
	struct workers workers;
	struct refusals refusals;
};

static void
end(struct table *table)
{
	workers_close(&table->workers);
	routes_close(&table->routes);
	buf_free(&table->refusals.patterns);
}

static struct route_app *
app_of(struct table *table, const char *name)
{
	struct route_app *app = NULL;

	routes_app(&table->routes, span_of(name), &app);
	return app;
}

static struct worker *
start_worker(struct table *table, uint8_t n, const char *app)
{
	struct bus_peer peer = { .len = 1, .id = { n } };
	struct worker *worker = workers_add(&table->workers, &peer);

	worker->app = app_of(table, app);
	return worker;
}

/* Announces the blank-separated patterns; n says how many there are to be. */
static int
say(struct table *table, const char *app, struct worker *worker, const char *patterns, uint16_t n)
{
	struct buf body = BUF_INIT;
	struct wire_reader reader;
	struct registration registration = { app_of(table, app), worker, &reader, n };
	int r;

	while (*patterns != '\0') {
		size_t len = strcspn(patterns, " ");

		wire_put_route(&body, &(struct wire_route){ .pattern = { patterns, len } });
		patterns += len + strspn(patterns + len, " ");
	}
	reader = wire_reader(body.data, body.len);
	buf_clear(&table->refusals.patterns);
	table->refusals.n = 0;
	r = registration_take(&table->routes, &table->workers, &registration, &table->refusals);
	buf_free(&body);
	return r;
}

static bool
has(const struct table *table, const char *path)
{
	return routes_match(&table->routes, path, strlen(path)) != NULL;
}

static void
test_app_alone(void)
{
	struct table table = { 0 };

	OK(say(&table, "shop", NULL, "/a /b", 2) == 1 && has(&table, "/a") && has(&table, "/b"),
	    "an app without workers enters its routes");
	OK(say(&table, "shop", NULL, "/b", 1) == 0, "told again, they change nothing");
	OK(say(&table, "shop", NULL, "/c", 1) == 1 && has(&table, "/a") && has(&table, "/c"),
	    "another process of it adds some and takes none away");
	end(&table);
}

static void
test_workers_decide(void)
{
	struct table table = { 0 };
	struct worker *first, *second;

	say(&table, "shop", NULL, "/old", 1);
	first = start_worker(&table, 1, "shop");
	OK(say(&table, "shop", first, "/a /b", 2) == 1 && first->n_routes == 2, "a worker enters its routes");
	OK(!has(&table, "/old"), "what no worker of the app announces goes");
	say(&table, "shop", NULL, "/old", 1);
	OK(!has(&table, "/old"), "where there are workers, other processes add nothing");
	second = start_worker(&table, 2, "shop");
	say(&table, "shop", second, "/b /c", 2);
	OK(has(&table, "/a") && has(&table, "/c"), "a route stays while one worker announces it");
	say(&table, "shop", first, "/b /c", 2);
	OK(!has(&table, "/a") && has(&table, "/b"), "it goes when none does any more");
	say(&table, "shop", second, "/b", 1);
	OK(!registration_prune(&table.routes, &table.workers, first->app),
	    "as long as somebody announces it, nothing is to be pruned");
	workers_remove(&table.workers, first);
	OK(registration_prune(&table.routes, &table.workers, second->app) && !has(&table, "/c") && has(&table, "/b"),
	    "the routes of a worker that left can be pruned");
	workers_remove(&table.workers, second);
	OK(!registration_prune(&table.routes, &table.workers, app_of(&table, "shop")), "but not when all are away");
	OK(has(&table, "/b"), "while the workers are away the routes stay");
	end(&table);
}

static void
test_arrival(void)
{
	struct table table = { 0 };

	routes_await(&table.routes, span_of("shop"));
	routes_await(&table.routes, span_of("chat"));
	say(&table, "shop", NULL, "", 0);
	say(&table, "chat", start_worker(&table, 1, "chat"), "/a", 1);
	OK(routes_may_come(&table.routes), "a process that has nothing to announce is not the app's return");
	say(&table, "shop", NULL, "/b", 1);
	OK(!routes_may_come(&table.routes), "one that has is");
	routes_await(&table.routes, span_of("shop"));
	say(&table, "shop", start_worker(&table, 2, "shop"), "", 0);
	OK(!routes_may_come(&table.routes), "and so is a worker, who says that there are no routes any more");
	end(&table);
}

static void
test_order(void)
{
	struct table table = { 0 };
	struct worker *worker = start_worker(&table, 1, "shop");
	const struct route *route;

	say(&table, "shop", worker, "/a /{x}", 2);
	route = routes_match(&table.routes, "/a", 2);
	say(&table, "shop", worker, "/{x} /a", 2);
	OK(routes_match(&table.routes, "/a", 2) != route, "the newest announcement's order decides");
	say(&table, "shop", worker, "/a /{x}", 2);
	OK(routes_match(&table.routes, "/a", 2) == route, "its first match wins");
	end(&table);
}

static void
test_refused(void)
{
	struct table table = { 0 };
	struct worker *shop = start_worker(&table, 1, "shop"), *chat = start_worker(&table, 2, "chat");
	struct wire_reader reader;
	struct span pattern;

	say(&table, "shop", shop, "/a", 1);
	OK(say(&table, "chat", chat, "/a /b {", 3) == 1 && has(&table, "/b"), "what can be entered is");
	OK(table.refusals.n == 2 && chat->n_routes == 1, "another app's pattern and a bad one are refused");
	reader = wire_reader(table.refusals.patterns.data, table.refusals.patterns.len);
	OK(wire_get_blob(&reader, &pattern) == 0 && pattern.len == 1 && pattern.data[0] == '{',
	    "the refused are named");
	OK(wire_get_blob(&reader, &pattern) == 0 && pattern.len == 2, "each of them");
	OK(routes_match(&table.routes, "/a", 2)->app == shop->app, "a conflict leaves the route where it was");
	end(&table);
}

static void
test_cut_short(void)
{
	struct table table = { 0 };
	struct worker *worker = start_worker(&table, 1, "shop");

	say(&table, "shop", worker, "/a", 1);
	OK(say(&table, "shop", worker, "/b", 2) == -EPROTO, "fewer routes than announced are an error");
	OK(has(&table, "/a") && !has(&table, "/b"), "which changes nothing");
	OK(worker->n_routes == 1, "not for the worker either");
	end(&table);
}

static void
test_static(void)
{
	struct routes routes = { 0 };
	const struct route *route;

	OK(registration_static(&routes, "") == 0 && routes_empty(&routes), "an empty list announces nothing");
	OK(registration_static(&routes, "/news, /ticker/{id:int}") == 0, "a list of patterns is announced");
	route = routes_match(&routes, "/ticker/7", 9);
	OK(route != NULL && route->push_only, "as push-only routes");
	routes_close(&routes);
	routes = (struct routes){ 0 };
	OK(registration_static(&routes, "/news, /{") == -EINVAL, "a bad one is an error");
	routes_close(&routes);
}

int
main(void)
{
	test_app_alone();
	test_workers_decide();
	test_arrival();
	test_order();
	test_refused();
	test_cut_short();
	test_static();
	return tap_done();
}
