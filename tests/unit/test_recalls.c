#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/hub.h"
#include "tests/tap.h"

/* A hub without clients, and askers that count their answers. */

static const struct conf conf = { .ws_max_message = 100, .ws_history_bytes = 1 << 20 };
static struct hub hub;
static struct routes routes;
static struct requests requests;
static struct recalls recalls;
static bool awaited;

struct asker {
	unsigned n;
	enum wire_status status;
};

static bool
is_awaited(void *context, const struct wire_command *command)
{
	(void)context;
	(void)command;
	return awaited;
}

static void
take(void *whom, const struct wire_reply *reply)
{
	struct asker *asker = whom;

	asker->n++;
	asker->status = reply->status;
}

static void
begin(void)
{
	static const struct recalls_events events = { .is_awaited = is_awaited };

	awaited = false;
	hub_open(&hub, &conf, NULL, 1);
	registration_static(&routes, "/news/{topic};history=5");
	requests_open(&requests, &hub, &routes);
	recalls_open(&recalls, &requests);
	recalls_listen(&recalls, &events, NULL);
}

static void
end(void)
{
	recalls_close(&recalls);
	requests_close(&requests);
	routes_close(&routes);
	hub_close(&hub);
}

static void
ask(struct asker *asker, const char *path)
{
	const struct wire_asked asked = { .max = 5, .since = SPAN_EMPTY };
	struct wire_command command = { .type = WIRE_HISTORY, .key = span_of(path) };
	struct buf data = BUF_INIT;

	wire_put_asked(&data, &asked);
	command.data = span_of_buf(&data);
	recalls_ask(&recalls, &command, take, asker);
	buf_free(&data);
}

static void
test_now(void)
{
	struct asker one = { 0 }, two = { 0 };

	begin();
	ask(&one, "/news/a");
	OK(one.n == 1 && one.status == WIRE_OK, "what is known is answered at once");
	ask(&two, "/nowhere");
	OK(two.n == 1 && two.status == WIRE_NO_ROUTE, "and what is wrong");
	end();
}

static void
test_later(void)
{
	struct asker one = { 0 }, two = { 0 }, gone = { 0 };

	begin();
	awaited = true;
	ask(&one, "/news/a");
	ask(&two, "/news/b");
	ask(&gone, "/news/a");
	OK(one.n == 0 && two.n == 0, "who asks for what will be known soon waits");
	recalls_forget(&recalls, &gone);
	recalls_known(&recalls, span_of("/news/a"));
	OK(one.n == 1 && one.status == WIRE_OK && two.n == 0, "until it is");
	OK(gone.n == 0, "unless he is gone");
	recalls_known(&recalls, span_of("/news/a"));
	OK(one.n == 1, "once");
	recalls_close(&recalls);
	OK(two.n == 1, "in the end who still waits is told what is known");
	end();
}

static void
test_limit(void)
{
	static struct asker askers[RECALLS_MAX + 1];

	begin();
	awaited = true;
	for (unsigned i = 0; i <= RECALLS_MAX; i++)
		ask(&askers[i], "/news/a");
	OK(askers[RECALLS_MAX - 1].n == 0 && askers[RECALLS_MAX].n == 1, "one more than may wait does not");
	recalls_known(&recalls, span_of("/news/a"));
	OK(askers[0].n == 1 && askers[RECALLS_MAX - 1].n == 1, "the others are answered");
	end();
}

int
main(void)
{
	test_now();
	test_later();
	test_limit();
	return tap_done();
}
