#include <errno.h>
#include <string.h>

#include "shared/path.h"
#include "sidecar/feed/routes.h"
#include "tests/tap.h"

static int
add(struct routes *routes, struct route_app *app, const char *pattern, struct route **ret)
{
	struct wire_route announced = { .pattern = span_of(pattern) };
	const char *why = NULL;
	int r = routes_add(routes, app, &announced, ret, &why);

	if (r < 0 && why == NULL)
		printf("# no reason for refusing %s\n", pattern);
	return r;
}

static bool
matches(const struct routes *routes, const char *path, const char *pattern)
{
	const struct route *route = routes_match(routes, path, strlen(path));

	if (pattern == NULL || route == NULL)
		return route == NULL && pattern == NULL;
	return strcmp(path_pattern_text(route->pattern), pattern) == 0;
}

static struct route_app *
app_of(struct routes *routes, struct span name)
{
	struct route_app *app = NULL;

	routes_app(routes, name, &app);
	return app;
}

static void
test_match(void)
{
	struct routes routes = { 0 };
	struct route_app *app = app_of(&routes, span_of("shop"));
	struct route *route;

	OK(routes_empty(&routes) && matches(&routes, "/a", NULL), "an empty table matches nothing");
	OK(add(&routes, app, "/a/{x}", &route) == 0 && route->app == app, "a route is added");
	OK(!routes_empty(&routes) && matches(&routes, "/a/1", "/a/{x}"), "and matches");
	add(&routes, app, "/a/1", &route);
	OK(matches(&routes, "/a/1", "/a/1"), "of two that match, the one in front wins");
	OK(matches(&routes, "/a/2", "/a/{x}"), "the other still matches the rest");
	add(&routes, app, "/a/{x}", &route);
	OK(matches(&routes, "/a/1", "/a/{x}"), "announced again, a route moves to the front");
	routes_remove(&routes, route);
	OK(matches(&routes, "/a/1", "/a/1") && matches(&routes, "/a/2", NULL), "a removed one matches no more");
	routes_close(&routes);
}

static void
test_awaited(void)
{
	struct routes routes = { 0 };
	struct route_app *shop = app_of(&routes, span_of("shop"));
	struct route *route;

	OK(routes_may_come(&routes), "as long as no app has announced anything any path may still come");
	add(&routes, shop, "/a", &route);
	OK(!routes_may_come(&routes), "when nobody is awaited, one app's routes say that others are unknown");
	OK(routes_await(&routes, span_of("shop")) == 0 && routes_await(&routes, span_of("chat")) == 0 &&
		routes_await(&routes, span_of("chat")) == 0,
	    "apps are awaited, each once");
	routes_arrived(&routes, shop);
	OK(routes_may_come(&routes), "while one of them is away any path may still come");
	routes_arrived(&routes, app_of(&routes, span_of("cha")));
	OK(routes_may_come(&routes), "whoever else arrives");
	routes_arrived(&routes, app_of(&routes, span_of("chat")));
	OK(!routes_may_come(&routes), "but not when all are back");
	routes_await(&routes, span_of("chat"));
	routes_await_none(&routes);
	OK(!routes_may_come(&routes), "nor when they are given up");
	routes_close(&routes);
}

static void
test_awaited_limits(void)
{
	struct routes routes = { 0 };
	char name[ROUTES_MAX_NAME + 1] = "";
	int n = 0;

	memset(name, 'x', sizeof(name));
	OK(routes_await(&routes, SPAN_EMPTY) == -EINVAL &&
		routes_await(&routes, (struct span){ "a\0b", 3 }) == -EINVAL &&
		routes_await(&routes, (struct span){ name, sizeof(name) }) == -EINVAL,
	    "what is no app's name is not awaited");
	for (; n < ROUTES_MAX_APPS; n++)
		if (routes_await(&routes, (struct span){ name, (size_t)n + 1 }) < 0)
			break;
	OK(n == ROUTES_MAX_APPS && routes_await(&routes, span_of("one more")) == -EBUSY, "nor are too many");
	OK(app_of(&routes, span_of("new")) != NULL, "who is awaited takes no other app's place");
	routes_close(&routes);
}

static void
test_changes(void)
{
	struct routes routes = { 0 };
	struct route_app *shop = app_of(&routes, span_of("shop"));
	struct route *first, *second;

	OK(!routes.apps_changed, "an app without routes changes nothing");
	add(&routes, shop, "/a", &first);
	OK(routes.apps_changed, "its first route does");
	routes.apps_changed = false;
	add(&routes, shop, "/b", &second);
	add(&routes, shop, "/a", &first);
	routes_remove(&routes, first);
	OK(!routes.apps_changed, "further ones do not");
	routes_remove(&routes, second);
	OK(routes.apps_changed, "that the last one goes does");
	routes_close(&routes);
}

static void
test_apps(void)
{
	struct routes routes = { 0 };
	struct route_app *shop = app_of(&routes, span_of("shop"));
	struct route_app *chat = app_of(&routes, (struct span){ "chatter", 4 });
	struct route *route, *first;

	OK(app_of(&routes, span_of("chat")) == chat && chat != shop, "an app is known by its name");
	add(&routes, shop, "/a", &first);
	OK(add(&routes, chat, "/a", &route) == -EEXIST, "a pattern of another app is refused");
	OK(matches(&routes, "/a", "/a") && first->app == shop, "it stays with the first one");
	routes_remove(&routes, first);
	OK(add(&routes, chat, "/a", &route) == 0 && route->app == chat, "once it is gone, another app may have it");
	routes_close(&routes);
}

static void
test_flags(void)
{
	struct routes routes = { 0 };
	struct route_app *app = app_of(&routes, span_of("shop"));
	struct wire_route announced = { .flags = WIRE_ROUTE_PUSH_ONLY, .pattern = span_of("/a") };
	struct route *route, *again;
	const char *why;

	routes_add(&routes, app, &announced, &route, &why);
	OK(route->push_only, "a route may be push-only");
	OK(add(&routes, app, "/a", &again) == 0 && again == route && !route->push_only,
	    "a new announcement updates the same route");
	routes_close(&routes);
}

static void
test_protocols(void)
{
	struct routes routes = { 0 };
	struct route_app *app = app_of(&routes, span_of("shop"));
	struct wire_route announced = { .flags = WIRE_ROUTE_SPEAKS, .pattern = span_of("/a") };
	struct route *route, *again;
	const char *why = NULL;

	announced.protocols = span_of("mqtt, chat.v2");
	OK(routes_add(&routes, app, &announced, &route, &why) == 0 && strcmp(route->protocols, "mqtt, chat.v2") == 0 &&
		routes_has(&routes, app, &announced),
	    "a route speaks what was announced");
	announced.protocols = span_of("stomp");
	OK(!routes_has(&routes, app, &announced), "another list is another announcement");
	OK(routes_add(&routes, app, &announced, &again, &why) == 0 && again == route &&
		strcmp(route->protocols, "stomp") == 0,
	    "which replaces it");
	announced.protocols = span_of("mqtt bearer");
	OK(routes_add(&routes, app, &announced, &again, &why) == -EINVAL && why != NULL &&
		strcmp(route->protocols, "stomp") == 0,
	    "a bad one is refused with a reason, and changes nothing");
	routes_close(&routes);
}

static void
test_bad_patterns(void)
{
	struct routes routes = { 0 };
	struct route_app *app = app_of(&routes, span_of("shop"));
	struct wire_route with_nul = { .pattern = { "/a\0b", 4 } };
	char too_long[PATH_MAX_BYTES + 2];
	struct route *route;
	const char *why = NULL;

	memset(too_long, 'a', sizeof(too_long));
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	OK(add(&routes, app, "/{", &route) == -EINVAL, "a bad pattern is refused");
	OK(add(&routes, app, "", &route) == -EINVAL, "so is an empty one");
	OK(add(&routes, app, too_long, &route) == -EINVAL, "one that is too long");
	OK(routes_add(&routes, app, &with_nul, &route, &why) == -EINVAL && why != NULL, "and one with a NUL");
	OK(routes_empty(&routes), "none of them is in the table");
	too_long[sizeof(too_long) - 2] = '\0';
	OK(add(&routes, app, too_long, &route) == 0 && matches(&routes, too_long, too_long),
	    "the longest there may be is");
	routes_close(&routes);
}

static void
test_limits(void)
{
	struct routes routes = { 0 };
	struct route_app *app;
	struct route *route;
	char name[ROUTES_MAX_NAME + 2], pattern[16];
	int r = 0;

	memset(name, 'a', sizeof(name));
	OK(routes_app(&routes, (struct span){ name, 0 }, &app) == -EINVAL, "an app must have a name");
	OK(routes_app(&routes, (struct span){ name, sizeof(name) - 1 }, &app) == -EINVAL, "not one that is too long");
	OK(routes_app(&routes, (struct span){ "a\0b", 3 }, &app) == -EINVAL, "nor one with a NUL");
	for (int i = 0; i < ROUTES_MAX_APPS; i++)
		routes_app(&routes, (struct span){ name, (size_t)i + 1 }, &app);
	OK(routes_app(&routes, span_of("more"), &app) == -EBUSY, "there are only so many apps");
	for (int i = 0; i < WIRE_MAX_ROUTES && r == 0; i++) {
		snprintf(pattern, sizeof(pattern), "/%d", i);
		r = add(&routes, app, pattern, &route);
	}
	OK(r == 0 && add(&routes, app, "/more", &route) == -ENOSPC, "and an app has only so many routes");
	routes_remove(&routes, route);
	OK(add(&routes, app, "/more", &route) == 0, "a removed one makes room");
	routes_close(&routes);
}

int
main(void)
{
	test_limits();
	test_match();
	test_awaited();
	test_awaited_limits();
	test_changes();
	test_apps();
	test_flags();
	test_protocols();
	test_bad_patterns();
	return tap_done();
}
