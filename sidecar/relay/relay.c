#include <endian.h>
#include <errno.h>
#include <string.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/hub/hub.h"
#include "sidecar/relay/relay.h"
#include "sidecar/relay/channel.h"
#include "sidecar/relay/fetch.h"
#include "sidecar/relay/inbox.h"
#include "sidecar/relay/inquiry.h"
#include "sidecar/relay/question.h"
#include "sidecar/relay/repair.h"
#include "sidecar/relay/retell.h"
#include "sidecar/relay/muster.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

/* --- commands ---------------------------------------------------------------------------------------- */

/* The number that its history has of it, or a new one: also of one that could not go out when it was kept. */
static uint64_t
number_for(struct relay *relay, const struct kept_channel *kept, const struct wire_reply *reply)
{
	bool is_next = reply->number > (kept == NULL ? 0 : kept->latest);

	return is_next ? reply->number : histories_next(&relay->hub->histories).number;
}

/*
 * For how long the path is to be stored, longer than it keeps anything, when the store
 * has to be told that; else 0. To be told each time would cost a third of what it carries.
 */
static uint32_t
seconds_to_tell(const struct relay *relay, const struct path *path, struct kept_channel *kept)
{
	uint32_t seconds = path->past.limits.seconds;
	uint64_t now_ms = relay_now_ms(relay);

	if (kept == NULL)
		return seconds + RELAY_STORE_SECONDS;
	if (now_ms < kept->expires_ms && kept->n_emptied == relay->transport->n_emptied)
		return 0;
	kept->expires_ms = now_ms + RELAY_STORE_SECONDS * 1000 / 2;
	kept->n_emptied = relay->transport->n_emptied;
	return seconds + RELAY_STORE_SECONDS;
}

/* How a message is stored that its history keeps: false for any other. */
static bool
is_stored(const struct relay *relay, const struct wire_command *command, struct kept_channel *kept,
    const struct envelope *envelope, struct transport_keeping *ret)
{
	const struct path *path = hub_find_path(relay->hub, command->key.data, command->key.len);

	if (command->type != WIRE_PUSH || path == NULL || path->past.limits.messages == 0)
		return false;
	*ret = (struct transport_keeping){ .path = command->key,
		.messages = path->past.limits.messages,
		.seconds = seconds_to_tell(relay, path, kept),
		.mark = { relay->origin, envelope->sequence },
		.before = kept == NULL ? envelope->sequence - 1 : kept->stored,
		.at_ms = relay->hub->histories.now_ms() };
	return true;
}

static void
publish(struct relay *relay, struct span channel, const struct wire_command *command, enum wire_status full,
    struct wire_reply *ret)
{
	struct kept_channel *kept = kept_channel(&relay->kept, channel);
	struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = relay->origin,
		.sequence = number_for(relay, kept, ret),
		.previous = kept == NULL ? 0 : kept->latest,
		.command = *command };
	struct span message = relay_put(relay, &envelope);
	struct transport_keeping keeping;
	bool stored = ret->number > 0 && is_stored(relay, command, kept, &envelope, &keeping);
	int r = relay->out.failed
	    ? -ENOMEM
	    : relay->transport->calls->publish(relay->transport, channel, message, stored ? &keeping : NULL);

	if (stored && kept != NULL)
		kept->stored = envelope.sequence;
	if (r < 0) {
		relay->n_refused++;
		ret->status = full;
		if (kept != NULL && ret->number > 0)
			kept_lose(kept, envelope.sequence, relay_now_ms(relay));
		return;
	}
	relay->n_published++;
	if (kept != NULL)
		kept_add(&relay->kept, kept, envelope.sequence, relay_now_ms(relay), message);
	ret->status = WIRE_OK;
	ret->relayed = true;
}

static void
publish_to_path(struct relay *relay, const struct client *sender, struct span path, const struct wire_command *command,
    struct wire_reply *ret)
{
	struct wire_command push = { .type = WIRE_PUSH,
		.flags = command->flags & (WIRE_BINARY | WIRE_TRANSIENT),
		.key = path,
		.data = command->data };
	char name[RELAY_NAME_BYTES];

	if (path.len > PATH_MAX_BYTES)
		return; /* no host can have a connection there */
	if (ret->number > 0 && sender != NULL && (command->flags & WIRE_EXCLUDE_SENDER)) {
		push.flags |= WIRE_EXCLUDE_SENDER | WIRE_OTHER_CONN; /* it may come to another host */
		push.conn = sender->id;
	}
	publish(relay, relay_path_channel(relay, path, name), &push, WIRE_NOT_RELAYED, ret);
}

/* Those who are on the path elsewhere are closed, too: as it is with a push, once, and told again when it got lost. */
static void
publish_kick(struct relay *relay, const struct wire_command *command, struct wire_reply *ret)
{
	char name[RELAY_NAME_BYTES];

	if (command->key.len <= PATH_MAX_BYTES)
		publish(relay, relay_path_channel(relay, command->key, name), command, WIRE_NOT_RELAYED, ret);
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
	char name[RELAY_NAME_BYTES];

	switch (command->type) {
	case WIRE_BROADCAST:
		if (ret->status == WIRE_OK)
			publish_to_path(relay, sender, path_span(sender->place.path), command, ret);
		return;
	case WIRE_PUSH:
		if (ret->status == WIRE_OK)
			publish_to_path(relay, NULL, command->key, command, ret);
		return;
	case WIRE_KICK:
		if (ret->status == WIRE_OK)
			publish_kick(relay, command, ret);
		return;
	case WIRE_USER_PUSH:
	case WIRE_USER_CLOSE:
		if (ret->status == WIRE_OK)
			publish(relay, relay_user_channel(relay, command->key, name), command, WIRE_NOT_RELAYED, ret);
		return;
	case WIRE_SEND:
	case WIRE_DISCONNECT:
		if (ret->status == WIRE_NO_CONN && (command->flags & WIRE_OTHER_CONN))
			publish_to_host(relay, command, ret);
		return;
	case WIRE_SET:
	case WIRE_COUNT:
	case WIRE_STATS:
	case WIRE_REPLAY:
	case WIRE_HISTORY:
	case WIRE_USER:
	case WIRE_USER_COUNT:
	case WIRE_CONNS:
	case WIRE_PRESENT: /* its members tell it themselves: muster.h */
	case WIRE_MEMBERS:
	case WIRE_ANSWER:
		return;
	}
}

bool
relay_recall(struct relay *relay, struct span name)
{
	struct path *path = hub_path_to_keep(relay->hub, name);

	if (path == NULL || path->past.limits.messages == 0)
		return false;
	histories_hear(&relay->hub->histories, path);
	return channel_open(relay, path);
}

bool
relay_hear(struct relay *relay, struct span name)
{
	struct path *path = hub_path_to_hear(relay->hub, name);

	return path != NULL && channel_open(relay, path);
}

/* --- what arrives ------------------------------------------------------------------------------------- */

/* Returns true when what is missing of it may still come. */
static bool
host_gone(struct relay *relay, struct host *host, bool leaves)
{
	log_info("host disconnected host=%08x why=%s", envelope_instance(host->origin), leaves ? "leaves" : "silent");
	hosts_leave(&relay->hosts, host);
	channels_forget(relay, host, UINT64_MAX);
	questions_host_gone(relay, host);
	musters_forget(relay, host, leaves);
	repair_host_gone(relay, host);
	return channels_fetch(relay, host);
}

static void
forget_host(void *context, struct host *host)
{
	repair_forget_host(context, host);
	host->forgotten = true;
}

/* What it has missed and said matters for as long as it can be told again. */
static void
forget_long_gone(struct relay *relay)
{
	uint64_t beats = HOSTS_BEATS + 2 * (uint64_t)relay->conf->ws_backplane_repair_seconds;
	struct host *host;

	while ((host = hosts_long_gone(&relay->hosts, beats)) != NULL)
		forget_host(relay, host);
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
	if (relay->up_since_ms == 0 || relay->transport->released || is_too_early(relay))
		return;
	relay->transport->calls->release(relay->transport);
	kept_restart(&relay->kept, relay_now_ms(relay));
}

static void
take_alive(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	if (envelope->flags & ENVELOPE_LEAVES) {
		if (!host_gone(relay, host, true))
			forget_host(relay, host);
		return;
	}
	if (envelope->since != host->since) {
		channels_forget(relay, host, envelope->since);
		musters_doubt(relay, host, envelope->since);
	}
	host->since = envelope->since;
	if (envelope->flags & ENVELOPE_DEAF) {
		hosts_await(&relay->hosts, host);
		return;
	}
	hosts_arrived(&relay->hosts, host);
	release_waiting(relay);
}

static void
answer_count(struct relay *relay, const struct host *host, const struct envelope *question)
{
	const struct path *path = hub_find_path(relay->hub, question->path.data, question->path.len);
	struct envelope answer = { .type = ENVELOPE_COUNT,
		.count = inquiry_count_here(relay, question->path),
		.question = question->sequence,
		.path = question->path };
	char name[RELAY_NAME_BYTES];

	if (muster_answer(relay, host, path, question->flags & ENVELOPE_MEMBERS))
		answer.flags = ENVELOPE_MEMBERS;
	relay_tell(relay, relay_host_channel(relay, host->origin, name), &answer);
}

/* The next word of the host about its state: false for what comes twice, or too late. */
static bool
is_news(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	if (envelope->sequence <= host->state_sequence) {
		relay->n_duplicates++;
		return false;
	}
	host->state_sequence = envelope->sequence;
	return true;
}

static void
take_count(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	struct path *path = hub_find_path(relay->hub, envelope->path.data, envelope->path.len);

	if (envelope->flags & ENVELOPE_ASKS)
		answer_count(relay, host, envelope);
	if (envelope->question != 0)
		inquiries_take_answer(relay, envelope);
	if (path != NULL && path->channel != NULL)
		channel_take_count(relay, path->channel, host, envelope);
}

static void
greet(struct relay *relay, struct host *host)
{
	log_info("host connected host=%08x", envelope_instance(host->origin));
	relay->transport->calls->beat(relay->transport); /* so that it knows us at once */
	if (host->state_sequence != 0)
		channels_ask_again(relay);
	if (host->state_sequence == 0 && host->command_sequence == 0)
		repair_host_new(relay, host);
	else
		repair_host_back(relay, host);
}

/* Our own words: of what comes to all that is the beat, which proves that we are heard. */
static void
take_own(struct relay *relay, const struct envelope *envelope)
{
	if (envelope->type == ENVELOPE_ALIVE && !(envelope->flags & ENVELOPE_LEAVES))
		relay->transport->calls->beat_heard(relay->transport, envelope->sequence);
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
	if (envelope.origin == relay->origin) {
		take_own(relay, &envelope);
		return;
	}
	host = hosts_heard(&relay->hosts, envelope.origin, &is_new);
	if (host == NULL) {
		log_limited(LOG_LEVEL_ERROR, "host ignored host=%08x why=too-many", envelope_instance(envelope.origin));
		return;
	}
	if (is_new)
		greet(relay, host);
	switch (envelope.type) {
	case ENVELOPE_COMMAND:
		repair_take(relay, host, &envelope, data);
		return;
	case ENVELOPE_COUNT:
		if (is_news(relay, host, &envelope))
			take_count(relay, host, &envelope);
		return;
	case ENVELOPE_PRESENCE:
		if (is_news(relay, host, &envelope))
			muster_take(relay, host, &envelope);
		return;
	case ENVELOPE_CALL:
		if (is_news(relay, host, &envelope))
			muster_called(relay, host, &envelope);
		return;
	case ENVELOPE_ALIVE:
		take_alive(relay, host, &envelope);
		return;
	case ENVELOPE_REPAIR:
		retell(relay, host, &envelope);
		return;
	case ENVELOPE_REPAIRED:
		repair_answered(relay, host, &envelope);
		return;
	case ENVELOPE_QUESTION:
		question_take(relay, host, &envelope);
		return;
	case ENVELOPE_ANSWER:
		questions_take_answer(relay, host, &envelope);
		return;
	}
}

/* --- the transport comes and goes ---------------------------------------------------------------------------- */

static void
on_subscribe_all(void *context)
{
	struct relay *relay = context;
	char name[RELAY_NAME_BYTES];

	relay->own_ticket =
	    relay->transport->calls->subscribe(relay->transport, relay_host_channel(relay, relay->origin, name));
	channels_subscribe(relay);
	inboxes_subscribe(relay);
}

/* The channel of this host is. What was sent to its connections meanwhile is missing. */
static void
own_subscribed(struct relay *relay)
{
	bool first = relay->own.since_ms == 0;

	relay->own_subscribed = true;
	if (first)
		relay->own.since_ms = relay_now_ms(relay);
	else
		repair_channel(relay, &relay->own);
}

/* Whether the channel is of that kind, and what it is about. */
static bool
is_channel(const struct relay *relay, struct span name, const char *kind, struct span *ret)
{
	size_t prefix = strlen(relay->conf->ws_backplane_prefix), before = prefix + strlen(kind);

	if (name.len <= before || memcmp(name.data + prefix, kind, strlen(kind)) != 0)
		return false;
	*ret = span_from(name, before);
	return true;
}

static void
on_subscribed(void *context, struct span name, uint64_t ticket)
{
	struct relay *relay = context;
	struct span about;
	struct path *path = NULL;
	struct user *user = NULL;

	if (ticket == relay->own_ticket)
		own_subscribed(relay);
	if (is_channel(relay, name, ":ws:", &about))
		path = hub_find_path(relay->hub, about.data, about.len);
	if (is_channel(relay, name, ":user:", &about))
		user = users_find(&relay->hub->users, about);
	if (path != NULL && path->channel != NULL)
		channel_subscribed(relay, path->channel, ticket);
	if (user != NULL && user->inbox != NULL)
		inbox_subscribed(relay, user->inbox, ticket);
}

/* What was told of counts before may not have arrived: it holds no more once the others hear a beat. */
static void
on_publishing(void *context)
{
	struct relay *relay = context;

	relay->since = ++relay->state_sequence;
	channels_say_again(relay);
	repair_ask_again(relay);
	fetches_ask_again(relay);
}

static struct span
beat_text(void *context, uint64_t number, bool hears)
{
	struct relay *relay = context;
	const struct envelope alive = { .type = ENVELOPE_ALIVE,
		.flags = hears ? 0 : ENVELOPE_DEAF,
		.origin = relay->origin,
		.sequence = number,
		.since = relay->since };

	return relay_put(relay, &alive);
}

static void
on_up(void *context)
{
	struct relay *relay = context;

	relay->up_since_ms = relay_now_ms(relay);
	release_waiting(relay);
}

/* When nothing is said and nothing heard, the others may be away too. */
static void
part(struct relay *relay)
{
	relay->up_since_ms = 0;
	if (!relay->own_subscribed && !relay->transport->publishing)
		hosts_await_all(&relay->hosts);
	inquiries_tick(relay, UINT64_MAX);
	questions_tick(relay, UINT64_MAX);
}

static void
on_unsubscribed(void *context)
{
	struct relay *relay = context;

	relay->own_subscribed = false;
	part(relay);
	channels_part(relay);
	inboxes_part(relay);
}

static void
on_unheard(void *context)
{
	part(context);
}

static void
on_beat(void *context)
{
	struct relay *relay = context;
	struct host *host;

	hosts_beat(&relay->hosts);
	while ((host = hosts_silent(&relay->hosts)) != NULL)
		host_gone(relay, host, false);
	forget_long_gone(relay);
	kept_expire(&relay->kept, relay_now_ms(relay));
	channels_ask_late(relay);
	musters_check(relay);
	release_waiting(relay);
}

static void
on_measured(void *context, uint64_t token, uint64_t bytes)
{
	fetches_measured(context, token, bytes);
}

static void
on_recalled(void *context, uint64_t token, const struct transport_past *past)
{
	fetches_told(context, token, past);
}

static void
on_told(void *context, uint64_t token, uint32_t receivers)
{
	if (!channels_told(context, token, receivers) && !inquiries_told(context, token, receivers))
		questions_told(context, token, receivers);
}

/* --- the loop ------------------------------------------------------------------------------------------ */

void
relay_tick(struct relay *relay)
{
	bool held = channels_tick(relay, relay_now_ms(relay));
	bool unheard = inboxes_tick(relay, relay_now_ms(relay));
	bool awaited = inquiries_tick(relay, relay_now_ms(relay));
	bool asked = questions_tick(relay, relay_now_ms(relay));
	bool missing = repair_tick(relay, relay_now_ms(relay));

	relay->waits = held || unheard || awaited || asked || missing;
}

void
relay_flush(struct relay *relay)
{
	channels_flush(relay);
	musters_flush(relay);
	repair_flush(relay);
	fetches_flush(relay);
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
		.unsubscribed = on_unsubscribed,
		.publishing = on_publishing,
		.unheard = on_unheard,
		.subscribed = on_subscribed,
		.up = on_up,
		.beat_text = beat_text,
		.beat = on_beat,
		.told = on_told,
		.message = on_message,
		.measured = on_measured,
		.recalled = on_recalled,
	};

	*relay = (struct relay){ .conf = conf, .hub = hub, .transport = transport, .origin = origin };
	kept_open(&relay->kept, conf->ws_backplane_repair_bytes, 1000 * (uint64_t)conf->ws_backplane_repair_seconds);
	relay->hosts.forget = forget_host;
	relay->hosts.context = relay;
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
	questions_tick(relay, UINT64_MAX);
	message = relay_put_state(relay, &leaving);
	if (!relay->out.failed)
		relay->transport->calls->tell_all(relay->transport, message);
	channels_free(relay);
	inboxes_free(relay);
	repair_channel_gone(relay, &relay->own);
	hosts_close(&relay->hosts);
	kept_close(&relay->kept);
	buf_free(&relay->out);
	relay->hub = NULL;
}
