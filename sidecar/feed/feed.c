#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/feed/answering.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/held.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/resume.h"
#include "sidecar/feed/lane.h"
#include "sidecar/feed/routes.h"
#include "sidecar/feed/workers.h"

/* --- events ------------------------------------------------------------------- */

/* Takes the event. */
static void
append(struct feed *feed, struct client *client, struct event *event)
{
	struct lane *lane = client->place.path->lane;

	event->client = client;
	event->id = ++feed->next_event;
	event->count = client->place.path->count + client->place.path->elsewhere;
	event->held = client->place.path->held;
	DL_APPEND(lane->events, event);
	DL_APPEND2(client->feed.events, event, prev_own, next_own);
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

struct event *
feed_find(const struct feed *feed, const struct worker *worker, const struct wire_delivery *delivery)
{
	struct client *client = hub_find(feed->hub, &delivery->conn);
	struct event *event;

	if (client == NULL || delivery->epoch != feed->epoch)
		return NULL;
	DL_FOREACH2(client->feed.events, event, next_own)
		if (event->id == delivery->event)
			break;
	if (event == NULL || !event->sent || event->attempt != delivery->attempt ||
	    client->place.path->lane->holder != worker)
		return NULL;
	return event;
}

/* Whoever handled it has taken its outcome out of it. */
static void
drop_request(struct feed *feed, struct event *event)
{
	struct question question = answering_begin(feed->hub, event);

	answering_drop(feed->hub, &feed->once, &question, event->client);
}

void
feed_drop_event(struct feed *feed, struct event *event)
{
	struct lane *lane = event->client->place.path->lane;
	struct worker *holder = lane->holder;

	if (lane->unsent == event)
		lane->unsent = event->next;
	DL_DELETE(lane->events, event);
	DL_DELETE2(event->client->feed.events, event, prev_own, next_own);
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
	if (event->outcome != NULL)
		drop_request(feed, event);
	event_free(event);
}

/* --- clients --------------------------------------------------------------------- */

/* Its path's last trace goes with the last client. */
void
feed_remove_client(struct feed *feed, struct client *client)
{
	struct path *path = client->place.path;

	if (client->feed.prev_paused != NULL)
		DL_DELETE2(feed->paused, client, feed.prev_paused, feed.next_paused);
	event_free(client->feed.close_event);
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
	if (client->feed.prev_paused == NULL)
		DL_APPEND2(feed->paused, client, feed.prev_paused, feed.next_paused);
}

void
feed_read(struct feed *feed, struct client *client)
{
	if (must_wait(feed, client->place.path->lane))
		pause_reading(feed, client);
	else
		client_pause(client, false);
}

void
feed_resume(struct feed *feed)
{
	struct client *client, *next;
	int budget = FEED_RESUMES;

	feed->resume = false;
	DL_FOREACH_SAFE2(feed->paused, client, next, feed.next_paused) {
		if (must_wait(feed, client->place.path->lane))
			continue;
		if (budget-- == 0) {
			feed->resume = true;
			return;
		}
		DL_DELETE2(feed->paused, client, feed.prev_paused, feed.next_paused);
		client->feed.prev_paused = client->feed.next_paused = NULL;
		client_pause(client, false);
	}
}

void
feed_resume_soon(struct feed *feed)
{
	feed->resume = true;
}

/* No handler is asked. */
static int
join_at_once(struct feed *feed, struct client *client)
{
	int r = hub_join(feed->hub, client);

	return r < 0 ? r : resume_client(feed->hub, client, 0);
}

int
feed_client_open(struct feed *feed, struct client *client)
{
	struct path *path = client->place.path;
	struct event *event;

	if (path->route == NULL)
		return -ENOENT;
	if (client->user.of != NULL && client->user.of->held) {
		client->user.waits = true;
		client_pause(client, true);
		return 0;
	}
	if (path->route->push_only && path->held && client->coming != NULL) {
		held_add(path, client);
		return 0;
	}
	if (path->route->push_only)
		return join_at_once(feed, client);
	if (lane_make(path) < 0)
		return -ENOMEM;
	client->feed.close_event = event_new(WIRE_CLOSE, NULL, 0);
	event = event_new(WIRE_OPEN, NULL, 0);
	if (client->feed.close_event == NULL || event == NULL) {
		event_free(event);
		event_free(client->feed.close_event);
		client->feed.close_event = NULL; /* nobody is to hear of its end either */
		return -ENOMEM;
	}
	client_pause(client, true); /* until the open event is acknowledged */
	append(feed, client, event);
	return 0;
}

/* Takes the event. */
static void
append_message(struct feed *feed, struct client *client, struct event *event)
{
	append(feed, client, event);
	if (client->place.state == CLIENT_JOINED && must_wait(feed, client->place.path->lane))
		pause_reading(feed, client);
}

int
feed_client_message(struct feed *feed, struct client *client, const void *data, size_t len, bool binary)
{
	struct event *event;

	if (client->feed.close_event == NULL ||
	    (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED))
		return 0; /* push-only, or closing: nobody wants it */
	event = event_new(WIRE_MESSAGE, data, len);
	if (event == NULL)
		return -ENOMEM;
	event->binary = binary;
	append_message(feed, client, event);
	return 0;
}

int
feed_client_request(struct feed *feed, struct client *client, struct span data, bool binary, const struct asked *asked)
{
	struct event *event = event_new(WIRE_MESSAGE, data.data, data.len);

	if (event == NULL)
		return -ENOMEM;
	event->binary = binary;
	event->number = asked->number;
	event->outcome = asked->outcome;
	append_message(feed, client, event);
	return 0;
}

/* True when nobody is to hear of the client's end: no worker has seen its open, or its route is gone. */
static bool
leaves_no_trace(const struct client *client)
{
	const struct event *first = client->feed.events;

	if (client->feed.close_event == NULL || client->place.path->route == NULL)
		return true;
	return first != NULL && first->kind == WIRE_OPEN && first->attempt == 0;
}

static void
forget_client(struct feed *feed, struct client *client)
{
	while (client->feed.events != NULL)
		feed_drop_event(feed, client->feed.events);
	feed_remove_client(feed, client);
}

void
feed_client_gone(struct feed *feed, struct client *client)
{
	struct event *event = client->feed.close_event;

	once_leave(&feed->once, client);
	hub_leave(feed->hub, client);
	client->place.state = CLIENT_GONE;
	if (leaves_no_trace(client)) {
		forget_client(feed, client);
		return;
	}
	client->feed.close_event = NULL;
	event->code = client->ending.code != 0 ? client->ending.code : CLOSE_ABNORMAL;
	append(feed, client, event);
}

void
feed_release(struct feed *feed, struct path *path)
{
	struct client *client;
	struct event *event;

	path->held = false;
	while ((client = held_next(path)) != NULL)
		if (join_at_once(feed, client) < 0)
			client_drop(client, "not-opened");
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

void
feed_release_user(struct feed *feed, struct user *user)
{
	struct client *client, *next;

	user->held = false;
	DL_FOREACH_SAFE2(user->first, client, next, user.next) {
		if (!client->user.waits)
			continue;
		client->user.waits = false;
		client_pause(client, false);
		if (feed_client_open(feed, client) < 0)
			client_drop(client, "not-opened");
	}
	feed->resume = true; /* so that the next turn comes at once */
}

/* --- workers that have gone ----------------------------------------------------------- */

void
feed_choose_anew(struct feed *feed)
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

	log_limited(LOG_LEVEL_ERROR, "event given up path=%s conn=%s event=%s id=%" PRIu64 " deaths=%d",
	    path_name(client->place.path), client_name(client), wire_event_name(kind), event->id, (int)event->deaths);
	feed->given_up++;
	if (event->number != 0) {
		struct question question = answering_begin(feed->hub, event);

		answering_end(feed->hub, &feed->once, &question, "given-up");
	}
	feed_drop_event(feed, event);
	if (kind == WIRE_CLOSE) {
		feed_remove_client(feed, client);
		return;
	}
	hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "event-given-up", SPAN_EMPTY);
	client->feed.dismissed = true;
}

void
feed_blame(struct feed *feed, struct event *event)
{
	const struct client *client = event->client;

	event->deaths++;
	log_limited(LOG_LEVEL_WARN, "worker died over an event path=%s conn=%s event=%s id=%" PRIu64 " deaths=%d",
	    path_name(client->place.path), client_name(client), wire_event_name(event->kind), event->id,
	    (int)event->deaths);
	if (event->deaths >= FEED_MAX_DEATHS)
		give_up(feed, event);
}

void
feed_take_back(struct feed *feed, struct worker *worker)
{
	struct path *path, *next;

	HASH_ITER(hh, feed->hub->paths, path, next)
		if (path->lane != NULL && path->lane->holder == worker)
			take_back(feed, path->lane);
}

/* --- routes ---------------------------------------------------------------------------- */

/* Closes the connections whose route is gone. Nobody is there for the events of those that have left. */
static void
close_without_route(struct feed *feed)
{
	struct client *client, *next;

	HASH_ITER(hh, feed->hub->clients, client, next) {
		if (client->place.path->route != NULL)
			continue;
		if (client->place.state == CLIENT_GONE)
			forget_client(feed, client);
		else
			hub_disconnect(feed->hub, client, CLOSE_GOING_AWAY, "route-gone", SPAN_EMPTY);
	}
}

void
feed_rematch(struct feed *feed, const struct routes *routes)
{
	struct path *path, *next;
	bool gone = false;

	HASH_ITER(hh, feed->hub->paths, path, next) {
		bool had = path->route != NULL;

		route_set(path, routes_match(routes, path->name, path->len));
		if (!had || path->route != NULL)
			continue;
		log_limited(LOG_LEVEL_INFO, "path closed path=%s why=route-gone", path->name);
		gone = true;
	}
	if (gone)
		close_without_route(feed);
	feed_choose_anew(feed);
}

/* --- clients that wait ----------------------------------------------------------------- */

/* Those whose open or message nobody takes are asked to come back later. */
static void
close_waiting(struct feed *feed, struct lane *lane)
{
	struct event *event;
	uint32_t n = 0;

	DL_FOREACH(lane->events, event) {
		if (event->kind == WIRE_CLOSE || event->client->place.state >= CLIENT_CLOSING)
			continue;
		hub_disconnect(feed->hub, event->client, CLOSE_TRY_LATER, "no-worker", SPAN_EMPTY);
		n++;
	}
	if (n > 0)
		log_limited(LOG_LEVEL_WARN, "clients closed path=%s n=%u why=no-worker", lane->path->name, n);
}

void
feed_tick(struct feed *feed, uint64_t now_ms)
{
	uint64_t wait_ms = 1000ull * feed->conf->worker_wait;
	struct lane *lane;

	once_tick(&feed->once, now_ms);
	while ((lane = feed->starved) != NULL)
		lane_list(lane, &feed->ready);
	DL_FOREACH2(feed->lonely, lane, next_listed)
		if (now_ms - lane->lonely_since_ms >= wait_ms)
			close_waiting(feed, lane);
}

/* --- opening and closing ---------------------------------------------------------------------- */

void
feed_open(struct feed *feed, const struct conf *conf, struct hub *hub, uint64_t epoch)
{
	*feed = (struct feed){ .conf = conf, .hub = hub, .epoch = epoch, .generation = 1 };
	once_open(&feed->once, conf);
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
	struct client *client, *next;

	if (feed->hub == NULL)
		return; /* it was never opened */
	HASH_ITER(hh, feed->hub->clients, client, next) {
		once_leave(&feed->once, client);
		forget_client(feed, client);
	}
	once_close(&feed->once);
}
