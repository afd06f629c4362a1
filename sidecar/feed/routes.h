/*
 * routes - which paths exist: the patterns that apps have announced.
 *
 * A route belongs to the app that announced it first; the same pattern from
 * another app is refused. Within an app the order of its newest announcement
 * decides which of two matching routes wins.
 */
#ifndef SIDECAR_ROUTES_H
#define SIDECAR_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/wire.h"
#include "sidecar/hub/history.h"

struct path;
struct path_pattern;

enum routes_limits {
	ROUTES_MAX_APPS = 64,
	ROUTES_MAX_NAME = 255, /* bytes of an app's name */
};

struct route {
	struct path_pattern *pattern;
	struct route_app *app;
	bool push_only;               /* has no handler */
	bool secure;                  /* only for clients with a valid token */
	struct history_limits limits; /* of what is kept of its paths */
	char *protocols;              /* that it speaks, see protocols.h; "" for none */
	struct route *prev, *next;
};

struct route_app {
	char *name;
	size_t n_routes;  /* at most WIRE_MAX_ROUTES */
	bool of_settings; /* announced by TINA4_WS_ROUTES: it is always there */
	struct route *routes;
	struct route_app *prev, *next;
};

/* One that was there before the sidecar's restart and has not announced itself since. */
struct route_awaited {
	char *name;
	struct route_awaited *prev, *next;
};

struct routes {
	struct route_app *apps;
	struct route_awaited *awaited; /* at most ROUTES_MAX_APPS */
	bool apps_changed;             /* which apps have routes or are awaited; whoever looks clears it */
};

void routes_close(struct routes *routes);

bool routes_empty(const struct routes *routes);

/* True when a path that no route matches may only be too early. */
bool routes_may_come(const struct routes *routes);

/*
 * The app of that name, made if need be. Returns 0, -EINVAL for a name that is
 * empty, too long or has a NUL, -EBUSY at ROUTES_MAX_APPS, or -ENOMEM.
 */
int routes_app(struct routes *routes, struct span name, struct route_app **ret);

/* Until the app of that name has announced itself, any path may be its own. Results are those of routes_app(). */
int routes_await(struct routes *routes, struct span name);

/* The app has announced itself, with whatever routes. */
void routes_arrived(struct routes *routes, const struct route_app *app);

/* Nobody is awaited any more. */
void routes_await_none(struct routes *routes);

/*
 * Adds a route, or moves and updates the app's one of that pattern, at the
 * front. So an announcement is added from its end. Returns 0, -EEXIST when it
 * is another app's, -ENOSPC past WIRE_MAX_ROUTES, -EINVAL for a bad pattern
 * (*ret_why says how), or -ENOMEM.
 */
int routes_add(struct routes *routes, struct route_app *app, const struct wire_route *announced, struct route **ret,
    const char **ret_why);

void routes_remove(struct routes *routes, struct route *route);

/* True when the app has announced exactly this route. */
bool routes_has(const struct routes *routes, const struct route_app *app, const struct wire_route *announced);

/* The first route that matches a decoded path; NULL when there is none. */
const struct route *routes_match(const struct routes *routes, const char *path, size_t len);

/* The path is that route's; NULL is none, and then what was kept of it stays. */
void route_set(struct path *path, const struct route *route);

#endif
