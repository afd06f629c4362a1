#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/path.h"
#include "shared/protocols.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/paths.h"

void
routes_remove(struct routes *routes, struct route *route)
{
	DL_DELETE(route->app->routes, route);
	route->app->n_routes--;
	if (route->app->routes == NULL)
		routes->apps_changed = true;
	path_pattern_free(route->pattern);
	free(route->protocols);
	free(route);
}

void
routes_close(struct routes *routes)
{
	struct route_app *app, *next_app;
	struct route *route, *next;

	routes_await_none(routes);
	DL_FOREACH_SAFE(routes->apps, app, next_app) {
		DL_FOREACH_SAFE(app->routes, route, next)
			routes_remove(routes, route);
		DL_DELETE(routes->apps, app);
		free(app->name);
		free(app);
	}
}

bool
routes_empty(const struct routes *routes)
{
	const struct route_app *app;

	DL_FOREACH(routes->apps, app)
		if (app->routes != NULL)
			return false;
	return true;
}

bool
routes_may_come(const struct routes *routes)
{
	return routes->awaited != NULL || routes_empty(routes);
}

static bool
is_text(struct span span, const char *text)
{
	return span_is(span, text);
}

static bool
is_name(struct span name)
{
	return name.len > 0 && name.len <= ROUTES_MAX_NAME && memchr(name.data, '\0', name.len) == NULL;
}

static int
app_new(struct routes *routes, struct span name, struct route_app **ret)
{
	struct route_app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return -ENOMEM;
	app->name = strndup(name.data, name.len);
	if (app->name == NULL) {
		free(app);
		return -ENOMEM;
	}
	DL_APPEND(routes->apps, app);
	*ret = app;
	return 0;
}

int
routes_app(struct routes *routes, struct span name, struct route_app **ret)
{
	struct route_app *app;
	int n = 0;

	if (!is_name(name))
		return -EINVAL;
	DL_FOREACH(routes->apps, app) {
		if (is_text(name, app->name)) {
			*ret = app;
			return 0;
		}
		n++;
	}
	return n >= ROUTES_MAX_APPS ? -EBUSY : app_new(routes, name, ret);
}

/* --- who is awaited ------------------------------------------------------------------- */

int
routes_await(struct routes *routes, struct span name)
{
	struct route_awaited *awaited;
	int n = 0;

	if (!is_name(name))
		return -EINVAL;
	DL_FOREACH(routes->awaited, awaited) {
		if (is_text(name, awaited->name))
			return 0;
		n++;
	}
	if (n >= ROUTES_MAX_APPS)
		return -EBUSY;
	awaited = calloc(1, sizeof(*awaited));
	if (awaited == NULL)
		return -ENOMEM;
	awaited->name = strndup(name.data, name.len);
	if (awaited->name == NULL) {
		free(awaited);
		return -ENOMEM;
	}
	DL_APPEND(routes->awaited, awaited);
	return 0;
}

static void
await_no_more(struct routes *routes, struct route_awaited *awaited)
{
	DL_DELETE(routes->awaited, awaited);
	free(awaited->name);
	free(awaited);
	routes->apps_changed = true;
}

void
routes_arrived(struct routes *routes, const struct route_app *app)
{
	struct route_awaited *awaited, *next;

	DL_FOREACH_SAFE(routes->awaited, awaited, next)
		if (strcmp(awaited->name, app->name) == 0)
			await_no_more(routes, awaited);
}

void
routes_await_none(struct routes *routes)
{
	struct route_awaited *awaited, *next;

	DL_FOREACH_SAFE(routes->awaited, awaited, next)
		await_no_more(routes, awaited);
}

/* --- the table ---------------------------------------------------------------------------- */

static struct route *
find(const struct routes *routes, struct span pattern)
{
	struct route_app *app;
	struct route *route;

	DL_FOREACH(routes->apps, app)
		DL_FOREACH(app->routes, route)
			if (is_text(pattern, path_pattern_text(route->pattern)))
				return route;
	return NULL;
}

static int
compile(struct span pattern, struct path_pattern **ret, const char **ret_why)
{
	char text[PATH_MAX_BYTES + 1];

	if (pattern.len > PATH_MAX_BYTES || memchr(pattern.data, '\0', pattern.len) != NULL) {
		*ret_why = "it is too long or has a NUL";
		return -EINVAL;
	}
	memcpy(text, pattern.data, pattern.len);
	text[pattern.len] = '\0';
	return path_compile(text, ret, ret_why);
}

/* Not yet in the app's list. */
static int
route_new(struct route_app *app, struct span pattern, struct route **ret, const char **ret_why)
{
	struct route *route;
	int r;

	if (app->n_routes >= WIRE_MAX_ROUTES) {
		*ret_why = "the app has too many routes";
		return -ENOSPC;
	}
	route = calloc(1, sizeof(*route));
	if (route == NULL)
		return -ENOMEM;
	r = compile(pattern, &route->pattern, ret_why);
	if (r < 0) {
		free(route);
		return r == -ENOMEM ? r : -EINVAL;
	}
	route->app = app;
	app->n_routes++;
	*ret = route;
	return 0;
}

/* As far as any route may go. */
static struct history_limits
limits_of(const struct wire_route *announced)
{
	struct history_limits limits = { announced->history, announced->history_seconds };

	if (limits.messages > HISTORY_MAX_MESSAGES)
		limits.messages = HISTORY_MAX_MESSAGES;
	if (limits.seconds == 0)
		limits.seconds = HISTORY_SECONDS;
	if (limits.seconds > HISTORY_MAX_SECONDS)
		limits.seconds = HISTORY_MAX_SECONDS;
	return limits;
}

static char *
copy(struct span span)
{
	return span.len == 0 ? strdup("") : strndup(span.data, span.len);
}

int
routes_add(struct routes *routes, struct route_app *app, const struct wire_route *announced, struct route **ret,
    const char **ret_why)
{
	struct route *route = find(routes, announced->pattern);
	char *protocols;

	if (route != NULL && route->app != app) {
		*ret_why = "another app has announced it";
		return -EEXIST;
	}
	*ret_why = protocols_fault(announced->protocols);
	if (*ret_why != NULL)
		return -EINVAL;
	protocols = copy(announced->protocols);
	if (protocols == NULL)
		return -ENOMEM;
	if (route == NULL) {
		int r = route_new(app, announced->pattern, &route, ret_why);

		if (r < 0) {
			free(protocols);
			return r;
		}
		if (app->routes == NULL)
			routes->apps_changed = true;
	} else {
		DL_DELETE(app->routes, route);
	}
	route->push_only = announced->flags & WIRE_ROUTE_PUSH_ONLY;
	route->secure = announced->flags & WIRE_ROUTE_SECURE;
	route->limits = limits_of(announced);
	free(route->protocols);
	route->protocols = protocols;
	DL_PREPEND(app->routes, route);
	*ret = route;
	return 0;
}

bool
routes_has(const struct routes *routes, const struct route_app *app, const struct wire_route *announced)
{
	const struct route *route = find(routes, announced->pattern);
	const struct history_limits limits = limits_of(announced);

	return route != NULL && route->app == app &&
	    route->push_only == ((announced->flags & WIRE_ROUTE_PUSH_ONLY) != 0) &&
	    route->secure == ((announced->flags & WIRE_ROUTE_SECURE) != 0) &&
	    route->limits.messages == limits.messages && route->limits.seconds == limits.seconds &&
	    is_text(announced->protocols, route->protocols);
}

const struct route *
routes_match(const struct routes *routes, const char *path, size_t len)
{
	const struct route_app *app;
	const struct route *route;

	DL_FOREACH(routes->apps, app)
		DL_FOREACH(app->routes, route)
			if (path_match(route->pattern, path, len, NULL))
				return route;
	return NULL;
}

void
route_set(struct path *path, const struct route *route)
{
	path->route = route;
	if (route != NULL)
		path->past.limits = route->limits;
}
