/*
 * app - the application that is measured: each route does one thing.
 */
#include <stdint.h>
#include <time.h>
#include <tina4.h>

#include "tests/bench/histogram.h"

static const char text[128] = "news";

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

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Pushes for a second, and tells what a receipt took. */
static int
pushes(struct tina4_request *req, struct tina4_response *res)
{
	static struct histogram latencies;
	const double begun = seconds();
	double now = begun;

	while (now < begun + 1) {
		double since = now;
		int r = tina4_push(tina4_request_app(req), "/ws/push/0", text, sizeof(text), NULL, NULL);

		if (r < 0)
			return r;
		now = seconds();
		histogram_add(&latencies, (uint64_t)((now - since) * 1e9));
	}
	return tina4_response_jsonf(
	    res, "{'p50_us': %f, 'p99_us': %f}", histogram_us(&latencies, 0.5), histogram_us(&latencies, 0.99));
}

static int
push(struct tina4_request *req, struct tina4_response *res)
{
	int r = tina4_push(tina4_request_app(req), "/ws/push/0", text, sizeof(text), NULL, NULL);

	return r < 0 ? r : tina4_response_text(res, "pushed\n");
}

int
main(int argc, char **argv)
{
	static const struct tina4_websocket_options kept = { .history = 100 };
	struct tina4_app *app = tina4_app_new();

	if (app == NULL)
		return 1;
	tina4_websocket(app, "/ws/fan/{room}", fan);
	tina4_websocket_with(app, "/ws/kept/{room}", fan, &kept);
	tina4_websocket(app, "/ws/echo", echo);
	tina4_websocket(app, "/ws/quiet/{room}", quiet);
	tina4_websocket(app, "/ws/push/{room}", NULL);
	tina4_get(app, "/hello", hello);
	tina4_get(app, "/push", push);
	tina4_get(app, "/pushes", pushes);
	return tina4_app_run(&app, argc, argv);
}
