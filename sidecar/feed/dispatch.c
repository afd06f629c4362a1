#include <inttypes.h>
#include <errno.h>
#include <string.h>

#include "shared/bus.h"
#include "shared/log.h"
#include "shared/wire.h"
#include "sidecar/hub/client.h"
#include "sidecar/feed/dispatch.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/lane.h"
#include "sidecar/feed/roster.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"

void
dispatch_open(struct dispatch *dispatch, struct feed *feed, struct workers *workers, struct roster *roster,
    struct bus *bus, const struct turn *turn)
{
	*dispatch = (struct dispatch){ feed, workers, roster, bus, turn };
}

static void
begin_events(struct worker *worker)
{
	if (worker->out.len == 0)
		wire_put_header(&worker->out, WIRE_EVENTS, 0);
}

/* Cuts a message back to what was whole before something found no memory. Returns true when that was so. */
static bool
undo_failed(struct worker *worker, size_t len)
{
	bool failed = worker->out.failed;

	if (failed) {
		worker->out.len = len;
		worker->out.failed = false;
	}
	return failed;
}

static void
put_detach(struct dispatch *dispatch, struct client *client)
{
	struct wire_event detach = { .kind = WIRE_DETACH, .conn = client->id, .epoch = dispatch->feed->epoch };
	struct worker *worker, *next;

	HASH_ITER(hh, dispatch->workers->by_peer, worker, next) {
		size_t len = worker->out.len;

		if (worker->serial != client->feed.attached)
			continue;
		begin_events(worker);
		wire_put_event(&worker->out, &detach);
		undo_failed(worker, len);
	}
}

/* Tells the worker all about a connection that it has not met. */
static void
attach(struct dispatch *dispatch, struct worker *worker, struct event *event, struct wire_event *out)
{
	struct client *client = event->client;

	if (client->feed.attached != worker->serial && client->feed.attached != 0)
		put_detach(dispatch, client);
	out->meta = span_of_buf(&client->feed.meta);
	out->attributes = span_of_buf(&client->feed.attributes);
	if (event->kind != WIRE_OPEN && client->feed.attached != worker->serial) {
		struct wire_event known = *out;

		known.kind = WIRE_ATTACH;
		known.data = (struct span){ 0 };
		wire_put_event(&worker->out, &known);
	}
	client->feed.attached = worker->serial;
}

/* Returns 0, or -ENOMEM when it is not sent and has to go later. */
static int
send_event(struct dispatch *dispatch, struct worker *worker, struct event *event)
{
	size_t len = worker->out.len;
	struct wire_event out = {
		.kind = event->kind,
		.flags = (event->binary ? WIRE_BINARY : 0) | (event->number != 0 ? WIRE_ASKS : 0),
		.attempt = (uint16_t)(event->attempt + 1),
		.code = event->code,
		.conn = event->client->id,
		.epoch = dispatch->feed->epoch,
		.id = event->id,
		.count = event->count,
		.data = { event->data, event->len },
	};

	begin_events(worker);
	attach(dispatch, worker, event, &out);
	wire_put_event(&worker->out, &out);
	if (undo_failed(worker, len)) {
		event->client->feed.attached = 0; /* it may not have heard of it */
		return -ENOMEM;
	}
	event->attempt++;
	dispatch->feed->n_sent++;
	event->sent_us = dispatch->turn->now_us;
	event->sent = true;
	worker->n_owed++;
	log_debug("event sent event=%s path=%s conn=%s id=%" PRIu64 " attempt=%u bytes=%zu app=%s",
	    wire_event_name(event->kind), path_name(event->client->place.path), client_name(event->client), event->id,
	    event->attempt, event->len, worker->app->name);
	return 0;
}

/* Finds the lane's worker. Returns false when it has to wait for one. */
static bool
find_holder(struct dispatch *dispatch, struct lane *lane)
{
	struct feed *feed = dispatch->feed;
	struct worker *best;

	if (lane->generation == feed->generation && lane->holder != NULL)
		return true;
	best = workers_choose(dispatch->workers, lane->path->route, lane->path->hh.hashv);
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
		lane->lonely_since_ms = dispatch->turn->now_ms;
	lane_list(lane, &feed->lonely);
	return false;
}

static void
send_lane(struct dispatch *dispatch, struct lane *lane)
{
	struct feed *feed = dispatch->feed;
	struct event *event, *next;

	if (lane->path->held || !find_holder(dispatch, lane)) {
		if (lane->list == &feed->ready)
			lane_unlist(lane);
		return;
	}
	lane_unlist(lane);
	lane->lonely_since_ms = 0;
	for (event = lane->unsent; event != NULL; event = next) {
		next = event->next;
		if (event->kind == WIRE_MESSAGE && event->client->feed.dismissed) {
			feed_drop_event(feed, event);
			continue;
		}
		if (send_event(dispatch, lane->holder, event) < 0) {
			lane->unsent = event;
			lane_list(lane, &feed->starved);
			return;
		}
		lane->n_owed++;
	}
	lane->unsent = NULL;
}

static void
flush_worker(struct dispatch *dispatch, struct worker *worker)
{
	int r;

	if (worker->out.len == 0)
		return;
	r = bus_send(dispatch->bus, &worker->peer, &worker->out);
	if (r == 0 || r == -EAGAIN || r == -ENOMEM)
		return; /* a full pipe, or no memory: it stays for the next turn */
	if (r == -EHOSTUNREACH)
		roster_lost(dispatch->roster, worker);
	else
		roster_gone(dispatch->roster, worker, strerror(-r));
}

void
dispatch_flush(struct dispatch *dispatch)
{
	struct feed *feed = dispatch->feed;
	struct worker *worker, *next;

	while (feed->ready != NULL)
		send_lane(dispatch, feed->ready);
	HASH_ITER(hh, dispatch->workers->by_peer, worker, next)
		flush_worker(dispatch, worker);
	roster_dismiss(dispatch->roster);
	if (feed->ready != NULL)
		dispatch_flush(dispatch); /* a worker turned out to be gone: there are fewer now */
	if (feed->resume)
		feed_resume(feed);
}
