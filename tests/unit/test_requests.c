#include <string.h>

#include "shared/clock.h"
#include "shared/conf.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "tests/tap.h"

/* A hub without clients; what is handed on to other hosts is counted. */

static const struct conf conf = { .ws_max_message = 100 };
static struct hub hub;
static struct routes routes;
static struct requests requests;
static unsigned n_applied;
static enum wire_status outcome; /* of handing on */

static void
on_applied(void *context, const struct wire_command *command, struct wire_reply *ret)
{
	(void)context;
	(void)command;
	n_applied++;
	if (outcome != WIRE_OK)
		ret->status = outcome;
}

static void
begin(void)
{
	static const struct requests_events events = { .applied = on_applied };

	n_applied = 0;
	outcome = WIRE_OK;
	hub_open(&hub, &conf, NULL, 1);
	registration_static(&routes, "/news");
	requests_open(&requests, &hub, &routes);
	requests_listen(&requests, &events, NULL);
}

static void
end(void)
{
	requests_close(&requests);
	routes_close(&routes);
	hub_close(&hub);
}

static struct wire_request
request_of(enum wire_command_type type, const char *path, uint8_t id)
{
	return (struct wire_request){ .id.bytes = { id },
		.deadline_ms = clock_unix_ms() + 10000,
		.command = { .type = type, .key = span_of(path), .data = span_of("text") } };
}

static void
test_routes(void)
{
	struct wire_request known = request_of(WIRE_PUSH, "/news", 1), unknown = request_of(WIRE_PUSH, "/other", 2);
	struct wire_request send = request_of(WIRE_SEND, "", 3);
	struct wire_reply reply;

	begin();
	OK(!requests_lack_route(&requests, &known.command), "a push to a path of a route has one");
	OK(requests_lack_route(&requests, &unknown.command), "to another path it lacks one");
	OK(!requests_lack_route(&requests, &send.command), "what names no path needs none");
	requests_refuse(&requests, &unknown, &reply);
	OK(reply.status == WIRE_NO_ROUTE && requests.pushes[WIRE_NO_ROUTE] == 1, "it is refused, and counted");
	routes_await(&routes, span_of("other"));
	requests_refuse(&requests, &unknown, &reply);
	OK(reply.status == WIRE_NOT_READY && requests.pushes[WIRE_NOT_READY] == 1,
	    "with other words while it may only be early");
	OK(n_applied == 0, "and nobody hears of it");
	end();
}

static void
test_in_time(void)
{
	struct wire_request late = request_of(WIRE_PUSH, "/news", 1), far = request_of(WIRE_PUSH, "/news", 2);
	struct wire_reply reply;

	begin();
	late.deadline_ms = clock_unix_ms() - 1;
	requests_apply(&requests, &late, &reply);
	OK(reply.status == WIRE_EXPIRED, "a request is not applied after its deadline");
	far.deadline_ms = clock_unix_ms() + 2 * WIRE_MAX_DEADLINE_MS;
	requests_apply(&requests, &far, &reply);
	OK(reply.status == WIRE_INVALID, "nor one whose deadline is too far away");
	OK(n_applied == 0 && requests_earlier(&requests, &late.id, &late.command) == NULL,
	    "neither is handed on or remembered");
	end();
}

static void
test_once(void)
{
	struct wire_request push = request_of(WIRE_PUSH, "/news", 1), count = request_of(WIRE_COUNT, "/news", 2);
	const struct wire_reply *earlier;
	struct wire_reply reply;

	begin();
	requests_apply(&requests, &push, &reply);
	OK(reply.status == WIRE_OK && n_applied == 1, "a push is applied and handed on");
	earlier = requests_earlier(&requests, &push.id, &push.command);
	OK(earlier != NULL && earlier->status == WIRE_OK, "a retry gets the answer of its first try");
	requests_take(&requests, &push.id, &push.command, &reply);
	OK(reply.status == WIRE_OK && requests.pushes[WIRE_OK] == 1 && n_applied == 1, "by any way, and does nothing");
	requests_apply(&requests, &count, &reply);
	OK(requests_earlier(&requests, &count.id, &count.command) == NULL, "a count is asked anew each time");
	end();
}

static void
test_not_relayed(void)
{
	struct wire_request push = request_of(WIRE_PUSH, "/news", 1);
	const struct wire_reply *earlier;
	struct wire_reply reply;

	begin();
	outcome = WIRE_NOT_RELAYED;
	requests_apply(&requests, &push, &reply);
	OK(reply.status == WIRE_NOT_RELAYED, "a push that other hosts cannot get says so");
	outcome = WIRE_OK;
	earlier = requests_earlier(&requests, &push.id, &push.command);
	OK(earlier != NULL && earlier->status == WIRE_OK && n_applied == 2, "its retry is handed on, and no more");
	end();
}

static void
test_push(void)
{
	const struct wire_request known = request_of(WIRE_PUSH, "/news", 1), unknown = request_of(WIRE_PUSH, "/x", 2);
	struct wire_request large = request_of(WIRE_PUSH, "/news", 3);
	char data[101] = { 0 };
	struct wire_reply reply;

	begin();
	requests_take(&requests, &known.id, &known.command, &reply);
	OK(reply.status == WIRE_OK, "a push of HTTP is applied");
	requests_take(&requests, &unknown.id, &unknown.command, &reply);
	OK(reply.status == WIRE_NO_ROUTE, "if there is a route");
	large.command.data = (struct span){ data, sizeof(data) };
	requests_take(&requests, &large.id, &large.command, &reply);
	OK(reply.status == WIRE_TOO_LARGE && requests.pushes[WIRE_TOO_LARGE] == 1, "and it is not too large");
	end();
}

int
main(void)
{
	test_routes();
	test_in_time();
	test_once();
	test_not_relayed();
	test_push();
	return tap_done();
}
