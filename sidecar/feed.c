#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "shared/path.h"
#include "sidecar/announce.h"
#include "sidecar/apply.h"
#include "sidecar/client.h"
#include "sidecar/feed.h"
#include "sidecar/hub.h"
#include "sidecar/lane.h"

enum {
	CLOSE_GOING_AWAY = 1001, /* RFC 6455 section 7.4.1 */
	CLOSE_ABNORMAL = 1006,
	CLOSE_INTERNAL = 1011,
	CLOSE_TRY_LATER = 1013, /* IANA WebSocket Close Code registry */
};

/* --- events ------------------------------------------------------------------- */

/* Takes the event. */
static void
append(struct feed *feed, struct client *client, struct event *event)
{
	struct lane *lane = client->path->lane;

	event->client = client;
	event->id = ++feed->next_event;
	event->count = client->path->count + client->path->elsewhere;
	event->held = client->path->held;
	DL_APPEND(lane->events, event);
	DL_APPEND2(client->events, event, prev_own, next_own);
	if (lane->unsent == NULL)
		lane->unsent = event;
	lane->bytes += event_bytes(event);
	if (lane->holder != NULL)
		lane->holder->bytes += event_bytes(event);
	feed->n_waiting++;
	if (lane->list == NULL)
		lane_list(lane, &feed->ready);
}

static bool
is_full(const struct feed *feed, const struct worker *worker)
{
	return worker->bytes > feed->conf->worker_queue_bytes;
}

/* Takes the event out of its lane and frees it. */
static void
drop_event(struct feed *feed, struct event *event)
{
	struct lane *lane = event->client->path->lane;
	struct worker *holder = lane->holder;

	if (lane->unsent == event)
		lane->unsent = event->next;
	DL_DELETE(lane->events, event);
	DL_DELETE2(event->client->events, event, prev_own, next_own);
	lane->bytes -= event_bytes(event);
	if (holder != NULL) {
		bool was_full = is_full(feed, holder);

		holder->bytes -= event_bytes(event);
		if (was_full && !is_full(feed, holder))
			feed->resume = true;
	}
	if (event->sent) {
		lane->n_owed--;
		holder->n_owed--;
		if (lane->n_owed == 0 && lane->unsent != NULL)
			lane_list(lane, &feed->ready);
	}
	if (lane->events == NULL) {
		lane_unlist(lane);
		lane->lonely_since_ms = 0;
	}
	feed->n_waiting--;
	free(event);
}

/* --- clients --------------------------------------------------------------------- */

/* The client's last trace goes, and its path's with the last client. */
static void
remove_client(struct feed *feed, struct client *client)
{
	struct path *path = client->path;

	if (client->prev_paused != NULL)
		DL_DELETE2(feed->paused, client, prev_paused, next_paused);
	free(client->close_event);
	if (path->n_clients == 1 && path->lane != NULL) {
		lane_free(path->lane);
		path->lane = NULL;
	}
	hub_remove(feed->hub, client);
	client_free(client);
}

/* True when what the lane's clients say finds no room. A lane that has nothing to send needs no worker yet. */
static bool
must_wait(const struct feed *feed, const struct lane *lane)
{
	return lane->holder == NULL ? lane->events != NULL : is_full(feed, lane->holder);
}

static void
pause_reading(struct feed *feed, struct client *client)
{
	client_pause(client, true);
	if (client->prev_paused == NULL)
		DL_APPEND2(feed->paused, client, prev_paused, next_paused);
}

static void
resume_reading(struct feed *feed)
{
	struct client *client, *next;
	int budget = FEED_RESUMES;

	feed->resume = false;
	DL_FOREACH_SAFE2(feed->paused, client, next, next_paused) {
		if (must_wait(feed, client->path->lane))
			continue;
		if (budget-- == 0) {
			feed->resume = true;
			return;
		}
		DL_DELETE2(feed->paused, client, prev_paused, next_paused);
		client->prev_paused = client->next_paused = NULL;
		client_pause(client, false);
	}
}

int
feed_client_open(struct feed *feed, struct client *client)
{
	struct path *path = client->path;
	struct event *event;

	if (path->route == NULL)
		return -ENOENT;
	if (path->route->push_only)
		return hub_join(feed->hub, client);
	if (lane_make(path) < 0)
		return -ENOMEM;
	client->close_event = event_new(WIRE_CLOSE, NULL, 0);
	event = event_new(WIRE_OPEN, NULL, 0);
	if (client->close_event == NULL || event == NULL) {
		free(event);
		return -ENOMEM;
	}
	client_pause(client, true); /* until the open event is acknowledged */
	append(feed, client, event);
	return 0;
}

int
feed_client_message(struct feed *feed, struct client *client, const void *data, size_t len, bool binary)
{
	struct event *event;

	if (client->close_event == NULL || (client->state != CLIENT_OPENING && client->state != CLIENT_JOINED))
		return 0; /* push-only, or closing: nobody wants it */
	event = event_new(WIRE_MESSAGE, data, len);
	if (event == NULL)
		return -ENOMEM;
	event->binary = binary;
	append(feed, client, event);
	if (client->state == CLIENT_JOINED && must_wait(feed, client->path->lane))
		pause_reading(feed, client);
	return 0;
}

/* True when nobody is to hear of the client's end: no worker has seen its open, or its route is gone. */
static bool
leaves_no_trace(const struct client *client)
{
	const struct event *first = client->events;

	if (client->close_event == NULL || client->path->route == NULL)
		return true;
	return first != NULL && first->kind == WIRE_OPEN && first->attempt == 0;
}

static void
forget_client(struct feed *feed, struct client *client)
{
	while (client->events != NULL)
		drop_event(feed, client->events);
	remove_client(feed, client);
}

void
feed_client_gone(struct feed *feed, struct client *client)
{
	struct event *event = client->close_event;

	hub_leave(feed->hub, client);
	client->state = CLIENT_GONE;
	if (leaves_no_trace(client)) {
		forget_client(feed, client);
		return;
	}
	client->close_event = NULL;
	event->code = client->close_code != 0 ? client->close_code : CLOSE_ABNORMAL;
	append(feed, client, event);
}

/* --- workers ------------------------------------------------------------------------ */

/* The set of workers or routes has changed: every lane chooses anew when it next sends. */
static void
new_generation(struct feed *feed)
{
	struct lane *lane;

	feed->generation++;
	feed->resume = true;
	while ((lane = feed->lonely) != NULL)
		lane_list(lane, &feed->ready);
}

/* What the worker has not acknowledged is to be sent again. */
static void
take_back(struct feed *feed, struct lane *lane)
{
	struct event *event;

	DL_FOREACH(lane->events, event) {
		if (!event->sent)
			break;
		event->sent = false;
		feed->redelivered++;
	}
	lane->n_owed = 0;
	lane->unsent = lane->events;
	lane_set_holder(lane, NULL);
	if (lane->unsent != NULL)
		lane_list(lane, &feed->ready);
}

/* A message that its handler cannot survive costs its sender, and no more workers. */
static void
give_up(struct feed *feed, struct event *event)
{
	struct client *client = event->client;
	enum wire_event_kind kind = event->kind;

	log_error("event given up path=%s conn=%s event=%s deaths=%d", path_name(client->path), client_name(client),
	    kind == WIRE_OPEN        ? "open"
		: kind == WIRE_CLOSE ? "close"
				     : "message",
	    (int)event->deaths);
	drop_event(feed, event);
	if (kind == WIRE_CLOSE) {
		remove_client(feed, client);
		return;
	}
	hub_disconnect(feed->hub, client, CLOSE_INTERNAL, "", 0);
	client->dismissed = true;
}

static void
worker_gone(struct feed *feed, struct worker *worker, const char *why)
{
	struct event *accused = NULL;
	struct path *path, *next;

	if (worker->n_owed > 0 || !worker->leaving)
		log_warn("worker gone app=%s why=%s owed=%u", worker->app->name, why, worker->n_owed);
	else
		log_info("worker gone app=%s why=%s", worker->app->name, why);
	HASH_ITER(hh, feed->hub->paths, path, next) {
		struct lane *lane = path->lane;

		if (lane == NULL || lane->holder != worker)
			continue;
		if (lane->n_owed > 0 && (accused == NULL || lane->events->order < accused->order))
			accused = lane->events;
		take_back(feed, lane);
	}
	workers_remove(&feed->workers, worker);
	new_generation(feed);
	if (accused != NULL && ++accused->deaths >= FEED_MAX_DEATHS)
		give_up(feed, accused);
}

/* --- routes ---------------------------------------------------------------------------- */

/* Closes the connections whose route is gone. Nobody is there for the events of those that have left. */
static void
close_without_route(struct feed *feed)
{
	struct client *client, *next;

	HASH_ITER(hh, feed->hub->clients, client, next) {
		if (client->path->route != NULL)
			continue;
		if (client->state == CLIENT_GONE)
			forget_client(feed, client);
		else
			hub_disconnect(feed->hub, client, CLOSE_GOING_AWAY, "", 0);
	}
}

/* Lets every path find its route again; without one its connections close. */
static void
rematch(struct feed *feed)
{
	struct path *path, *next;
	bool gone = false;

	HASH_ITER(hh, feed->hub->paths, path, next) {
		bool had = path->route != NULL;

		path->route = routes_match(&feed->routes, path->name, path->len);
		if (!had || path->route != NULL)
			continue;
		log_info("path closed path=%s why=route-gone", path->name);
		gone = true;
	}
	if (gone)
		close_without_route(feed);
	new_generation(feed);
}

/* One that is known and says HELLO all the same has started anew: what it owes goes round again. */
static struct worker *
welcome_worker(struct feed *feed, const struct bus_peer *peer, struct route_app *app)
{
	struct worker *worker = workers_find(&feed->workers, peer);

	if (worker != NULL)
		worker_gone(feed, worker, "new-hello");
	worker = workers_add(&feed->workers, peer);
	if (worker == NULL)
		return NULL;
	worker->app = app;
	worker->heard_ms = feed->now_ms;
	return worker;
}

int
feed_hello(struct feed *feed, const struct bus_peer *peer, const struct wire_hello *hello, struct wire_reader *routes,
    struct buf *refused, uint16_t *ret_refused)
{
	struct worker *worker = NULL;
	struct route_app *app;
	int r;

	r = routes_app(&feed->routes, hello->app, &app);
	if (r < 0)
		return r == -EINVAL ? -EPROTO : r;
	if (hello->role == WIRE_ROLE_WORKER) {
		worker = welcome_worker(feed, peer, app);
		if (worker == NULL)
			return -EBUSY;
		log_info("worker here app=%s routes=%u", app->name, hello->n_routes);
	}
	r = announce(&feed->routes, &feed->workers, app, worker, routes, hello->n_routes, refused, ret_refused);
	if (r < 0 && worker != NULL)
		worker_gone(feed, worker, "malformed-hello");
	if (r > 0)
		rematch(feed);
	return r < 0 ? r : 0;
}

void
feed_bye(struct feed *feed, struct worker *worker)
{
	worker->leaving = true;
	new_generation(feed);
}

const struct route *
feed_route(const struct feed *feed, const char *path, size_t len)
{
	return routes_match(&feed->routes, path, len);
}

bool
feed_ready(const struct feed *feed)
{
	const struct route_app *app;
	const struct route *route;

	DL_FOREACH(feed->routes.apps, app)
		DL_FOREACH(app->routes, route)
			if (route->push_only || workers_serve(&feed->workers, app, route))
				return true;
	return false;
}

/* --- acknowledgements --------------------------------------------------------------------- */

static struct event *
find_event(struct client *client, uint64_t id)
{
	struct event *event;

	DL_FOREACH2(client->events, event, next_own)
		if (event->id == id)
			return event;
	return NULL;
}

static enum wire_status
apply_and_tell(struct feed *feed, struct client *client, const struct wire_command *command)
{
	struct wire_reply reply;

	apply_command(feed->hub, client, command, &reply);
	if (feed->events != NULL)
		feed->events->applied(feed->context, client, command, &reply);
	return reply.status;
}

static void
apply_commands(struct feed *feed, struct client *client, struct wire_reader commands)
{
	struct wire_command command;

	while (wire_get_command(&commands, &command) > 0) {
		enum wire_status status = apply_and_tell(feed, client, &command);

		if (status != WIRE_OK && status != WIRE_NO_CONN)
			log_warn("command refused path=%s conn=%s type=%d status=%d", path_name(client->path),
			    client_name(client), (int)command.type, (int)status);
	}
}

/* True when the commands close the connection that they answer. */
static bool
closes_itself(const struct client *client, struct wire_reader commands)
{
	struct wire_command command;

	while (wire_get_command(&commands, &command) > 0)
		if (command.type == WIRE_DISCONNECT &&
		    (!(command.flags & WIRE_OTHER_CONN) || memcmp(&command.conn, &client->id, sizeof(client->id)) == 0))
			return true;
	return false;
}

static void
open_acknowledged(struct feed *feed, struct client *client, const struct wire_record *record)
{
	if (record->failed) {
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL, "", 0);
		client->dismissed = true;
		return;
	}
	if (client->state == CLIENT_OPENING && !closes_itself(client, record->commands)) {
		if (hub_join(feed->hub, client) < 0)
			client_drop(client, "out-of-memory");
		if (must_wait(feed, client->path->lane))
			pause_reading(feed, client);
		else
			client_pause(client, false);
	}
	apply_commands(feed, client, record->commands);
	if (client->state == CLIENT_OPENING) /* it was to be closed, but with a code that is forbidden */
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL, "", 0);
}

static void
bye_if_done(struct feed *feed, struct worker *worker)
{
	struct route_app *app = worker->app;
	struct buf bye = BUF_INIT;

	if (!worker->leaving || worker->n_owed > 0)
		return;
	wire_put_header(&bye, WIRE_BYE, 0);
	bus_send(feed->bus, &worker->peer, &bye);
	buf_free(&bye);
	worker_gone(feed, worker, "bye");
	if (announce_prune(&feed->workers, app))
		rematch(feed);
}

int
feed_record(struct feed *feed, struct worker *worker, const struct wire_record *record)
{
	struct client *client = hub_find(feed->hub, &record->conn);
	struct event *event = client == NULL ? NULL : find_event(client, record->event);
	enum wire_event_kind kind;

	if (event == NULL || !event->sent || record->epoch != feed->epoch || record->attempt != event->attempt ||
	    client->path->lane->holder != worker)
		return -ESTALE;

	kind = event->kind;
	histogram_add(&feed->round_trips, feed->now_us - event->sent_us, 1);
	drop_event(feed, event);
	if (kind == WIRE_OPEN)
		open_acknowledged(feed, client, record);
	else if (!record->failed)
		apply_commands(feed, client, record->commands);
	if (kind == WIRE_CLOSE)
		remove_client(feed, client);
	return 0;
}

/* --- sending -------------------------------------------------------------------------------- */

static void
begin_events(struct worker *worker)
{
	if (worker->out.len == 0)
		wire_put_header(&worker->out, WIRE_EVENTS, 0);
}

static void
put_detach(struct feed *feed, struct client *client)
{
	struct wire_event detach = { .kind = WIRE_DETACH, .conn = client->id, .epoch = feed->epoch };
	struct worker *worker, *next;

	HASH_ITER(hh, feed->workers.by_peer, worker, next) {
		if (worker->serial != client->attached)
			continue;
		begin_events(worker);
		wire_put_event(&worker->out, &detach);
	}
}

/* Tells the worker all about a connection that it has not met. */
static void
attach(struct feed *feed, struct worker *worker, struct event *event, struct wire_event *out)
{
	struct client *client = event->client;

	if (client->attached != worker->serial && client->attached != 0)
		put_detach(feed, client);
	out->meta = span_of_buf(&client->meta);
	out->attributes = span_of_buf(&client->attributes);
	if (event->kind != WIRE_OPEN && client->attached != worker->serial) {
		struct wire_event known = *out;

		known.kind = WIRE_ATTACH;
		known.data = (struct span){ 0 };
		wire_put_event(&worker->out, &known);
	}
	client->attached = worker->serial;
}

static void
send_event(struct feed *feed, struct worker *worker, struct event *event)
{
	struct wire_event out = {
		.kind = event->kind,
		.flags = event->binary ? WIRE_BINARY : 0,
		.attempt = ++event->attempt,
		.code = event->code,
		.conn = event->client->id,
		.epoch = feed->epoch,
		.id = event->id,
		.count = event->count,
		.data = { event->data, event->len },
	};

	event->order = ++feed->n_sent;
	event->sent_us = feed->now_us;
	begin_events(worker);
	attach(feed, worker, event, &out);
	wire_put_event(&worker->out, &out);
	event->sent = true;
	worker->n_owed++;
}

/* Finds the lane's worker. Returns false when it has to wait for one. */
static bool
find_holder(struct feed *feed, struct lane *lane)
{
	struct worker *best;

	if (lane->generation == feed->generation && lane->holder != NULL)
		return true;
	best = workers_choose(&feed->workers, lane->path->route, lane->path->hh.hashv);
	if (lane->holder != NULL && lane->n_owed > 0)
		return best == lane->holder; /* it moves when nothing is outstanding */
	if (best != lane->holder) {
		lane_set_holder(lane, best);
		feed->resume = true; /* there may be room now, here or at the worker before */
	}
	lane->generation = feed->generation;
	if (best != NULL)
		return true;

	if (lane->lonely_since_ms == 0)
		lane->lonely_since_ms = feed->now_ms;
	lane_list(lane, &feed->lonely);
	return false;
}

static void
send_lane(struct feed *feed, struct lane *lane)
{
	struct event *event, *next;

	if (lane->path->held || !find_holder(feed, lane)) {
		if (lane->list == &feed->ready)
			lane_unlist(lane);
		return;
	}
	lane_unlist(lane);
	lane->lonely_since_ms = 0;
	for (event = lane->unsent; event != NULL; event = next) {
		next = event->next;
		if (event->kind == WIRE_MESSAGE && event->client->dismissed) {
			drop_event(feed, event);
			continue;
		}
		send_event(feed, lane->holder, event);
		lane->n_owed++;
	}
	lane->unsent = NULL;
}

void
feed_release(struct feed *feed, struct path *path)
{
	struct event *event;

	path->held = false;
	if (path->lane == NULL)
		return;
	for (event = path->lane->unsent; event != NULL; event = event->next) {
		if (event->held)
			event->count += path->elsewhere;
		event->held = false;
	}
	if (path->lane->unsent != NULL)
		lane_list(path->lane, &feed->ready);
	feed->resume = true; /* so that the next turn comes at once */
}

static void
flush_worker(struct feed *feed, struct worker *worker)
{
	int r;

	if (worker->out.len == 0)
		return;
	r = bus_send(feed->bus, &worker->peer, &worker->out);
	if (r == 0 || r == -EAGAIN)
		return; /* a full pipe: it stays for the next turn */
	worker_gone(feed, worker, r == -EHOSTUNREACH ? "connection-lost" : strerror(-r));
}

void
feed_flush(struct feed *feed)
{
	struct worker *worker, *next;

	while (feed->ready != NULL)
		send_lane(feed, feed->ready);
	HASH_ITER(hh, feed->workers.by_peer, worker, next) {
		flush_worker(feed, worker);
	}
	HASH_ITER(hh, feed->workers.by_peer, worker, next)
		bye_if_done(feed, worker);
	if (feed->ready != NULL)
		feed_flush(feed); /* a worker turned out to be gone: there are fewer now */
	if (feed->resume)
		resume_reading(feed);
}

static void
probe(struct feed *feed, struct worker *worker)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_PROBE, 0);
	if (bus_send(feed->bus, &worker->peer, &message) == -EHOSTUNREACH)
		worker_gone(feed, worker, "connection-lost");
	buf_free(&message);
}

void
feed_probe(struct feed *feed)
{
	struct worker *worker, *next;

	HASH_ITER(hh, feed->workers.by_peer, worker, next)
		if (worker->n_owed > 0)
			probe(feed, worker);
}

/* Those whose open or message nobody takes are asked to come back later. */
static void
close_waiting(struct feed *feed, struct lane *lane)
{
	struct event *event;
	uint32_t n = 0;

	DL_FOREACH(lane->events, event) {
		if (event->kind == WIRE_CLOSE || event->client->state >= CLIENT_CLOSING)
			continue;
		hub_disconnect(feed->hub, event->client, CLOSE_TRY_LATER, "", 0);
		n++;
	}
	if (n > 0)
		log_warn("clients closed path=%s n=%u why=no-worker", lane->path->name, n);
}

void
feed_tick(struct feed *feed)
{
	uint64_t wait_ms = 1000ull * feed->conf->worker_wait;
	uint64_t timeout_ms = 1000ull * feed->conf->worker_timeout;
	struct worker *worker, *next;
	struct lane *lane;

	HASH_ITER(hh, feed->workers.by_peer, worker, next) {
		if (feed->now_ms - worker->heard_ms >= timeout_ms)
			worker_gone(feed, worker, "silent");
		else if (worker->n_owed == 0)
			probe(feed, worker);
	}
	DL_FOREACH2(feed->lonely, lane, next_listed)
		if (feed->now_ms - lane->lonely_since_ms >= wait_ms)
			close_waiting(feed, lane);
}

/* --- opening and closing ---------------------------------------------------------------------- */

int
feed_open(struct feed *feed, const struct conf *conf, struct hub *hub, struct bus *bus, uint64_t epoch)
{
	*feed = (struct feed){ .conf = conf, .hub = hub, .bus = bus, .epoch = epoch, .generation = 1 };
	return announce_static(&feed->routes, conf->ws_routes);
}

void
feed_listen(struct feed *feed, const struct feed_events *events, void *context)
{
	feed->events = events;
	feed->context = context;
}

void
feed_close(struct feed *feed)
{
	struct client *client, *next_client;
	struct worker *worker, *next;

	if (feed->hub == NULL)
		return; /* it was never opened */
	HASH_ITER(hh, feed->hub->clients, client, next_client)
		forget_client(feed, client);
	HASH_ITER(hh, feed->workers.by_peer, worker, next)
		workers_remove(&feed->workers, worker);
	routes_close(&feed->routes);
}
