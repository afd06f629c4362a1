#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "shared/closecode.h"
#include "shared/log.h"
#include "shared/wire.h"
#include "sidecar/feed/ack.h"
#include "sidecar/feed/answering.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/reserve.h"
#include "sidecar/hub/resume.h"
#include "sidecar/hub/trace.h"
#include "sidecar/feed/lane.h"
#include "sidecar/feed/workers.h"

/* Takes the frame, which may be NULL. Returns 0, or -ENOMEM when the command had no effect for that reason. */
static int
apply_and_tell(struct feed *feed, struct client *client, const struct wire_command *command, struct frame *frame)
{
	struct wire_reply reply;

	if (command->type == WIRE_REPLAY && client->feed.opening)
		return 0; /* it was done when the client joined */
	apply_with(feed->hub, client, command, frame, &reply);
	if (feed->events != NULL)
		feed->events->applied(feed->context, client, command, &reply);
	trace_command("worker", client, command, &reply);
	if (reply.status != WIRE_OK && reply.status != WIRE_NO_CONN)
		log_limited(LOG_LEVEL_WARN, "command refused path=%s conn=%s command=%s status=%s",
		    path_name(client->place.path), client_name(client), wire_command_name(command->type),
		    wire_status_name(reply.status));
	return reply.status == WIRE_BUSY ? -ENOMEM : 0;
}

/* What concerns this connection only, and can fail: it is done before all others. The worker has its user already. */
static bool
is_first(const struct wire_command *command)
{
	return command->type == WIRE_SET || command->type == WIRE_REPLAY || command->type == WIRE_USER;
}

static int
apply_first(struct feed *feed, struct client *client, struct wire_reader commands)
{
	struct wire_command command;

	while (wire_get_command(&commands, &command) > 0)
		if (is_first(&command) && apply_and_tell(feed, client, &command, NULL) < 0)
			return -ENOMEM;
	return 0;
}

/* All that can fail for want of memory: the attributes, a replay, and what the other commands need. */
static int
prepare(struct feed *feed, struct client *client, struct wire_reader commands, struct reserve *ret)
{
	struct buf before = BUF_INIT;
	int r;

	buf_bytes(&before, client->feed.attributes.data, client->feed.attributes.len);
	r = before.failed ? -ENOMEM : apply_first(feed, client, commands);
	if (r == 0)
		r = reserve_make(ret, feed->hub, client, commands);
	if (r == 0) {
		buf_free(&before);
		return 0;
	}
	if (!before.failed) {
		buf_free(&client->feed.attributes);
		client->feed.attributes = before;
		client_recount(client);
	}
	return r;
}

/* Returns 0, or -ENOMEM when not one of them had an effect. */
static int
apply_several(struct feed *feed, struct client *client, struct wire_reader commands)
{
	struct reserve reserve;
	struct wire_command command;
	int r = prepare(feed, client, commands, &reserve);

	if (r < 0)
		return r;
	for (uint32_t i = 0; wire_get_command(&commands, &command) > 0; i++)
		if (!is_first(&command))
			apply_and_tell(feed, client, &command, reserve_take(&reserve, i));
	reserve_free(&reserve);
	return 0;
}

/*
 * tina4-wire(7): as a whole or not at all. Without memory the connection ends that the
 * commands answer. Returns 0 or -ENOMEM.
 */
static int
apply_commands(struct feed *feed, struct client *client, struct wire_reader commands)
{
	struct wire_reader rest = commands;
	struct wire_command command;
	int r;

	if (wire_get_command(&rest, &command) <= 0)
		return 0;
	if (rest.at == rest.end)
		r = apply_and_tell(feed, client, &command, NULL);
	else
		r = apply_several(feed, client, commands);
	if (r < 0) {
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "out-of-memory", SPAN_EMPTY);
		client->feed.dismissed = true;
	}
	return r;
}

/* How many of the last messages the commands replay. */
static uint32_t
replays(struct wire_reader commands)
{
	struct wire_command command;
	uint32_t most = 0;

	while (wire_get_command(&commands, &command) > 0)
		if (command.type == WIRE_REPLAY && command.code > most)
			most = command.code;
	return most;
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
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "open-failed", SPAN_EMPTY);
		client->feed.dismissed = true;
		return;
	}
	if (client->place.state == CLIENT_OPENING && !closes_itself(client, record->commands)) {
		if (hub_join(feed->hub, client) < 0 ||
		    resume_client(feed->hub, client, replays(record->commands)) < 0) {
			hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "out-of-memory", SPAN_EMPTY);
			client->feed.dismissed = true;
			return; /* its handler's commands were for one that is here */
		}
		feed_read(feed, client);
	}
	client->feed.opening = true;
	apply_commands(feed, client, record->commands);
	client->feed.opening = false;
	if (client->place.state == CLIENT_OPENING) /* it was to be closed, but with a code that is forbidden */
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "forbidden-code", SPAN_EMPTY);
}

/* True when their handler's worker takes the connection for closed, as it may have been already. */
static bool
dismisses(const struct client *client, struct wire_reader commands)
{
	struct wire_command command;

	if (closes_itself(client, commands))
		return true;
	while (wire_get_command(&commands, &command) > 0)
		if (command.type == WIRE_KICK && span_is(command.key, client->place.path->name))
			return true;
	return false;
}

/* Of a message, or of a close. Returns 0, or a negative errno when nothing of it had an effect. */
static int
event_acknowledged(struct feed *feed, struct client *client, const struct wire_record *record)
{
	int r;

	if (record->failed)
		return -ECANCELED;
	r = apply_commands(feed, client, record->commands);
	if (client->place.state != CLIENT_JOINED && dismisses(client, record->commands))
		client->feed.dismissed = true;
	return r;
}

/* A worker skips what comes from a connection that its handler has closed. */
static void
request_acknowledged(
    struct feed *feed, struct client *client, const struct wire_record *record, struct question *question)
{
	int r;

	if (client->feed.dismissed) {
		answering_drop(feed->hub, &feed->once, question, client);
		return;
	}
	feed->hub->question = question;
	r = event_acknowledged(feed, client, record);
	feed->hub->question = NULL;
	answering_end(feed->hub, &feed->once, question, r < 0 ? "failed" : NULL);
}

int
ack_take(struct feed *feed, struct worker *worker, const struct wire_record *record, uint64_t now_us)
{
	const struct wire_delivery delivery = { record->conn, record->epoch, record->event, record->attempt };
	struct event *event = feed_find(feed, worker, &delivery);
	struct question question = { 0 };
	enum wire_event_kind kind;
	struct client *client;

	if (event == NULL)
		return -ESTALE;

	client = event->client;
	kind = event->kind;
	histogram_add(&feed->round_trips, now_us - event->sent_us, 1);
	log_debug("event acknowledged event=%s path=%s conn=%s id=%" PRIu64 " us=%" PRIu64 " outcome=%s",
	    wire_event_name(kind), path_name(client->place.path), client_name(client), event->id,
	    now_us - event->sent_us, record->failed ? "failed" : "ok");
	if (event->number != 0)
		question = answering_begin(feed->hub, event);
	feed_drop_event(feed, event);
	if (kind == WIRE_OPEN)
		open_acknowledged(feed, client, record);
	else if (question.number != 0)
		request_acknowledged(feed, client, record, &question);
	else
		event_acknowledged(feed, client, record);
	if (kind == WIRE_CLOSE)
		feed_remove_client(feed, client);
	return 0;
}
