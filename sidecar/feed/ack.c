#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "shared/log.h"
#include "shared/wire.h"
#include "sidecar/feed/ack.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/client.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/trace.h"
#include "sidecar/feed/lane.h"
#include "sidecar/feed/workers.h"

static struct event *
find_event(struct client *client, uint64_t id)
{
	struct event *event;

	DL_FOREACH2(client->feed.events, event, next_own)
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
	trace_command("worker", client, command, &reply);
	return reply.status;
}

static void
apply_commands(struct feed *feed, struct client *client, struct wire_reader commands)
{
	struct wire_command command;

	while (wire_get_command(&commands, &command) > 0) {
		enum wire_status status = apply_and_tell(feed, client, &command);

		if (status != WIRE_OK && status != WIRE_NO_CONN)
			log_limited(LOG_LEVEL_WARN, "command refused path=%s conn=%s command=%s status=%s",
			    path_name(client->place.path), client_name(client), wire_command_name(command.type),
			    wire_status_name(status));
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
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "open-failed", SPAN_EMPTY);
		client->feed.dismissed = true;
		return;
	}
	if (client->place.state == CLIENT_OPENING && !closes_itself(client, record->commands)) {
		if (hub_join(feed->hub, client) < 0)
			client_drop(client, "out-of-memory");
		feed_read(feed, client);
	}
	apply_commands(feed, client, record->commands);
	if (client->place.state == CLIENT_OPENING) /* it was to be closed, but with a code that is forbidden */
		hub_disconnect(feed->hub, client, CLOSE_INTERNAL_ERROR, "forbidden-code", SPAN_EMPTY);
}

int
ack_take(struct feed *feed, struct worker *worker, const struct wire_record *record, uint64_t now_us)
{
	struct client *client = hub_find(feed->hub, &record->conn);
	struct event *event = client == NULL ? NULL : find_event(client, record->event);
	enum wire_event_kind kind;

	if (event == NULL || !event->sent || record->epoch != feed->epoch || record->attempt != event->attempt ||
	    client->place.path->lane->holder != worker)
		return -ESTALE;

	kind = event->kind;
	histogram_add(&feed->round_trips, now_us - event->sent_us, 1);
	log_debug("event acknowledged event=%s path=%s conn=%s id=%" PRIu64 " us=%" PRIu64 " outcome=%s",
	    wire_event_name(kind), path_name(client->place.path), client_name(client), event->id,
	    now_us - event->sent_us, record->failed ? "failed" : "ok");
	feed_drop_event(feed, event);
	if (kind == WIRE_OPEN)
		open_acknowledged(feed, client, record);
	else if (!record->failed)
		apply_commands(feed, client, record->commands);
	if (kind == WIRE_CLOSE)
		feed_remove_client(feed, client);
	return 0;
}
