#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "fcgi/app.h"
#include "fcgi/ws/exchange.h"
#include "fcgi/reserved.h"
#include "fcgi/ws/hand.h"
#include "fcgi/http/router.h"
#include "fcgi/session/store.h"
#include "fcgi/template/templates.h"
#include "shared/keys.h"
#include "shared/path.h"
#include "shared/protocols.h"

struct tina4_app *
tina4_app_new(void)
{
	struct tina4_app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return NULL;
	app->name = program_invocation_short_name;
	app->router = router_new();
	if (app->router == NULL) {
		free(app);
		return NULL;
	}
	pthread_mutex_init(&app->zmq_lock, NULL);
	return app;
}

static void
route_clear(struct ws_route *route)
{
	path_pattern_free(route->pattern);
	free(route->protocols);
}

void
tina4_app_free(struct tina4_app *app)
{
	if (app == NULL)
		return;
	if (app->zmq != NULL) {
		exchange_close(app->zmq);
		zmq_ctx_term(app->zmq);
	}
	pthread_mutex_destroy(&app->zmq_lock);
	for (size_t i = 0; i < app->n_ws_routes; i++)
		route_clear(&app->ws_routes[i]);
	free(app->ws_routes);
	router_free(app->router);
	store_free(app->sessions);
	keys_free(app->keys);
	templates_free(app->templates);
	hand_free(app->hand);
	conf_free(&app->conf);
	free(app);
}

void
tina4_app_set_user(struct tina4_app *app, void *user)
{
	app->user = user;
}

void *
tina4_app_user(const struct tina4_app *app)
{
	return app->user;
}

void *
app_zmq(struct tina4_app *app)
{
	void *zmq;

	pthread_mutex_lock(&app->zmq_lock);
	if (app->zmq == NULL)
		app->zmq = zmq_ctx_new();
	zmq = app->zmq;
	pthread_mutex_unlock(&app->zmq_lock);
	return zmq;
}

const struct ws_route *
app_ws_route(const struct tina4_app *app, const char *pattern, size_t len)
{
	for (size_t i = 0; i < app->n_ws_routes; i++) {
		const char *text = path_pattern_text(app->ws_routes[i].pattern);

		if (strlen(text) == len && memcmp(text, pattern, len) == 0)
			return &app->ws_routes[i];
	}
	return NULL;
}

/* Remembers that a route is wrong, so that the app does not start without it. */
static int
refuse(struct tina4_app *app, const char *pattern, const char *why)
{
	fprintf(stderr, "%s: route %s: %s\n", program_invocation_short_name, pattern, why);
	app->refused = true;
	return -EINVAL;
}

static int
add_http(struct tina4_app *app, unsigned methods, const char *pattern, tina4_http_handler *handler)
{
	const char *why = "out of memory";

	if (router_add(app->router, methods, pattern, handler, &why) < 0)
		return refuse(app, pattern, why);
	return 0;
}

int
tina4_get(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_GET, pattern, handler);
}

int
tina4_post(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_POST, pattern, handler);
}

int
tina4_put(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_PUT, pattern, handler);
}

int
tina4_patch(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_PATCH, pattern, handler);
}

int
tina4_delete(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_DELETE, pattern, handler);
}

int
tina4_any(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_ALL, pattern, handler);
}

void
tina4_not_found(struct tina4_app *app, tina4_http_handler *handler)
{
	app->not_found = handler;
}

int
tina4_websocket_with(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler,
    const struct tina4_websocket_options *options)
{
	static const struct tina4_websocket_options defaults;
	struct ws_route route = { .handler = handler }, *routes;
	const char *why = "out of memory";

	if (options == NULL)
		options = &defaults;
	if (!RESERVED_IS_ZERO(options))
		return refuse(app, pattern, "its options are of a later version of the library");
	route.secure = options->secure;
	route.history = options->history;
	route.history_seconds = options->history_seconds;
	if (options->protocols != NULL) {
		why = protocols_fault(span_of(options->protocols));
		if (why != NULL)
			return refuse(app, pattern, why);
		why = "out of memory";
	}
	if (app_ws_route(app, pattern, strlen(pattern)) != NULL)
		return refuse(app, pattern, "it is declared twice");
	if (path_compile(pattern, &route.pattern, &why) < 0)
		return refuse(app, pattern, why);

	route.protocols = strdup(options->protocols != NULL ? options->protocols : "");
	routes = realloc(app->ws_routes, (app->n_ws_routes + 1) * sizeof(*routes));
	if (routes != NULL)
		app->ws_routes = routes;
	if (routes == NULL || route.protocols == NULL) {
		route_clear(&route);
		return refuse(app, pattern, "out of memory");
	}
	app->ws_routes[app->n_ws_routes++] = route;
	return 0;
}

int
tina4_websocket(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler)
{
	return tina4_websocket_with(app, pattern, handler, NULL);
}
