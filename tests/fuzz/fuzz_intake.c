/*
 * Input: a message on the bus, from a worker that owes the acknowledgements of
 * one connection's open and of another's message. A request's deadline is made
 * to lie ahead.
 */
#include <assert.h>
#include <string.h>
#include <time.h>

#include "shared/bus.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/feed/dispatch.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/intake.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/feed/roster.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fake_browser.h"

enum { EPOCH = 7, CLIENTS = 2 };

static const char room[] = "/chat/a";
static const struct conf conf = { .ws_queue_bytes = 1 << 16,
	.ws_max_message = 1 << 12,
	.ws_attribute_bytes = 100,
	.worker_queue_bytes = 1 << 16,
	.worker_wait = 30,
	.worker_timeout = 10,
	.ws_routes = "/feed/{name}" };

struct scene {
	struct bus *bus, *worker; /* they stay from input to input */
	struct turn turn;
	struct hub hub;
	struct feed feed;
	struct routes routes;
	struct workers workers;
	struct roster roster;
	struct dispatch dispatch;
	struct requests requests;
	struct recalls recalls;
	struct rolls rolls;
	struct intake intake;
	struct browser browsers[CLIENTS];
};

static void
turn(struct scene *scene)
{
	struct bus_message message;

	intake_drain(&scene->intake);
	dispatch_flush(&scene->dispatch);
	hub_flush(&scene->hub);
	while (bus_recv(scene->worker, NULL, &message) == 0)
		bus_message_close(&message);
	for (unsigned i = 0; i < CLIENTS; i++)
		if (scene->browsers[i].client != NULL)
			browser_got(&scene->browsers[i]);
}

static void
say(struct scene *scene, struct buf *message)
{
	bus_send(scene->worker, NULL, message);
	buf_free(message);
	turn(scene);
}

static void
say_hello(struct scene *scene)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_HELLO, 0);
	wire_put_hello(&message, &(struct wire_hello){ WIRE_ROLE_WORKER, span_of("chat"), 1 });
	wire_put_route(&message, &(struct wire_route){ .flags = 0, .pattern = span_of("/chat/{room}") });
	say(scene, &message);
}

/* Clients have the ids 1 and 2; their opens are the events 1 and 2, the second one's message is 3. */
static void
come(struct scene *scene, unsigned i)
{
	struct client *client;

	browser_open(&scene->browsers[i], i + 1);
	client = scene->browsers[i].client;
	hub_enter(&scene->hub, client, room, strlen(room));
	client->place.path->route = routes_match(&scene->routes, room, strlen(room));
	feed_client_open(&scene->feed, client);
	turn(scene);
}

static void
acknowledge_open(struct scene *scene, unsigned i)
{
	struct wire_record record = {
		.conn = scene->browsers[i].client->id, .epoch = EPOCH, .event = i + 1, .attempt = 1
	};
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_BATCH, 0);
	wire_end_record(&message, wire_begin_record(&message, &record));
	say(scene, &message);
}

static void
begin(struct scene *scene)
{
	hub_open(&scene->hub, &conf, NULL, 1);
	feed_open(&scene->feed, &conf, &scene->hub, EPOCH);
	roster_open(&scene->roster, &conf, scene->bus, &scene->feed, &scene->routes, &scene->workers);
	dispatch_open(&scene->dispatch, &scene->feed, &scene->workers, &scene->roster, scene->bus, &scene->turn);
	requests_open(&scene->requests, &scene->hub, &scene->routes);
	recalls_open(&scene->recalls, &scene->requests);
	rolls_open(&scene->rolls, &scene->hub, 0);
	intake_open(&scene->intake,
	    &(struct intake_parts){ &conf, scene->bus, &scene->feed, &scene->requests, &scene->recalls, &scene->rolls,
		&scene->roster, &scene->workers, &scene->turn });
	say_hello(scene);
	for (unsigned i = 0; i < CLIENTS; i++)
		come(scene, i);
	acknowledge_open(scene, 1);
	feed_client_message(&scene->feed, scene->browsers[1].client, "hello", 5, false);
	turn(scene);
	assert(scene->feed.n_waiting == 2);
}

static void
end(struct scene *scene)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *client = scene->browsers[i].client;

		client->socket.wsi = NULL;
		scene->browsers[i].client = NULL;
		feed_client_gone(&scene->feed, client);
		turn(scene);
		browser_close(&scene->browsers[i]);
	}
	intake_close(&scene->intake);
	recalls_close(&scene->recalls);
	rolls_close(&scene->rolls);
	requests_close(&scene->requests);
	feed_close(&scene->feed);
	workers_close(&scene->workers);
	routes_close(&scene->routes);
	hub_close(&scene->hub);
	assert(scene->hub.clients == NULL && scene->hub.paths == NULL && scene->feed.n_waiting == 0);
}

static void
make_timely(struct buf *message)
{
	enum { DEADLINE = WIRE_HEADER_BYTES + WIRE_ID_BYTES };
	uint64_t deadline_ms = 1000 * ((uint64_t)time(NULL) + 10);

	if (message->len < DEADLINE + sizeof(deadline_ms) || message->data[1] != WIRE_REQUEST)
		return;
	buf_put_u32(message, DEADLINE, (uint32_t)(deadline_ms >> 32));
	buf_put_u32(message, DEADLINE + 4, (uint32_t)deadline_ms);
}

static void
check_paths(const struct hub *hub)
{
	const struct path *path, *next;

	HASH_ITER(hh, hub->paths, path, next)
		assert(path->n_members <= path->count && path->count <= path->n_clients && path->batch.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct scene scene;
	struct buf message = BUF_INIT;

	if (scene.bus == NULL) {
		void *context = zmq_ctx_new();
		int r = bus_bind(&scene.bus, context, "inproc://fuzz", 0600);

		assert(r == 0);
		r = bus_connect(&scene.worker, context, "inproc://fuzz", false);
		assert(r == 0);
		(void)r;
		log_open("fuzz", LOG_LEVEL_ERROR);
	}
	begin(&scene);
	buf_bytes(&message, data, len);
	make_timely(&message);
	say(&scene, &message);
	check_paths(&scene.hub);
	end(&scene);
	return 0;
}
