/*
 * app - the application that is measured: each route does one thing.
 */
#include <tina4.h>

/* Everybody in the room gets what one of them says. */
static int
fan(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	if (event == TINA4_MESSAGE)
		return tina4_conn_broadcast(conn, data, len, TINA4_TEXT);
	return 0;
}

static int
echo(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	if (event == TINA4_MESSAGE)
		return tina4_conn_send(conn, data, len, TINA4_TEXT);
	return 0;
}

/* A user of a chat who says nothing. */
static int
quiet(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	int r = 0;

	(void)data;
	(void)len;
	if (event == TINA4_OPEN)
		r = tina4_conn_set(conn, "name", "Alice");
	if (event == TINA4_OPEN && r == 0)
		r = tina4_conn_set(conn, "joined", "2026-11-25T12:00:00Z");
	return r;
}

static int
hello(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	return tina4_response_text(res, "Hello, world!\n");
}

static int
push(struct tina4_request *req, struct tina4_response *res)
{
	int r = tina4_push(tina4_request_app(req), "/ws/push/0", "news", 4, NULL, NULL);

	return r < 0 ? r : tina4_response_text(res, "pushed\n");
}

int
main(int argc, char **argv)
{
	struct tina4_app *app = tina4_app_new();

	if (app == NULL)
		return 1;
	tina4_websocket(app, "/ws/fan/{room}", fan);
	tina4_websocket(app, "/ws/echo", echo);
	tina4_websocket(app, "/ws/quiet/{room}", quiet);
	tina4_websocket(app, "/ws/push/{room}", NULL);
	tina4_get(app, "/hello", hello);
	tina4_post(app, "/push", push);
	return tina4_app_run(app, argc, argv);
}
