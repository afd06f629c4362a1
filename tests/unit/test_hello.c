#include <string.h>

#include "fcgi/app.h"
#include "fcgi/ws/hello.h"
#include "tests/tap.h"

static int
chat(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn;
	(void)event;
	(void)data;
	(void)len;
	return 0;
}

static void
an_app_says_who_it_is(void)
{
	struct tina4_app *app = tina4_app_new();
	struct buf text = BUF_INIT;
	struct wire_header header;
	struct wire_hello hello;
	struct wire_route first, second;
	struct wire_reader reader;

	app->name = "shop";
	tina4_websocket(app, "/ws/{room}", chat);
	tina4_websocket(app, "/news", NULL);
	hello_put(&text, app, WIRE_ROLE_WORKER, 7);
	reader = wire_reader(text.data, text.len);

	OK(wire_get_header(&reader, &header) == 0 && header.type == WIRE_HELLO && header.id == 7, "it is a HELLO");
	OK(wire_get_hello(&reader, &hello) == 0 && hello.role == WIRE_ROLE_WORKER && span_is(hello.app, "shop"),
	    "with role and name");
	OK(hello.n_routes == 2 && wire_get_route(&reader, &first) == 0 && wire_get_route(&reader, &second) == 0 &&
		reader.at == reader.end,
	    "and all routes");
	OK(span_is(first.pattern, "/ws/{room}") && first.flags == 0, "a route has its pattern");
	OK(span_is(second.pattern, "/news") && second.flags == WIRE_ROUTE_PUSH_ONLY,
	    "one without a handler is push only");
	buf_free(&text);
	tina4_app_free(app);
}

int
main(void)
{
	an_app_says_who_it_is();
	return tap_done();
}
