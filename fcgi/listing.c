#include "fcgi/app.h"
#include "fcgi/http/router.h"
#include "fcgi/listing.h"
#include "shared/path.h"

void
listing_print(const struct tina4_app *app, FILE *stream)
{
	router_print(app->router, stream);
	for (size_t i = 0; i < app->n_ws_routes; i++)
		fprintf(stream, "%-9s %s%s%s\n", "WEBSOCKET", path_pattern_text(app->ws_routes[i].pattern),
		    app->ws_routes[i].handler ? "" : " (push only)", app->ws_routes[i].secure ? " (secure)" : "");
}
