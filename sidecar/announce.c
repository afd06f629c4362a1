#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "shared/path.h"
#include "sidecar/announce.h"
#include "sidecar/routes.h"
#include "sidecar/workers.h"

bool
announce_prune(const struct workers *workers, struct route_app *app)
{
	struct route *route, *next;
	bool pruned = false;

	if (!workers_serve(workers, app, NULL))
		return false; /* they are only away */
	DL_FOREACH_SAFE(app->routes, route, next) {
		if (workers_serve(workers, app, route))
			continue;
		log_info("route gone app=%s pattern=%s", app->name, path_pattern_text(route->pattern));
		routes_remove(route);
		pruned = true;
	}
	return pruned;
}

static void
refuse(const struct route_app *app, struct span pattern, const char *why, struct buf *refused, uint16_t *n_refused)
{
	log_warn("route refused app=%s pattern=%.*s why=%s", app->name, (int)pattern.len, pattern.data, why);
	buf_blob(refused, pattern.data, pattern.len);
	++*n_refused;
}

/*
 * Enters the routes from the last to the first, because each goes to the front
 * of the table. Those not refused are stored in accepted. Returns their number
 * or -ENOMEM.
 */
static int
enter(struct routes *routes, struct route_app *app, const struct wire_route *announced, uint16_t n,
    const struct route **accepted, struct buf *refused, uint16_t *ret_refused)
{
	int n_accepted = 0;

	for (uint16_t i = n; i-- > 0;) {
		const char *why = "";
		struct route *route;
		int r = routes_add(routes, app, &announced[i], &route, &why);

		if (r == -ENOMEM)
			return r;
		if (r < 0)
			refuse(app, announced[i].pattern, why, refused, ret_refused);
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
announce(struct routes *routes, struct workers *workers, struct route_app *app, struct worker *worker,
    struct wire_reader *from, uint16_t n, struct buf *refused, uint16_t *ret_refused)
{
	struct wire_route *announced = calloc(n + 1u, sizeof(*announced));
	const struct route **accepted = calloc(n + 1u, sizeof(*accepted));
	int r = -ENOMEM;

	if (announced == NULL || accepted == NULL)
		goto out;
	r = read_routes(from, n, announced);
	if (r < 0 || (worker == NULL && is_known(routes, workers, app, announced, n)))
		goto out;
	r = enter(routes, app, announced, n, accepted, refused, ret_refused);
	if (r < 0)
		goto out;
	if (worker == NULL) {
		r = 1;
		goto out;
	}

	free(worker->routes);
	worker->routes = accepted;
	worker->n_routes = (uint16_t)r;
	accepted = NULL;
	announce_prune(workers, app);
	r = 1;
out:
	free(accepted);
	free(announced);
	return r;
}

int
announce_static(struct routes *routes, const char *list)
{
	static const char setting[] = "TINA4_WS_ROUTES";
	struct route_app *app;
	struct wire_route announced[WIRE_MAX_ROUTES];
	const struct route *accepted[WIRE_MAX_ROUTES];
	struct buf refused = BUF_INIT;
	uint16_t n = 0, n_refused = 0;
	const char *item;
	size_t len;
	int r;

	r = routes_app(routes, span_of(setting), &app);
	if (r < 0)
		return r;
	while (n < WIRE_MAX_ROUTES && conf_list_next(&list, &item, &len))
		announced[n++] = (struct wire_route){ WIRE_ROUTE_PUSH_ONLY, { item, len } };
	r = enter(routes, app, announced, n, accepted, &refused, &n_refused);
	buf_free(&refused);
	if (r < 0)
		return r;
	return n_refused > 0 ? -EINVAL : 0;
}
