#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/bus.h"
#include "shared/conf.h"
#include "shared/path.h"
#include "sidecar/dispatch.h"
#include "sidecar/feed.h"
#include "sidecar/hub.h"
#include "sidecar/intake.h"
#include "sidecar/roster.h"
#include "sidecar/routes.h"
#include "sidecar/turn.h"
#include "sidecar/workers.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

/*
 * Hub, feed and intake on a real bus, with DEALERs as workers and socketpairs
 * as browsers. turn() is one turn of the sidecar's loop.
 */

enum { MAX_PEERS = 3, MAX_BROWSERS = 8, EPOCH = 77, QUEUE_BYTES = 1000, PATIENCE_MS = 5000 };

/* A worker or an app: its end of the bus. */
struct peer {
	struct bus *bus;
	struct bus_message message; /* the EVENTS that is being read */
	bool open;
	struct wire_reader events;
	struct buf batch;
	unsigned n_stale;
	enum wire_type last; /* of the messages that are no EVENTS */
	struct wire_reply reply;
};

struct scene {
	struct conf conf;
	void *zmq;
	struct bus *bus;
	struct turn turn;
	struct hub hub;
	struct feed feed;
	struct routes routes;
	struct workers workers;
	struct roster roster;
	struct dispatch dispatch;
	struct intake intake;
	struct peer peers[MAX_PEERS];
	struct browser browsers[MAX_BROWSERS];
	unsigned n_clients;
};

/* --- the loop ------------------------------------------------------------------- */

static void
turn(struct scene *scene)
{
	intake_drain(&scene->intake);
	dispatch_flush(&scene->dispatch);
	hub_flush(&scene->hub);
}

static void
tick(struct scene *scene, uint64_t ms)
{
	scene->turn.now_ms += ms;
	turn(scene);
	hub_tick(&scene->hub, scene->turn.now_ms);
	roster_tick(&scene->roster, scene->turn.now_ms);
	feed_tick(&scene->feed, scene->turn.now_ms);
	intake_tick(&scene->intake);
	turn(scene);
}

static void
begin(struct scene *scene)
{
	*scene = (struct scene){ .conf = { .ws_queue_bytes = 1 << 20,
				     .ws_max_message = 1 << 16,
				     .ws_attribute_bytes = 100,
				     .worker_queue_bytes = QUEUE_BYTES,
				     .worker_wait = 30,
				     .worker_timeout = 10,
				     .ws_routes = "/feed/{name}" },
		.zmq = zmq_ctx_new(),
		.turn.now_ms = 1000 };
	int r = bus_bind(&scene->bus, scene->zmq, "inproc://feed", 0600);

	assert(r == 0);
	(void)r;
	hub_open(&scene->hub, &scene->conf, NULL, 1);
	feed_open(&scene->feed, &scene->conf, &scene->hub, EPOCH);
	roster_open(&scene->roster, &scene->conf, scene->bus, &scene->feed, &scene->routes, &scene->workers);
	dispatch_open(&scene->dispatch, &scene->feed, &scene->workers, &scene->roster, scene->bus, &scene->turn);
	intake_open(&scene->intake,
	    &(struct intake_parts){ &scene->conf, scene->bus, &scene->hub, &scene->feed, &scene->roster, &scene->routes,
		&scene->workers, &scene->turn });
}

/* --- workers and apps -------------------------------------------------------------- */

static void
peer_open(struct scene *scene, unsigned i)
{
	int r = bus_connect(&scene->peers[i].bus, scene->zmq, "inproc://feed", false);

	assert(r == 0);
	(void)r;
}

static void
peer_close(struct scene *scene, unsigned i)
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

static void
send_header(struct scene *scene, unsigned i, enum wire_type type)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, type, 0);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	turn(scene);
}

static void
say_hello(struct scene *scene, unsigned i, enum wire_role role, const char *app, const char *pattern)
{
	struct wire_hello hello = { role, span_of(app), pattern != NULL };
	struct wire_route route = { 0, span_of(pattern == NULL ? "" : pattern) };
	struct buf message = BUF_INIT;

	if (scene->peers[i].bus == NULL)
		peer_open(scene, i);
	wire_put_header(&message, WIRE_HELLO, 0);
	wire_put_hello(&message, &hello);
	if (pattern != NULL)
		wire_put_route(&message, &route);
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	turn(scene);
}

/* A worker of app "chat" with the route "/chat/{room}". */
static void
start_worker(struct scene *scene, unsigned i)
{
	say_hello(scene, i, WIRE_ROLE_WORKER, "chat", "/chat/{room}");
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
static struct wire_event
next_event(struct scene *scene, unsigned i)
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

static bool
idle(struct scene *scene, unsigned i)
{
	struct wire_event event = next_event(scene, i);

	return event.id == 0 && event.kind == WIRE_ATTACH;
}

static bool
is(const struct wire_event *event, enum wire_event_kind kind, const char *data)
{
	bool same = event->id != 0 && event->kind == kind && event->data.len == strlen(data) &&
	    memcmp(event->data.data, data, event->data.len) == 0;

	if (!same)
		printf("# got kind %d id %d data \"%.*s\"\n", (int)event->kind, (int)event->id, (int)event->data.len,
		    event->data.data);
	return same;
}

/* Acknowledges an event; commands may be NULL. */
static void
acknowledge_as(struct scene *scene, unsigned i, const struct wire_record *record, const struct buf *commands)
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
	turn(scene);
}

static struct wire_record
record_of(const struct wire_event *event)
{
	return (struct wire_record){
		.conn = event->conn, .epoch = event->epoch, .event = event->id, .attempt = event->attempt
	};
}

static void
acknowledge(struct scene *scene, unsigned i, const struct wire_event *event, const struct buf *commands)
{
	struct wire_record record = record_of(event);

	acknowledge_as(scene, i, &record, commands);
}

static void
put(struct buf *commands, enum wire_command_type type, uint8_t flags, const char *data)
{
	struct wire_command command = { .type = type, .flags = flags, .code = 1000, .data = span_of(data) };

	wire_put_command(commands, &command);
}

/* Acknowledges with one command. */
static void
answer(struct scene *scene, unsigned i, const struct wire_event *event, enum wire_command_type type, const char *data)
{
	struct buf commands = BUF_INIT;

	put(&commands, type, 0, data);
	acknowledge(scene, i, event, &commands);
	buf_free(&commands);
}

/* --- browsers --------------------------------------------------------------------------- */

static struct client *
come(struct scene *scene, unsigned i, const char *path)
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
	turn(scene);
	return client;
}

static void
say(struct scene *scene, unsigned i, const char *text)
{
	feed_client_message(&scene->feed, scene->browsers[i].client, text, strlen(text), false);
	turn(scene);
}

/* Its socket is gone; the browser's ends stay until the scene ends. */
static void
go(struct scene *scene, unsigned i)
{
	struct client *client = scene->browsers[i].client;

	if (client == NULL)
		return;
	client->socket.wsi = NULL;
	client->socket.fd = -1;
	outq_clear(&client->socket.outq);
	scene->browsers[i].client = NULL;
	feed_client_gone(&scene->feed, client);
	turn(scene);
}

static bool
got(struct scene *scene, unsigned i, const char *what)
{
	const char *it = browser_got(&scene->browsers[i]);

	if (strcmp(it, what) == 0)
		return true;
	printf("# browser %u got \"%s\" instead of \"%s\"\n", i, it, what);
	return false;
}

static bool
is_read(const struct scene *scene, unsigned i)
{
	return scene->browsers[i].wsi.reading;
}

/* A browser whose open the worker has acknowledged. */
static struct client *
come_and_join(struct scene *scene, unsigned i, const char *path, unsigned worker)
{
	struct client *client = come(scene, i, path);
	struct wire_event event = next_event(scene, worker);

	assert(event.kind == WIRE_OPEN);
	acknowledge(scene, worker, &event, NULL);
	assert(client->place.state == CLIENT_JOINED);
	return client;
}

static void
end(struct scene *scene)
{
	for (unsigned i = 0; i < MAX_BROWSERS; i++)
		if (scene->browsers[i].wsi.fd != 0) {
			go(scene, i);
			browser_close(&scene->browsers[i]);
		}
	for (unsigned i = 0; i < MAX_PEERS; i++)
		peer_close(scene, i);
	intake_close(&scene->intake);
	feed_close(&scene->feed);
	workers_close(&scene->workers);
	routes_close(&scene->routes);
	hub_close(&scene->hub);
	OK(scene->hub.clients == NULL && scene->hub.paths == NULL && scene->feed.n_waiting == 0, "nothing is left");
	bus_free(scene->bus);
	zmq_ctx_term(scene->zmq);
}

/* Probes until the sidecar has noticed that a worker's socket is closed. */
static void
wait_for_workers(struct scene *scene, unsigned n)
{
	for (int ms = 0; ms < PATIENCE_MS && HASH_COUNT(scene->workers.by_peer) > n; ms += 10) {
		roster_probe(&scene->roster);
		roster_tick(&scene->roster, scene->turn.now_ms);
		feed_tick(&scene->feed, scene->turn.now_ms);
		turn(scene);
		zmq_poll(NULL, 0, 10);
	}
}

/* --- opening ------------------------------------------------------------------------------ */

static void
test_open(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	client = come(&scene, 1, "/chat/a");
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_OPEN, "") && event.attempt == 1 && event.epoch == EPOCH,
	    "a new client's open goes to a worker");
	OK(event.count == 2 && client->place.path->count == 2, "it is counted");
	OK(event.meta.len == client->feed.meta.len, "the event tells about the client");
	OK(!is_read(&scene, 1), "it is not read");

	say(&scene, 0, "hi");
	event = next_event(&scene, 0);
	answer(&scene, 0, &event, WIRE_BROADCAST, "b1");
	OK(got(&scene, 0, "b1") && got(&scene, 1, ""), "no broadcast reaches it before the open is acknowledged");

	put(&commands, WIRE_SEND, 0, "welcome");
	put(&commands, WIRE_BROADCAST, 0, "here");
	put(&commands, WIRE_BROADCAST, WIRE_EXCLUDE_SENDER, "new");
	event = (struct wire_event){ .conn = client->id, .epoch = EPOCH, .id = event.id - 1, .attempt = 1 };
	acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(client->place.state == CLIENT_JOINED && is_read(&scene, 1), "with the acknowledgement it joins and is read");
	OK(got(&scene, 1, "welcome here"), "then the commands take effect, in one write");
	OK(got(&scene, 0, "here new"), "for the others too");
	end(&scene);
}

/* It may have sent a message together with its handshake. */
static void
test_message_before_open(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;

	begin(&scene);
	start_worker(&scene, 0);
	client = come(&scene, 0, "/chat/a");
	feed_client_message(&scene.feed, client, "early", 5, false);
	say_hello(&scene, 1, WIRE_ROLE_WORKER, "other", "/other");
	OK(!is_read(&scene, 0), "whoever spoke before its open was acknowledged is still not read");
	event = next_event(&scene, 0);
	acknowledge(&scene, 0, &event, NULL);
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_MESSAGE, "early"), "what it said follows its open");
	acknowledge(&scene, 0, &event, NULL);
	OK(is_read(&scene, 0), "then it is read");
	end(&scene);
}

/* The same before any worker has been chosen. */
static void
test_message_before_worker(void)
{
	struct scene scene;
	struct client *client;

	begin(&scene);
	start_worker(&scene, 0);
	send_header(&scene, 0, WIRE_BYE);
	client = come(&scene, 0, "/chat/a");
	feed_client_message(&scene.feed, client, "early", 5, false);
	start_worker(&scene, 1);
	OK(client->place.state == CLIENT_OPENING && !is_read(&scene, 0),
	    "a worker that comes does not make it read either");
	end(&scene);
}

/* Whoever knows its id cannot send to it either. */
static void
test_send_before_open(void)
{
	struct scene scene;
	struct wire_command command = { .type = WIRE_SEND, .flags = WIRE_OTHER_CONN, .data = span_of("secret") };
	struct wire_event event, open;
	struct buf commands = BUF_INIT;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	command.conn = come(&scene, 1, "/chat/a")->id;
	open = next_event(&scene, 0);
	say(&scene, 0, "hi");
	event = next_event(&scene, 0);
	wire_put_command(&commands, &command);
	acknowledge(&scene, 0, &event, &commands);
	OK(got(&scene, 1, ""), "what another sends to a client whose open is not acknowledged does not reach it");
	acknowledge(&scene, 0, &open, NULL);
	say(&scene, 0, "hi");
	event = next_event(&scene, 0);
	acknowledge(&scene, 0, &event, &commands);
	OK(got(&scene, 1, "secret"), "later it does");
	buf_free(&commands);
	end(&scene);
}

static void
test_failed_open(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_record record;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	client = come(&scene, 1, "/chat/a");
	event = next_event(&scene, 0);
	record = record_of(&event);
	record.failed = true;
	acknowledge_as(&scene, 0, &record, NULL);
	OK(got(&scene, 1, "close:1011:"), "a failed open closes with 1011, and nothing else");
	OK(client->place.path->count == 1 && client->place.path->n_members == 1, "it neither counts nor is a target");
	go(&scene, 1);
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_CLOSE, "") && event.count == 1 && event.code == 1011, "its close event still fires");
	acknowledge(&scene, 0, &event, NULL);
	end(&scene);
}

static void
test_open_that_closes(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	come(&scene, 1, "/chat/a");
	event = next_event(&scene, 0);
	put(&commands, WIRE_BROADCAST, 0, "b1");
	put(&commands, WIRE_SEND, 0, "no");
	put(&commands, WIRE_DISCONNECT, 0, "go");
	put(&commands, WIRE_SEND, 0, "late");
	put(&commands, WIRE_BROADCAST, 0, "b2");
	acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(got(&scene, 1, "no|close:1000:go"), "an open that closes: its own sends before that, then the close");
	OK(got(&scene, 0, "b1 b2"), "its broadcasts reach the others");
	go(&scene, 1);
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_CLOSE, ""), "its close event fires");
	end(&scene);
}

/* The command may also name the connection. */
static void
test_open_that_closes_by_id(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;
	struct wire_command command = { .type = WIRE_DISCONNECT, .flags = WIRE_OTHER_CONN, .code = 1000 };

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	command.conn = come(&scene, 1, "/chat/a")->id;
	event = next_event(&scene, 0);
	put(&commands, WIRE_BROADCAST, 0, "b1");
	wire_put_command(&commands, &command);
	acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(got(&scene, 1, "close:1000:"), "a client that its open closes by its id was no target either");
	end(&scene);
}

/* A worker in another language may get the code wrong. */
static void
test_open_that_closes_wrongly(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct buf commands = BUF_INIT;
	struct wire_command command = { .type = WIRE_DISCONNECT, .code = 999 };

	begin(&scene);
	start_worker(&scene, 0);
	client = come(&scene, 0, "/chat/a");
	event = next_event(&scene, 0);
	wire_put_command(&commands, &command);
	acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(client->place.state == CLIENT_CLOSING && got(&scene, 0, "close:1011:"),
	    "an open whose close has a forbidden code closes with 1011");
	end(&scene);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void
test_close(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_id id;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	client = come_and_join(&scene, 1, "/chat/a", 0);
	id = client->id;
	client->ending.code = 4001;
	go(&scene, 1);
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_CLOSE, "") && event.code == 4001, "a close event tells the code");
	OK(event.count == 1, "the client has left by then");
	answer(&scene, 0, &event, WIRE_BROADCAST, "gone");
	OK(got(&scene, 0, "gone"), "the close event's commands take effect");
	OK(hub_find(&scene.hub, &id) == NULL, "with its acknowledgement the client is forgotten");
	OK(idle(&scene, 0), "it fires once");
	acknowledge(&scene, 0, &event, NULL);
	next_event(&scene, 0);
	OK(scene.peers[0].n_stale == 1, "a second acknowledgement is stale");
	end(&scene);
}

static void
test_close_without_code(void)
{
	struct scene scene;
	struct wire_event event;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	go(&scene, 0);
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_CLOSE, "") && event.code == 1006 && event.count == 0, "a cut connection closes with 1006");
	end(&scene);
}

static void
test_dismissed(void)
{
	struct scene scene;
	struct wire_event first, second;
	struct client *client;

	begin(&scene);
	start_worker(&scene, 0);
	client = come_and_join(&scene, 0, "/chat/a", 0);
	say(&scene, 0, "m1");
	first = next_event(&scene, 0);
	answer(&scene, 0, &first, WIRE_DISCONNECT, "bye");
	OK(client->place.state == CLIENT_CLOSING && got(&scene, 0, "close:1000:bye"),
	    "a handler closes its connection");
	say(&scene, 0, "m2");
	OK(idle(&scene, 0), "it gets no further message of it");
	go(&scene, 0);
	second = next_event(&scene, 0);
	OK(is(&second, WIRE_CLOSE, "") && second.code == 1000, "only the close");
	end(&scene);
}

static void
test_never_delivered(void)
{
	struct scene scene;

	begin(&scene);
	start_worker(&scene, 0);
	send_header(&scene, 0, WIRE_BYE);
	come(&scene, 0, "/chat/a");
	OK(scene.feed.n_waiting == 1 && hub_find_path(&scene.hub, "/chat/a", 7)->count == 1,
	    "an open waits for a worker");
	go(&scene, 0);
	OK(scene.feed.n_waiting == 0 && scene.hub.clients == NULL,
	    "when its client leaves first there is no trace of it");
	start_worker(&scene, 1);
	OK(idle(&scene, 1), "and no worker ever hears of it");
	end(&scene);
}

/* --- acknowledgements --------------------------------------------------------------------------- */

static void
test_stale(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_record record;
	struct buf commands = BUF_INIT;

	begin(&scene);
	start_worker(&scene, 0);
	say_hello(&scene, 1, WIRE_ROLE_WORKER, "other", "/other");
	client = come(&scene, 0, "/chat/a");
	event = next_event(&scene, 0);
	put(&commands, WIRE_SEND, 0, "wrong");

	acknowledge(&scene, 1, &event, &commands);
	next_event(&scene, 1);
	OK(scene.peers[1].n_stale == 1, "an acknowledgement from another worker is stale");
	record = record_of(&event);
	record.attempt++;
	acknowledge_as(&scene, 0, &record, &commands);
	record = record_of(&event);
	record.epoch++;
	acknowledge_as(&scene, 0, &record, &commands);
	record = record_of(&event);
	record.event++;
	acknowledge_as(&scene, 0, &record, &commands);
	record = record_of(&event);
	record.conn.bytes[15]++;
	acknowledge_as(&scene, 0, &record, &commands);
	next_event(&scene, 0);
	OK(scene.peers[0].n_stale == 4, "so is one of another attempt, epoch, event or connection");
	OK(client->place.state == CLIENT_OPENING && got(&scene, 0, ""), "none of them is applied");
	acknowledge(&scene, 0, &event, &commands);
	OK(client->place.state == CLIENT_JOINED && got(&scene, 0, "wrong"), "the right one is");
	buf_free(&commands);
	end(&scene);
}

static void
test_failed_message(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_record record;
	struct buf commands = BUF_INIT;

	begin(&scene);
	start_worker(&scene, 0);
	client = come_and_join(&scene, 0, "/chat/a", 0);
	say(&scene, 0, "m1");
	event = next_event(&scene, 0);
	record = record_of(&event);
	record.failed = true;
	put(&commands, WIRE_SEND, 0, "half done");
	acknowledge_as(&scene, 0, &record, &commands);
	buf_free(&commands);
	OK(client->place.state == CLIENT_JOINED && got(&scene, 0, ""),
	    "a failed message has no effect, and the client stays");
	OK(is_read(&scene, 0), "and is read");
	end(&scene);
}

/* --- workers that go -------------------------------------------------------------------------------- */

static void
test_redelivery(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf attribute = BUF_INIT;
	struct wire_command set = { .type = WIRE_SET, .key = span_of("name"), .data = span_of("Alice") };

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	say(&scene, 0, "m1");
	event = next_event(&scene, 0);
	wire_put_command(&attribute, &set);
	acknowledge(&scene, 0, &event, &attribute);
	buf_free(&attribute);
	say(&scene, 0, "m2");
	say(&scene, 0, "m3");
	come(&scene, 1, "/chat/a");
	next_event(&scene, 0);
	peer_close(&scene, 0);
	wait_for_workers(&scene, 0);
	OK(scene.workers.by_peer == NULL, "a worker whose socket is closed is noticed");
	OK(scene.feed.redelivered == 3, "what it owed is counted");

	start_worker(&scene, 1);
	event = next_event(&scene, 1);
	OK(event.kind == WIRE_ATTACH && event.id != 0 && event.meta.len > 0,
	    "the next one is first told about the client");
	OK(event.attributes.len == 4 + 4 + 4 + 5 && memcmp(event.attributes.data + 12, "Alice", 5) == 0,
	    "with its attributes of now");
	event = next_event(&scene, 1);
	OK(is(&event, WIRE_MESSAGE, "m2") && event.attempt == 2, "then come the events again, with a higher attempt");
	answer(&scene, 1, &event, WIRE_SEND, "r2");
	event = next_event(&scene, 1);
	OK(is(&event, WIRE_MESSAGE, "m3") && event.attempt == 2, "in order");
	answer(&scene, 1, &event, WIRE_SEND, "r3");
	OK(got(&scene, 0, "r2|r3"), "their effects happen once");
	event = next_event(&scene, 1);
	OK(is(&event, WIRE_OPEN, "") && event.attempt == 2, "an open needs no ATTACH before it");
	acknowledge(&scene, 1, &event, NULL);
	end(&scene);
}

/* A path without events has no worker for a while; its clients must not wait for one for ever. */
static void
test_reading_after_restart(void)
{
	struct scene scene;
	struct wire_event event;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	peer_close(&scene, 0);
	wait_for_workers(&scene, 0);
	start_worker(&scene, 1);
	OK(is_read(&scene, 0), "an idle client is read while its worker restarts");
	say(&scene, 0, "m1");
	next_event(&scene, 1);
	event = next_event(&scene, 1);
	OK(is(&event, WIRE_MESSAGE, "m1"), "its first message afterwards reaches the new worker");
	acknowledge(&scene, 1, &event, NULL);
	OK(is_read(&scene, 0), "and then it is read again");
	end(&scene);
}

static void
test_moving(void)
{
	struct scene scene;
	struct wire_event event, owed;
	unsigned n_attached = 0, n_detached = 0;
	char path[16];

	begin(&scene);
	start_worker(&scene, 0);
	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/chat/%u", i);
		come_and_join(&scene, i, path, 0);
	}
	say(&scene, 0, "m1");
	owed = next_event(&scene, 0);
	start_worker(&scene, 1);
	say(&scene, 0, "m2");
	OK(scene.browsers[0].client->feed.events != NULL && idle(&scene, 1),
	    "a path does not move while an event is outstanding");
	for (unsigned i = 1; i < 6; i++)
		say(&scene, i, "m");
	acknowledge(&scene, 0, &owed, NULL);
	for (event = next_event(&scene, 1); event.id != 0; event = next_event(&scene, 1)) {
		n_attached += event.kind == WIRE_ATTACH;
		if (event.kind == WIRE_MESSAGE)
			acknowledge(&scene, 1, &event, NULL);
	}
	OK(n_attached > 0 && n_attached < 6, "some paths move to a new worker");
	for (event = next_event(&scene, 0); event.conn.bytes[0] != 0; event = next_event(&scene, 0)) {
		n_detached += event.kind == WIRE_DETACH;
		if (event.kind == WIRE_MESSAGE)
			acknowledge(&scene, 0, &event, NULL);
	}
	OK(n_detached == n_attached, "the old worker is told to forget each connection that moved");
	OK(scene.browsers[0].client->feed.events == NULL, "nothing is outstanding at the end");
	end(&scene);
}

static void
test_bye(void)
{
	struct scene scene;
	struct wire_event event, owed;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	say(&scene, 0, "m1");
	owed = next_event(&scene, 0);
	send_header(&scene, 0, WIRE_BYE);
	OK(idle(&scene, 0) && scene.peers[0].last != WIRE_BYE,
	    "a worker that says BYE is kept while it owes something");
	start_worker(&scene, 1);
	say(&scene, 0, "m2");
	OK(idle(&scene, 0) && idle(&scene, 1), "it gets no new events, and nobody else does out of turn");
	answer(&scene, 0, &owed, WIRE_SEND, "r1");
	event = next_event(&scene, 0);
	OK(event.kind == WIRE_DETACH, "then it is told to forget the connection");
	OK(idle(&scene, 0) && scene.peers[0].last == WIRE_BYE, "and BYE");
	OK(got(&scene, 0, "r1"), "what it acknowledged counts");
	event = next_event(&scene, 1);
	OK(event.kind == WIRE_ATTACH && event.id != 0, "the path moves on");
	event = next_event(&scene, 1);
	OK(is(&event, WIRE_MESSAGE, "m2") && event.attempt == 1, "with the next event");
	acknowledge(&scene, 1, &event, NULL);
	OK(is_read(&scene, 0), "its client is read");
	end(&scene);
}

static void
test_silent_worker(void)
{
	struct scene scene;
	struct wire_event event;

	begin(&scene);
	start_worker(&scene, 0);
	start_worker(&scene, 1);
	come(&scene, 0, "/chat/a");
	tick(&scene, 5000);
	send_header(&scene, 0, WIRE_HEARTBEAT);
	tick(&scene, 5000);
	OK(HASH_COUNT(scene.workers.by_peer) == 1, "a worker that says nothing for its timeout is taken for hung");
	event = next_event(&scene, 0);
	OK(is(&event, WIRE_OPEN, ""), "its events are another's");
	scene.peers[1].last = 0;
	send_header(&scene, 1, WIRE_HEARTBEAT);
	next_event(&scene, 1);
	OK(idle(&scene, 1) && scene.peers[1].last == WIRE_UNKNOWN, "when it speaks again it is unknown");
	end(&scene);
}

/* --- flow control ------------------------------------------------------------------------------------- */

static void
test_full_worker(void)
{
	struct scene scene;
	struct wire_event event;
	char text[QUEUE_BYTES];

	memset(text, 'x', sizeof(text));
	text[QUEUE_BYTES - 1] = '\0';
	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	come_and_join(&scene, 1, "/chat/b", 0);
	say(&scene, 1, "m");
	OK(is_read(&scene, 1), "while the worker's queue has room a client is read");
	event = next_event(&scene, 0);
	acknowledge(&scene, 0, &event, NULL);
	say(&scene, 0, text);
	OK(!is_read(&scene, 0), "a client that fills it is not read on");
	say(&scene, 1, "m");
	OK(!is_read(&scene, 1), "nor is another whose message comes then");
	event = next_event(&scene, 0);
	acknowledge(&scene, 0, &event, NULL);
	OK(is_read(&scene, 0) && is_read(&scene, 1), "when there is room again both are read");
	end(&scene);
}

/* The room may also come of a path that moves away with what it holds. */
static void
test_full_worker_loses_path(void)
{
	struct scene scene;
	struct wire_event events[MAX_BROWSERS];
	char text[QUEUE_BYTES], path[16];
	unsigned moving = 0, staying = 0;

	memset(text, 'x', sizeof(text));
	text[QUEUE_BYTES - 1] = '\0';
	begin(&scene);
	start_worker(&scene, 0);
	for (unsigned i = 0; i < MAX_BROWSERS; i++) {
		snprintf(path, sizeof(path), "/chat/%u", i);
		come_and_join(&scene, i, path, 0);
		say(&scene, i, "owed");
		events[i] = next_event(&scene, 0);
	}
	start_worker(&scene, 1);
	for (unsigned i = 0; i < MAX_BROWSERS; i++) {
		const struct path *it = scene.browsers[i].client->place.path;

		*(workers_choose(&scene.workers, it->route, it->hh.hashv)->serial == 1 ? &staying : &moving) = i;
	}
	OK(staying != moving, "one path is to move to a second worker, one stays");
	say(&scene, moving, text);
	say(&scene, staying, "more");
	OK(!is_read(&scene, staying), "the first worker is full");
	for (unsigned i = 0; i < MAX_BROWSERS; i++)
		acknowledge(&scene, 0, &events[i], NULL);
	OK(is_read(&scene, staying), "when the path with its events has moved, the other's client is read again");
	end(&scene);
}

static void
test_no_worker(void)
{
	struct scene scene;
	struct wire_event event;
	struct client *client;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	come_and_join(&scene, 1, "/chat/a", 0);
	come_and_join(&scene, 2, "/chat/b", 0);
	send_header(&scene, 0, WIRE_BYE);
	OK(scene.workers.by_peer == NULL, "the only worker goes");
	say(&scene, 0, "m1");
	say(&scene, 0, "m2");
	OK(!is_read(&scene, 0) && is_read(&scene, 2), "a client that has something to say is not read on");
	tick(&scene, 1000);
	tick(&scene, 28000);
	OK(got(&scene, 0, ""), "within the wait it stays");
	start_worker(&scene, 1);
	next_event(&scene, 1);
	event = next_event(&scene, 1);
	acknowledge(&scene, 1, &event, NULL);
	event = next_event(&scene, 1);
	acknowledge(&scene, 1, &event, NULL);
	OK(is_read(&scene, 0), "a worker that comes in time resumes it");

	send_header(&scene, 1, WIRE_BYE);
	say(&scene, 0, "m3");
	client = come(&scene, 3, "/chat/a");
	tick(&scene, 30000);
	OK(got(&scene, 0, "close:1013:") && got(&scene, 3, "close:1013:"),
	    "after the wait those who wait are told to try later");
	OK(got(&scene, 1, "") && got(&scene, 2, ""), "those who do not wait stay");
	OK(client->place.state == CLIENT_CLOSING, "an open that waits is closed too");
	end(&scene);
}

/* Its messages were acknowledged, its worker went: the next one finds nothing to send on its path. */
static void
test_resume_on_idle_path(void)
{
	struct scene scene;
	struct wire_event small, event;
	char text[QUEUE_BYTES];

	memset(text, 'x', sizeof(text));
	text[QUEUE_BYTES - 1] = '\0';
	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	come_and_join(&scene, 1, "/chat/b", 0);
	say(&scene, 0, text);
	say(&scene, 1, "m");
	next_event(&scene, 0);
	small = next_event(&scene, 0);
	acknowledge(&scene, 0, &small, NULL);
	OK(!is_read(&scene, 1), "a client is not read, because another fills its worker");
	peer_close(&scene, 0);
	wait_for_workers(&scene, 0);
	start_worker(&scene, 1);
	for (event = next_event(&scene, 1); event.id != 0; event = next_event(&scene, 1))
		if (event.kind == WIRE_MESSAGE)
			acknowledge(&scene, 1, &event, NULL);
	OK(is_read(&scene, 0) && is_read(&scene, 1), "under the next worker it is read again");
	end(&scene);
}

/* --- routes ----------------------------------------------------------------------------------------------- */

static void
test_push_only(void)
{
	struct scene scene;
	struct client *client;

	begin(&scene);
	client = come(&scene, 0, "/feed/x");
	OK(client->place.state == CLIENT_JOINED && is_read(&scene, 0), "a push-only path needs no worker");
	say(&scene, 0, "m1");
	OK(scene.feed.n_waiting == 0 && is_read(&scene, 0), "what its clients say goes nowhere");
	go(&scene, 0);
	OK(scene.hub.clients == NULL, "and they leave without an event");
	end(&scene);
}

static void
test_route_gone(void)
{
	struct scene scene;
	struct wire_event event;

	begin(&scene);
	start_worker(&scene, 0);
	start_worker(&scene, 1);
	come(&scene, 0, "/chat/a");
	for (unsigned i = 0; i < 2; i++) {
		event = next_event(&scene, i);
		if (event.kind == WIRE_OPEN)
			acknowledge(&scene, i, &event, NULL);
	}
	say_hello(&scene, 0, WIRE_ROLE_WORKER, "chat", "/new");
	OK(got(&scene, 0, "") && routes_match(&scene.routes, "/chat/a", 7) != NULL,
	    "a route stays while a worker announces it");
	say_hello(&scene, 1, WIRE_ROLE_WORKER, "chat", "/new");
	OK(routes_match(&scene.routes, "/chat/a", 7) == NULL,
	    "it goes when all workers have announced a table without it");
	OK(got(&scene, 0, "close:1001:"), "its connections are closed with 1001");
	go(&scene, 0);
	OK(scene.hub.clients == NULL && scene.feed.n_waiting == 0,
	    "nobody is there for their close events: none is kept");
	end(&scene);
}

/* Its close event waits for a worker when its route goes. */
static void
test_route_gone_after_client(void)
{
	struct scene scene;

	begin(&scene);
	start_worker(&scene, 0);
	come_and_join(&scene, 0, "/chat/a", 0);
	come_and_join(&scene, 1, "/chat/a", 0);
	come_and_join(&scene, 2, "/chat/b", 0);
	send_header(&scene, 0, WIRE_BYE);
	go(&scene, 0);
	go(&scene, 2);
	OK(scene.feed.n_waiting == 2, "close events wait for a worker");
	say_hello(&scene, 1, WIRE_ROLE_WORKER, "chat", "/new");
	OK(scene.feed.n_waiting == 0 && HASH_COUNT(scene.hub.clients) == 1, "they go with the route");
	OK(got(&scene, 1, "close:1001:"), "a connection of the same path is closed");
	end(&scene);
}

static void
test_app_of_old_version(void)
{
	struct scene scene;

	begin(&scene);
	say_hello(&scene, 0, WIRE_ROLE_APP, "chat", "/old");
	OK(routes_match(&scene.routes, "/old", 4) != NULL, "an app without workers announces its routes");
	OK(routes_match(&scene.routes, "/chat/a", 7) == NULL, "a path that nobody announced has none");
	start_worker(&scene, 1);
	OK(routes_match(&scene.routes, "/old", 4) == NULL && routes_match(&scene.routes, "/chat/a", 7) != NULL,
	    "its workers' table is the one that counts");
	say_hello(&scene, 2, WIRE_ROLE_APP, "chat", "/old");
	OK(routes_match(&scene.routes, "/old", 4) == NULL, "where there are workers, an older process adds nothing");
	OK(roster_ready(&scene.roster), "a route is served");
	end(&scene);
}

/* --- what is malformed --------------------------------------------------------------------------------------- */

static void
test_malformed_hello(void)
{
	struct scene scene;
	struct wire_hello hello = { WIRE_ROLE_WORKER, span_of("chat"), 3 };
	struct buf message = BUF_INIT;

	begin(&scene);
	peer_open(&scene, 0);
	wire_put_header(&message, WIRE_HELLO, 0);
	wire_put_hello(&message, &hello);
	bus_send(scene.peers[0].bus, NULL, &message);
	turn(&scene);
	next_event(&scene, 0);
	OK(scene.peers[0].last == WIRE_REPLY && scene.peers[0].reply.status == WIRE_MALFORMED,
	    "a HELLO without the routes that it counts is refused");
	OK(scene.workers.by_peer == NULL, "and makes no worker");
	buf_free(&message);
	end(&scene);
}

int
main(void)
{
	test_open();
	test_message_before_open();
	test_message_before_worker();
	test_send_before_open();
	test_failed_open();
	test_open_that_closes();
	test_open_that_closes_by_id();
	test_open_that_closes_wrongly();
	test_close();
	test_close_without_code();
	test_dismissed();
	test_never_delivered();
	test_stale();
	test_failed_message();
	test_redelivery();
	test_reading_after_restart();
	test_moving();
	test_bye();
	test_silent_worker();
	test_full_worker();
	test_full_worker_loses_path();
	test_no_worker();
	test_resume_on_idle_path();
	test_push_only();
	test_route_gone();
	test_route_gone_after_client();
	test_app_of_old_version();
	test_malformed_hello();
	return tap_done();
}
