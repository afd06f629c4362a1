#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/listing.h"
#include "fcgi/tina4.h"
#include "tests/tap.h"

static int
answer(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	(void)res;
	return 0;
}

static int
chat(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn;
	(void)event;
	(void)data;
	(void)len;
	return 0;
}

/* True when the app's routes are printed so. */
static bool
prints(const struct tina4_app *app, const char *expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	bool same;

	listing_print(app, stream);
	fclose(stream);
	same = strcmp(text, expected) == 0;
	if (!same)
		printf("# printed:\n# %s\n", text);
	free(text);
	return same;
}

static void
each_route_is_a_line(void)
{
	const struct tina4_websocket_options speaks = { .secure = true, .protocols = "mqtt,chat.v2" };
	struct tina4_app *app = tina4_app_new();

	OK(prints(app, ""), "an app without routes prints nothing");
	tina4_get(app, "/orders/{id:int}", answer);
	tina4_post(app, "/orders", answer);
	tina4_put(app, "/orders/{id:int}", answer);
	tina4_patch(app, "/orders/{id:int}", answer);
	tina4_delete(app, "/orders/{id:int}", answer);
	tina4_any(app, "/any", answer);
	tina4_websocket(app, "/ws/chat/{room}", chat);
	tina4_websocket(app, "/ws/news", NULL);
	tina4_websocket_with(app, "/ws/speaks", chat, &speaks);
	OK(prints(app,
	       "GET       /orders/{id:int}\n"
	       "POST      /orders\n"
	       "PUT       /orders/{id:int}\n"
	       "PATCH     /orders/{id:int}\n"
	       "DELETE    /orders/{id:int}\n"
	       "ANY       /any\n"
	       "WEBSOCKET /ws/chat/{room}\n"
	       "WEBSOCKET /ws/news (push only)\n"
	       "WEBSOCKET /ws/speaks (secure) (speaks mqtt, chat.v2)\n"),
	    "HTTP routes come first, then those of WebSockets");
	tina4_app_free(app);
}

int
main(void)
{
	each_route_is_a_line();
	return tap_done();
}
