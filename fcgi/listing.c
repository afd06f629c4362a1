#include "fcgi/app.h"
#include "fcgi/http/router.h"
#include "fcgi/listing.h"
#include "shared/path.h"
#include "shared/protocols.h"

static void
print_websocket(const struct ws_route *route, FILE *stream)
{
	struct span list = span_of(route->protocols), name;
	const char *between = " (speaks ";

	fprintf(stream, "%-9s %s%s%s", "WEBSOCKET", path_pattern_text(route->pattern),
	    route->handler ? "" : " (push only)", route->secure ? " (secure)" : "");
	for (; protocols_next(&list, &name); between = ", ")
		fprintf(stream, "%s%.*s", between, (int)name.len, name.data);
	fprintf(stream, "%s\n", between[0] == ',' ? ")" : "");
}

void
listing_print(const struct tina4_app *app, FILE *stream)
{
	router_print(app->router, stream);
	for (size_t i = 0; i < app->n_ws_routes; i++)
		print_websocket(&app->ws_routes[i], stream);
}
