#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/list.h"
#include "shared/log.h"
#include "shared/path.h"
#include "shared/routetext.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/routes.h"
#include "sidecar/feed/workers.h"

bool
registration_prune(struct routes *routes, const struct workers *workers, struct route_app *app)
{
	struct route *route, *next;
	bool pruned = false;

	if (!workers_serve(workers, app, NULL))
		return false; /* they are only away */
	DL_FOREACH_SAFE(app->routes, route, next) {
		if (workers_serve(workers, app, route))
			continue;
		log_info("route gone app=%s pattern=%s", app->name, path_pattern_text(route->pattern));
		routes_remove(routes, route);
		pruned = true;
	}
	return pruned;
}

static void
refuse(struct refusals *refusals, const struct route_app *app, struct span pattern, const char *why)
{
	log_warn("route refused app=%s pattern=%.*s why=%s", app->name, (int)pattern.len, pattern.data, why);
	buf_blob(&refusals->patterns, pattern.data, pattern.len);
	refusals->n++;
}

/*
 * Enters the routes from the last to the first, because each goes to the front
 * of the table. Those not refused are stored in accepted. Returns their number
 * or -ENOMEM.
 */
static int
enter(struct routes *routes, struct route_app *app, const struct wire_route *announced, uint16_t n,
    const struct route **accepted, struct refusals *refusals)
{
	int n_accepted = 0;

	for (uint16_t i = n; i-- > 0;) {
		const char *why = "";
		struct route *route;
		int r = routes_add(routes, app, &announced[i], &route, &why);

		if (r == -ENOMEM)
			return r;
		if (r < 0)
			refuse(refusals, app, announced[i].pattern, why);
		else
			accepted[n_accepted++] = route;
	}
	return n_accepted;
}

static int
read_routes(struct wire_reader *from, uint16_t n, struct wire_route *ret)
{
	for (uint16_t i = 0; i < n; i++)
		if (wire_get_route(from, &ret[i]) < 0)
			return -EPROTO;
	return 0;
}

/* True when a process that serves HTTP tells nothing new. */
static bool
is_known(const struct routes *routes, const struct workers *workers, const struct route_app *app,
    const struct wire_route *announced, uint16_t n)
{
	if (workers_serve(workers, app, NULL))
		return true; /* they alone say what the routes are */
	for (uint16_t i = 0; i < n; i++)
		if (!routes_has(routes, app, &announced[i]))
			return false;
	return true;
}

int
registration_take(
    struct routes *routes, const struct workers *workers, struct registration *registration, struct refusals *refusals)
{
	uint16_t n = registration->n;
	struct route_app *app = registration->app;
	struct worker *worker = registration->worker;
	struct wire_route *announced = calloc(n + 1u, sizeof(*announced));
	const struct route **accepted = calloc(n + 1u, sizeof(*accepted));
	int r = -ENOMEM;

	if (announced == NULL || accepted == NULL)
		goto out;
	r = read_routes(registration->routes, n, announced);
	if (r < 0 || (worker == NULL && is_known(routes, workers, app, announced, n)))
		goto out;
	r = enter(routes, app, announced, n, accepted, refusals);
	if (r < 0)
		goto out;
	routes_arrived(routes, app);
	if (worker == NULL) {
		r = 1;
		goto out;
	}

	free(worker->routes);
	worker->routes = accepted;
	worker->n_routes = (uint16_t)r;
	accepted = NULL;
	registration_prune(routes, workers, app);
	r = 1;
out:
	free(accepted);
	free(announced);
	return r;
}

/* An item of the setting, which has been checked. */
static struct wire_route
route_of(struct span item)
{
	struct routetext text = { .pattern = item };

	routetext_parse(item, ';', &text);
	return (struct wire_route){
		.protocols = text.protocols,
		.flags = (uint8_t)(WIRE_ROUTE_PUSH_ONLY | (text.secure ? WIRE_ROUTE_SECURE : 0)),
		.pattern = text.pattern,
		.history = text.history,
		.history_seconds = text.history_seconds,
	};
}

int
registration_static(struct routes *routes, const char *list)
{
	static const char setting[] = "TINA4_WS_ROUTES";
	struct route_app *app;
	struct wire_route announced[WIRE_MAX_ROUTES];
	const struct route *accepted[WIRE_MAX_ROUTES];
	struct refusals refusals = { BUF_INIT, 0 };
	uint16_t n = 0;
	struct span item;
	int r;

	r = routes_app(routes, span_of(setting), &app);
	if (r < 0)
		return r;
	app->of_settings = true;
	while (n < WIRE_MAX_ROUTES && list_next(&list, &item))
		announced[n++] = route_of(item);
	r = enter(routes, app, announced, n, accepted, &refusals);
	buf_free(&refusals.patterns);
	if (r < 0)
		return r;
	return refusals.n > 0 ? -EINVAL : 0;
}
