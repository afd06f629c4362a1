#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "sidecar/hub/client.h"
#include "sidecar/hub/memory.h"
#include "tests/unit/scene.h"

enum { PATIENCE_MS = 5000 };

/* --- the loop ------------------------------------------------------------------- */

void
scene_turn(struct scene *scene)
{
	intake_drain(&scene->intake);
	dispatch_flush(&scene->dispatch);
	hub_flush(&scene->hub);
}

void
scene_tick(struct scene *scene, uint64_t ms)
{
	scene->turn.now_ms += ms;
	scene_turn(scene);
	hub_tick(&scene->hub, scene->turn.now_ms);
	roster_tick(&scene->roster, scene->turn.now_ms);
	feed_tick(&scene->feed, scene->turn.now_ms);
	intake_tick(&scene->intake);
	requests_tick(&scene->requests);
	scene_turn(scene);
}

void
scene_begin(struct scene *scene)
{
	*scene = (struct scene){ .conf = { .ws_queue_bytes = 1 << 20,
				     .ws_max_message = 1 << 16,
				     .ws_attribute_bytes = 100,
				     .ws_once_seconds = 60,
				     .ws_once_bytes = 1 << 20,
				     .worker_queue_bytes = SCENE_QUEUE_BYTES,
				     .worker_wait = 30,
				     .worker_timeout = 10,
				     .ws_routes = "/feed/{name}" },
		.zmq = zmq_ctx_new(),
		.turn.now_ms = 1000 };
	int r = bus_bind(&scene->bus, scene->zmq, "inproc://feed", 0600);

	assert(r == 0);
	(void)r;
	hub_open(&scene->hub, &scene->conf, NULL, 1);
	feed_open(&scene->feed, &scene->conf, &scene->hub, SCENE_EPOCH);
	roster_open(&scene->roster, &scene->conf, scene->bus, &scene->feed, &scene->routes, &scene->workers);
	dispatch_open(&scene->dispatch, &scene->feed, &scene->workers, &scene->roster, scene->bus, &scene->turn);
	requests_open(&scene->requests, &scene->hub, &scene->routes);
	recalls_open(&scene->recalls, &scene->requests);
	rolls_open(&scene->rolls, &scene->hub, SCENE_HOST);
	intake_open(&scene->intake,
	    &(struct intake_parts){ &scene->conf, scene->bus, &scene->feed, &scene->requests, &scene->recalls,
		&scene->rolls, &scene->roster, &scene->workers, &scene->turn });
}

/* --- workers and apps -------------------------------------------------------------- */

void
scene_peer_open(struct scene *scene, unsigned i)
{
	int r = bus_connect(&scene->peers[i].bus, scene->zmq, "inproc://feed", false);

	assert(r == 0);
	(void)r;
}

void
scene_peer_close(struct scene *scene, unsigned i)
{
	struct peer *peer = &scene->peers[i];

	if (peer->bus == NULL)
		return;
	if (peer->open)
		bus_message_close(&peer->message);
	buf_free(&peer->batch);
	bus_free(peer->bus);
	*peer = (struct peer){ 0 };
}

void
scene_send_header(struct scene *scene, unsigned i, enum wire_type type)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, type, 0);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	scene_turn(scene);
}

void
scene_say_hello(struct scene *scene, unsigned i, enum wire_role role, const char *app, const char *pattern)
{
	struct wire_hello hello = { role, span_of(app), pattern != NULL };
	struct wire_route route = { .pattern = span_of(pattern == NULL ? "" : pattern) };
	struct buf message = BUF_INIT;

	if (scene->peers[i].bus == NULL)
		scene_peer_open(scene, i);
	wire_put_header(&message, WIRE_HELLO, 0);
	wire_put_hello(&message, &hello);
	if (pattern != NULL)
		wire_put_route(&message, &route);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	scene_turn(scene);
}

/* A worker of app "chat" with the route "/chat/{room}". */
void
scene_start_worker(struct scene *scene, unsigned i)
{
	scene_say_hello(scene, i, WIRE_ROLE_WORKER, "chat", "/chat/{room}");
}

static void
say_watched_hello(
    struct scene *scene, unsigned i, enum wire_role role, const char *pattern, const struct wire_watch *watch)
{
	struct wire_hello hello = { role, span_of("chat"), pattern != NULL };
	struct buf message = BUF_INIT;

	if (scene->peers[i].bus == NULL)
		scene_peer_open(scene, i);
	wire_put_header(&message, WIRE_HELLO, 0);
	wire_put_hello(&message, &hello);
	if (pattern != NULL)
		wire_put_route(&message, &(struct wire_route){ .pattern = span_of(pattern) });
	wire_put_watch(&message, watch);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	scene_turn(scene);
}

void
scene_start_supervisor(struct scene *scene, unsigned i, uint8_t id)
{
	say_watched_hello(scene, i, WIRE_ROLE_SUPERVISOR, NULL, &(struct wire_watch){ { { id } }, 0 });
}

void
scene_start_watched(struct scene *scene, unsigned i, uint8_t supervisor, uint32_t number)
{
	say_watched_hello(
	    scene, i, WIRE_ROLE_WORKER, "/chat/{room}", &(struct wire_watch){ { { supervisor } }, number });
}

void
scene_say_death(struct scene *scene, unsigned i, uint32_t number, const struct wire_event *over)
{
	struct wire_death death = { .worker = number, .blames = over != NULL };
	struct buf message = BUF_INIT;

	if (over != NULL)
		death.over = (struct wire_delivery){ over->conn, over->epoch, over->id, over->attempt };
	wire_put_header(&message, WIRE_DEATH, 0);
	wire_put_death(&message, &death);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	scene_turn(scene);
}

/* Reads the next message that has come to a peer. Returns false when there is none. */
static bool
next_message(struct peer *peer)
{
	struct wire_header header = { 0 };
	struct wire_reader body;

	if (peer->open)
		bus_message_close(&peer->message);
	peer->open = peer->bus != NULL && bus_recv(peer->bus, NULL, &peer->message) == 0;
	if (!peer->open)
		return false;
	body = bus_message_reader(&peer->message);
	wire_get_header(&body, &header);
	if (header.type == WIRE_EVENTS)
		peer->events = body;
	else if (header.type == WIRE_STALE)
		peer->n_stale++;
	else if (header.type == WIRE_REPLY)
		wire_get_reply(&body, &peer->reply);
	if (header.type != WIRE_EVENTS)
		peer->last = (enum wire_type)header.type;
	return true;
}

/* The next event; its kind is WIRE_ATTACH and its id 0 when there is none. */
struct wire_event
scene_next_event(struct scene *scene, unsigned i)
{
	struct peer *peer = &scene->peers[i];
	struct wire_event event;

	do
		if (peer->open && wire_get_event(&peer->events, &event) == 1)
			return event;
	while (next_message(peer));
	peer->events = (struct wire_reader){ 0 };
	return (struct wire_event){ 0 };
}

bool
scene_idle(struct scene *scene, unsigned i)
{
	struct wire_event event = scene_next_event(scene, i);

	return event.id == 0 && event.kind == WIRE_ATTACH;
}

bool
event_is(const struct wire_event *event, enum wire_event_kind kind, const char *data)
{
	bool same = event->id != 0 && event->kind == kind && event->data.len == strlen(data) &&
	    memcmp(event->data.data, data, event->data.len) == 0;

	if (!same)
		printf("# got kind %d id %d data \"%.*s\"\n", (int)event->kind, (int)event->id, (int)event->data.len,
		    event->data.data);
	return same;
}

/* Acknowledges an event; commands may be NULL. */
void
scene_acknowledge_as(struct scene *scene, unsigned i, const struct wire_record *record, const struct buf *commands)
{
	struct buf message = BUF_INIT;
	size_t offset;

	wire_put_header(&message, WIRE_BATCH, 0);
	offset = wire_begin_record(&message, record);
	if (commands != NULL)
		buf_bytes(&message, commands->data, commands->len);
	wire_end_record(&message, offset);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	scene_turn(scene);
}

struct wire_record
event_record(const struct wire_event *event)
{
	return (struct wire_record){
		.conn = event->conn, .epoch = event->epoch, .event = event->id, .attempt = event->attempt
	};
}

void
scene_acknowledge(struct scene *scene, unsigned i, const struct wire_event *event, const struct buf *commands)
{
	struct wire_record record = event_record(event);

	scene_acknowledge_as(scene, i, &record, commands);
}

void
commands_put(struct buf *commands, enum wire_command_type type, uint8_t flags, const char *data)
{
	struct wire_command command = { .type = type, .flags = flags, .code = 1000, .data = span_of(data) };

	wire_put_command(commands, &command);
}

/* Acknowledges with one command. */
void
scene_answer(
    struct scene *scene, unsigned i, const struct wire_event *event, enum wire_command_type type, const char *data)
{
	struct buf commands = BUF_INIT;

	commands_put(&commands, type, 0, data);
	scene_acknowledge(scene, i, event, &commands);
	buf_free(&commands);
}

/* --- browsers --------------------------------------------------------------------------- */

struct client *
scene_come(struct scene *scene, unsigned i, const char *path)
{
	struct browser *browser = &scene->browsers[i];
	struct client *client;

	browser_open(browser, ++scene->n_clients);
	client = browser->client;
	hub_enter(&scene->hub, client, path, strlen(path));
	if (client->place.path->n_clients == 1)
		client->place.path->route = routes_match(&scene->routes, path, strlen(path));
	wire_put_meta(&client->feed.meta, &(struct wire_meta){ .path = span_of(path) });
	feed_client_open(&scene->feed, client);
	scene_turn(scene);
	return client;
}

void
scene_say(struct scene *scene, unsigned i, const char *text)
{
	feed_client_message(&scene->feed, scene->browsers[i].client, text, strlen(text), false);
	scene_turn(scene);
}

/* Its socket is gone; the browser's ends stay until the scene ends. */
void
scene_go(struct scene *scene, unsigned i)
{
	struct client *client = scene->browsers[i].client;

	if (client == NULL)
		return;
	client->socket.wsi = NULL;
	client->socket.fd = -1;
	outq_clear(&client->socket.outq);
	scene->browsers[i].client = NULL;
	feed_client_gone(&scene->feed, client);
	scene_turn(scene);
}

bool
scene_got(struct scene *scene, unsigned i, const char *what)
{
	const char *it = browser_got(&scene->browsers[i]);

	if (strcmp(it, what) == 0)
		return true;
	printf("# browser %u got \"%s\" instead of \"%s\"\n", i, it, what);
	return false;
}

bool
scene_is_read(const struct scene *scene, unsigned i)
{
	return scene->browsers[i].wsi.reading;
}

/* A browser whose open the worker has acknowledged. */
struct client *
scene_come_and_join(struct scene *scene, unsigned i, const char *path, unsigned worker)
{
	struct client *client = scene_come(scene, i, path);
	struct wire_event event = scene_next_event(scene, worker);

	assert(event.kind == WIRE_OPEN);
	scene_acknowledge(scene, worker, &event, NULL);
	assert(client->place.state == CLIENT_JOINED);
	return client;
}

bool
scene_end(struct scene *scene)
{
	for (unsigned i = 0; i < SCENE_BROWSERS; i++)
		if (scene->browsers[i].wsi.fd != 0) {
			scene_go(scene, i);
			browser_close(&scene->browsers[i]);
		}
	for (unsigned i = 0; i < SCENE_PEERS; i++)
		scene_peer_close(scene, i);
	intake_close(&scene->intake);
	recalls_close(&scene->recalls);
	rolls_close(&scene->rolls);
	requests_close(&scene->requests);
	feed_close(&scene->feed);
	workers_close(&scene->workers);
	routes_close(&scene->routes);
	hub_close(&scene->hub);
	bus_free(scene->bus);
	zmq_ctx_term(scene->zmq);
	return scene->hub.clients == NULL && scene->hub.paths == NULL && scene->feed.n_waiting == 0 &&
	    memory.bytes == 0;
}

/* Probes until the sidecar has noticed that a worker's socket is closed. */
void
scene_wait_for_workers(struct scene *scene, unsigned n)
{
	for (int ms = 0; ms < PATIENCE_MS && HASH_COUNT(scene->workers.by_peer) > n; ms += 10) {
		roster_probe(&scene->roster);
		roster_tick(&scene->roster, scene->turn.now_ms);
		feed_tick(&scene->feed, scene->turn.now_ms);
		scene_turn(scene);
		zmq_poll(NULL, 0, 10);
	}
}
