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

struct path_pattern;

struct route {
	struct path_pattern *pattern;
	struct route_app *app;
	bool push_only;
	struct route *prev, *next;
};

struct route_app {
	char *name;
	struct route *routes;
	struct route_app *prev, *next;
};

struct routes {
	struct route_app *apps;
};

void routes_close(struct routes *routes);

bool routes_empty(const struct routes *routes);

/* The app of that name, made if need be; NULL when out of memory. */
struct route_app *routes_app(struct routes *routes, struct span name);

/*
 * Adds a route, or moves and updates the app's one of that pattern, at the
 * front. So an announcement is added from its end. Returns 0, -EEXIST when it
 * is another app's, -EINVAL for a bad pattern (*ret_why says how), or -ENOMEM.
 */
int routes_add(struct routes *routes, struct route_app *app, const struct wire_route *announced, struct route **ret,
    const char **ret_why);

void routes_remove(struct route *route);

/* The first route that matches a decoded path; NULL when there is none. */
const struct route *routes_match(const struct routes *routes, const char *path, size_t len);

#endif
