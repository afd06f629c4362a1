#include <endian.h>
#include <errno.h>
#include <string.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/trace.h"
#include "sidecar/relay/relay.h"
#include "sidecar/relay/channel.h"
#include "sidecar/relay/inquiry.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

/* --- commands ---------------------------------------------------------------------------------------- */

static void
publish(struct relay *relay, struct span channel, const struct wire_command *command, enum wire_status full,
    struct wire_reply *ret)
{
	struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = relay->origin,
		.sequence = relay->command_sequence + 1,
		.command = *command };
	struct span message = relay_put(relay, &envelope);
	int r = relay->out.failed ? -ENOMEM : relay->transport->calls->publish(relay->transport, channel, message);

	if (r < 0) {
		relay->n_refused++;
		ret->status = full;
		return;
	}
	relay->command_sequence++;
	relay->n_published++;
	ret->status = WIRE_OK;
	ret->relayed = true;
}

static void
publish_to_path(struct relay *relay, struct span path, const struct wire_command *command, struct wire_reply *ret)
{
	struct wire_command push = {
		.type = WIRE_PUSH, .flags = command->flags & WIRE_BINARY, .key = path, .data = command->data
	};
	char name[RELAY_NAME_BYTES];

	if (path.len > PATH_MAX_BYTES)
		return; /* no host can have a connection there */
	publish(relay, relay_path_channel(relay, path, name), &push, WIRE_NOT_RELAYED, ret);
}

/* The connection is not here; the id says where it may be. */
static void
publish_to_host(struct relay *relay, const struct wire_command *command, struct wire_reply *ret)
{
	const struct host *host;
	uint32_t instance;
	char name[RELAY_NAME_BYTES];

	memcpy(&instance, command->conn.bytes, sizeof(instance));
	host = hosts_find(&relay->hosts, be32toh(instance));
	if (host != NULL)
		publish(relay, relay_host_channel(relay, host->origin, name), command, WIRE_BUSY, ret);
}

void
relay_command(
    struct relay *relay, const struct client *sender, const struct wire_command *command, struct wire_reply *ret)
{
	switch (command->type) {
	case WIRE_BROADCAST:
		if (ret->status == WIRE_OK)
			publish_to_path(relay, path_span(sender->place.path), command, ret);
		return;
	case WIRE_PUSH:
		if (ret->status == WIRE_OK)
			publish_to_path(relay, command->key, command, ret);
		return;
	case WIRE_SEND:
	case WIRE_DISCONNECT:
		if (ret->status == WIRE_NO_CONN && (command->flags & WIRE_OTHER_CONN))
			publish_to_host(relay, command, ret);
		return;
	case WIRE_SET:
	case WIRE_COUNT:
	case WIRE_STATS:
		return;
	}
}

/* --- what arrives ------------------------------------------------------------------------------------- */

static void
host_gone(struct relay *relay, struct host *host, const char *why)
{
	log_info("host disconnected host=%08x why=%s", envelope_instance(host->origin), why);
	hosts_leave(&relay->hosts, host);
	channels_forget(relay, host, UINT64_MAX);
}

/* True while others may not hear yet what has waited: all that are known, or some if we know of none. */
static bool
is_too_early(const struct relay *relay)
{
	bool alone = relay->hosts.n == 0 && relay_waiting_bytes(relay) > 0;

	return (relay->hosts.n_awaited > 0 || alone) && relay_now_ms(relay) - relay->up_since_ms < RELAY_AWAIT_MS;
}

static void
release_waiting(struct relay *relay)
{
	if (relay->up_since_ms != 0 && !relay->transport->released && !is_too_early(relay))
		relay->transport->calls->release(relay->transport);
}

static void
take_alive(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	if (envelope->flags & ENVELOPE_LEAVES) {
		host_gone(relay, host, "leaves");
		return;
	}
	if (envelope->since != host->since)
		channels_forget(relay, host, envelope->since);
	host->since = envelope->since;
	hosts_arrived(&relay->hosts, host);
	release_waiting(relay);
}

static void
answer_count(struct relay *relay, const struct host *host, const struct envelope *question)
{
	const struct path *path = hub_find_path(relay->hub, question->path.data, question->path.len);
	struct envelope answer = { .type = ENVELOPE_COUNT,
		.count = path == NULL ? 0 : path->count,
		.question = question->sequence,
		.path = question->path };
	char name[RELAY_NAME_BYTES];

	relay_tell(relay, relay_host_channel(relay, host->origin, name), &answer);
}

static void
take_count(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	struct path *path = hub_find_path(relay->hub, envelope->path.data, envelope->path.len);

	if (envelope->sequence <= host->state_sequence) {
		relay->n_duplicates++;
		return;
	}
	host->state_sequence = envelope->sequence;
	if (envelope->flags & ENVELOPE_ASKS)
		answer_count(relay, host, envelope);
	if (envelope->question != 0)
		inquiries_take_answer(relay, envelope);
	if (path != NULL && path->channel != NULL)
		channel_take_count(relay, path->channel, host, envelope);
}

static void
take_command(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	struct wire_reply reply;

	if (envelope->sequence <= host->command_sequence) {
		relay->n_duplicates++;
		return;
	}
	host->command_sequence = envelope->sequence;
	relay->n_received++;
	apply_command(relay->hub, NULL, &envelope->command, &reply);
	trace_command("host", NULL, &envelope->command, &reply);
	if (reply.status != WIRE_OK && reply.status != WIRE_NO_CONN)
		log_limited(LOG_LEVEL_WARN, "command of a host refused host=%08x command=%s status=%s",
		    envelope_instance(host->origin), wire_command_name(envelope->command.type),
		    wire_status_name(reply.status));
}

static void
greet(struct relay *relay, const struct host *host)
{
	log_info("host connected host=%08x", envelope_instance(host->origin));
	relay->transport->calls->beat(relay->transport); /* so that it knows us at once */
	if (host->state_sequence != 0)
		channels_ask_again(relay);
}

static void
on_message(void *context, struct span channel, struct span data)
{
	struct relay *relay = context;
	struct envelope envelope;
	struct host *host;
	bool is_new;

	if (envelope_get(data.data, data.len, &envelope) < 0) {
		relay->n_malformed++;
		log_limited(LOG_LEVEL_WARN, "malformed message in redis channel=%.*s", (int)channel.len, channel.data);
		return;
	}
	if (envelope.origin == relay->origin)
		return; /* our own words */
	host = hosts_heard(&relay->hosts, envelope.origin, &is_new);
	if (host == NULL) {
		log_limited(LOG_LEVEL_ERROR, "host ignored host=%08x why=too-many", envelope_instance(envelope.origin));
		return;
	}
	if (is_new)
		greet(relay, host);
	switch (envelope.type) {
	case ENVELOPE_COMMAND:
		take_command(relay, host, &envelope);
		return;
	case ENVELOPE_COUNT:
		take_count(relay, host, &envelope);
		return;
	case ENVELOPE_ALIVE:
		take_alive(relay, host, &envelope);
		return;
	}
}

/* --- the transport comes and goes ---------------------------------------------------------------------------- */

static void
on_subscribe_all(void *context)
{
	struct relay *relay = context;
	const struct envelope alive = {
		.type = ENVELOPE_ALIVE, .origin = relay->origin, .since = relay->state_sequence + 1
	};
	char name[RELAY_NAME_BYTES];

	relay->transport->calls->set_beat(relay->transport, relay_put(relay, &alive));
	relay->transport->calls->subscribe(relay->transport, relay_host_channel(relay, relay->origin, name));
	channels_subscribe(relay);
}

static void
on_subscribed(void *context, struct span name, uint64_t ticket)
{
	struct relay *relay = context;
	size_t before = strlen(relay->conf->ws_backplane_prefix) + strlen(":ws:");
	struct path *path = NULL;

	if (name.len > before)
		path = hub_find_path(relay->hub, name.data + before, name.len - before);
	if (path != NULL && path->channel != NULL)
		channel_subscribed(relay, path->channel, ticket);
}

static void
on_up(void *context)
{
	struct relay *relay = context;

	relay->up_since_ms = relay_now_ms(relay);
	release_waiting(relay);
}

static void
on_down(void *context)
{
	struct relay *relay = context;

	relay->up_since_ms = 0;
	hosts_await(&relay->hosts);
	inquiries_tick(relay, UINT64_MAX);
	channels_part(relay);
}

static void
on_beat(void *context)
{
	struct relay *relay = context;
	struct host *host;

	hosts_beat(&relay->hosts);
	while ((host = hosts_silent(&relay->hosts)) != NULL)
		host_gone(relay, host, "silent");
	channels_ask_late(relay);
	release_waiting(relay);
}

static void
on_told(void *context, uint64_t token, uint32_t receivers)
{
	if (!channels_told(context, token, receivers))
		inquiries_told(context, token, receivers);
}

/* --- the loop ------------------------------------------------------------------------------------------ */

void
relay_tick(struct relay *relay)
{
	bool held = channels_tick(relay, relay_now_ms(relay));
	bool awaited = inquiries_tick(relay, relay_now_ms(relay));

	relay->waits = held || awaited;
}

void
relay_flush(struct relay *relay)
{
	channels_flush(relay);
	relay->transport->calls->flush(relay->transport);
}

size_t
relay_waiting_bytes(const struct relay *relay)
{
	return relay->transport->calls->waiting_bytes(relay->transport);
}

const char *
relay_trouble(const struct relay *relay)
{
	if (!relay->transport->up)
		return "redis is away";
	if (!relay->transport->released)
		return "other hosts are away";
	if (relay->n_late > 0)
		return "counts of other hosts are missing";
	return NULL;
}

/* --- opening and closing ------------------------------------------------------------------------------- */

void
relay_open(struct relay *relay, const struct conf *conf, struct hub *hub, struct transport *transport, uint64_t origin)
{
	static const struct transport_events events = {
		.subscribe_all = on_subscribe_all,
		.subscribed = on_subscribed,
		.up = on_up,
		.down = on_down,
		.beat = on_beat,
		.told = on_told,
		.message = on_message,
	};

	*relay = (struct relay){ .conf = conf, .hub = hub, .transport = transport, .origin = origin };
	transport->events = &events;
	transport->context = relay;
}

void
relay_listen(struct relay *relay, const struct relay_events *events, void *context)
{
	relay->events = events;
	relay->context = context;
}

void
relay_close(struct relay *relay)
{
	struct envelope leaving = { .type = ENVELOPE_ALIVE, .flags = ENVELOPE_LEAVES };
	struct span message;

	if (relay->hub == NULL)
		return;
	inquiries_tick(relay, UINT64_MAX);
	message = relay_put_state(relay, &leaving);
	if (!relay->out.failed)
		relay->transport->calls->tell_all(relay->transport, message);
	channels_free(relay);
	hosts_close(&relay->hosts);
	buf_free(&relay->out);
	relay->hub = NULL;
}
