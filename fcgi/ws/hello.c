#include "fcgi/app.h"
#include "fcgi/ws/hello.h"
#include "shared/path.h"

static uint8_t
flags_of(const struct ws_route *route)
{
	return (uint8_t)((route->handler == NULL ? WIRE_ROUTE_PUSH_ONLY : 0) | (route->secure ? WIRE_ROUTE_SECURE : 0) |
	    (route->history > 0 ? WIRE_ROUTE_KEEPS : 0) | (route->protocols[0] != '\0' ? WIRE_ROUTE_SPEAKS : 0));
}

void
hello_put(struct buf *buf, const struct tina4_app *app, enum wire_role role, uint64_t id)
{
	struct wire_hello hello = {
		.role = role,
		.app = span_of(app->name),
		.n_routes = role == WIRE_ROLE_SUPERVISOR ? 0 : (uint16_t)app->n_ws_routes,
	};

	wire_put_header(buf, WIRE_HELLO, id);
	wire_put_hello(buf, &hello);
	for (size_t i = 0; i < hello.n_routes; i++) {
		struct wire_route route = {
			.flags = flags_of(&app->ws_routes[i]),
			.pattern = span_of(path_pattern_text(app->ws_routes[i].pattern)),
			.protocols = span_of(app->ws_routes[i].protocols),
			.history = app->ws_routes[i].history,
			.history_seconds = app->ws_routes[i].history_seconds,
		};

		wire_put_route(buf, &route);
	}
}
