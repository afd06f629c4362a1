#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/envelope.h"
#include "shared/log.h"
#include "shared/path.h"
#include "sidecar/apply.h"
#include "sidecar/feed.h"
#include "sidecar/hub.h"
#include "sidecar/relay.h"

enum {
	HOLD_TICK_MS = 25,
	ASKS_PER_BEAT = 256, /* repeated questions of channels that are late */
	NAME_BYTES = RELAY_CHANNEL_NAME + PATH_MAX_BYTES,
};

/* So many connections are on a path at another host. */
struct remote {
	struct host *host;
	uint32_t count;    /* not 0 */
	uint64_t sequence; /* of what said so */
};

enum channel_state {
	CHANNEL_APART,       /* Redis is away */
	CHANNEL_SUBSCRIBING, /* until Redis confirms it */
	CHANNEL_ASKING,      /* until all others on the path have said their counts */
	CHANNEL_SYNCED,
};

/* A path on which this host has connections. */
struct channel {
	struct path *path;
	enum channel_state state;
	bool late;         /* asks for longer than RELAY_HOLD_MS */
	uint64_t ticket;   /* of its subscription */
	uint64_t question; /* the sequence of ours */
	uint64_t hold_ms;  /* when its open events are no longer held */
	int64_t expected;  /* answers, or -1: not known yet */
	uint32_t n_answers;
	uint32_t told; /* the count that others have heard of */
	struct remote *remotes;
	uint32_t n_remotes;
	bool has_changed;
	struct channel *prev_changed, *next_changed;
	struct channel *prev_asking, *next_asking; /* prev is NULL outside the list */
};

/* A question for the count of a path, from an app. */
struct inquiry {
	struct bus_peer peer;
	uint64_t id;
	uint64_t question; /* the sequence of ours */
	uint64_t until_ms;
	int64_t expected; /* as in a channel */
	uint32_t n_answers;
	uint32_t sum; /* of other hosts */
	struct inquiry *prev, *next;
	size_t path_len;
	char path[];
};

static uint64_t
now_ms(const struct relay *relay)
{
	return uv_now(relay->redis.loop);
}

/* --- names of channels ---------------------------------------------------------------- */

/* "PREFIX:ws:PATH" */
static struct span
path_channel(const struct relay *relay, struct span path, char ret[static NAME_BYTES])
{
	int n = snprintf(ret, NAME_BYTES, "%s:ws:%.*s", relay->conf->ws_backplane_prefix, (int)path.len, path.data);

	return (struct span){ ret, (size_t)n };
}

/* "PREFIX:host:INSTANCE" */
static struct span
host_channel(const struct relay *relay, uint64_t origin, char ret[static NAME_BYTES])
{
	int n = snprintf(ret, NAME_BYTES, "%s:host:%08x", relay->conf->ws_backplane_prefix, envelope_instance(origin));

	return (struct span){ ret, (size_t)n };
}

static struct span
name_of(const struct path *path)
{
	return (struct span){ path->name, path->len };
}

/* --- telling ----------------------------------------------------------------------------- */

static struct span
put(struct relay *relay, const struct envelope *envelope)
{
	buf_clear(&relay->out);
	envelope_put(&relay->out, envelope);
	return span_of_buf(&relay->out);
}

/* What is about the state of this host; what got lost is said anew when Redis is back. Returns its sequence. */
static uint64_t
tell(struct relay *relay, struct span channel, struct envelope *envelope)
{
	bool asks = envelope->flags & ENVELOPE_ASKS;
	struct span message;

	envelope->origin = relay->origin;
	envelope->sequence = ++relay->state_sequence;
	message = put(relay, envelope);
	if (!relay->out.failed)
		relay_redis_tell(&relay->redis, channel, message, asks ? envelope->sequence : 0);
	return envelope->sequence;
}

static uint64_t
tell_count(struct relay *relay, struct span path, uint32_t count, uint16_t flags)
{
	struct envelope envelope = { .type = ENVELOPE_COUNT, .flags = flags, .count = count, .path = path };
	char name[NAME_BYTES];

	return tell(relay, path_channel(relay, path, name), &envelope);
}

static void
answer_count(struct relay *relay, const struct host *host, const struct envelope *question)
{
	const struct path *path = hub_find_path(relay->hub, question->path.data, question->path.len);
	struct envelope answer = { .type = ENVELOPE_COUNT,
		.count = path == NULL ? 0 : path->count,
		.question = question->sequence,
		.path = question->path };
	char name[NAME_BYTES];

	tell(relay, host_channel(relay, host->origin, name), &answer);
}

/* --- channels ------------------------------------------------------------------------------- */

static void
stop_asking(struct relay *relay, struct channel *channel)
{
	if (channel->prev_asking == NULL)
		return;
	DL_DELETE2(relay->asking, channel, prev_asking, next_asking);
	channel->prev_asking = channel->next_asking = NULL;
	if (channel->late)
		relay->n_late--;
	channel->late = false;
}

static void
release(struct relay *relay, struct channel *channel)
{
	if (channel->path->held)
		feed_release(relay->feed, channel->path);
}

/* What is not known of other hosts counts as nothing until all of it is. */
static void
sum_up(struct channel *channel)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < channel->n_remotes; i++)
		sum += channel->remotes[i].count;
	channel->path->elsewhere = sum;
}

static void on_hold(uv_timer_t *timer);

static void
run_hold_timer(struct relay *relay)
{
	if (!uv_is_active((uv_handle_t *)&relay->hold))
		uv_timer_start(&relay->hold, on_hold, HOLD_TICK_MS, HOLD_TICK_MS);
}

static void
start_asking(struct relay *relay, struct channel *channel)
{
	channel->hold_ms = now_ms(relay) + RELAY_HOLD_MS;
	DL_APPEND2(relay->asking, channel, prev_asking, next_asking);
	run_hold_timer(relay);
}

static void
subscribe(struct relay *relay, struct channel *channel)
{
	char name[NAME_BYTES];

	stop_asking(relay, channel);
	channel->ticket = relay_redis_subscribe(&relay->redis, path_channel(relay, name_of(channel->path), name));
	channel->state = CHANNEL_SUBSCRIBING;
	start_asking(relay, channel);
}

/* Asks the other hosts on the path for their counts, which are forgotten until then, and tells them ours. */
static void
ask(struct relay *relay, struct channel *channel)
{
	channel->state = CHANNEL_ASKING;
	channel->expected = -1;
	channel->n_answers = 0;
	channel->n_remotes = 0;
	channel->told = channel->path->count;
	channel->question = tell_count(relay, name_of(channel->path), channel->told, ENVELOPE_ASKS);
}

/* A late channel does not wait for a connection that Redis still has, but whose host is gone. */
static void
sync_if_complete(struct relay *relay, struct channel *channel)
{
	int64_t expected = channel->expected;

	if (channel->late && expected > relay->hosts.n_here)
		expected = relay->hosts.n_here;
	if (channel->state != CHANNEL_ASKING || channel->expected < 0 || channel->n_answers < expected)
		return;
	channel->state = CHANNEL_SYNCED;
	stop_asking(relay, channel);
	sum_up(channel);
	release(relay, channel);
}

static struct channel *
channel_new(struct relay *relay, struct path *path)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL) {
		log_error("path not relayed path=%s error=out-of-memory", path->name);
		return NULL;
	}
	channel->path = path;
	path->channel = channel;
	if (relay->redis.sub == NULL)
		return channel;
	subscribe(relay, channel);
	path->held = relay->redis.state == RELAY_REDIS_UP;
	return channel;
}

static void
forget_changed(struct relay *relay, struct channel *channel)
{
	if (channel->has_changed)
		DL_DELETE2(relay->changed, channel, prev_changed, next_changed);
	channel->has_changed = false;
}

static void
channel_free(struct channel *channel)
{
	channel->path->channel = NULL;
	free(channel->remotes);
	free(channel);
}

/* The path goes, and with it the last event of its last connection: nobody here needs to know more. */
static void
channel_end(struct relay *relay, struct channel *channel)
{
	struct span path = name_of(channel->path);
	char name[NAME_BYTES];

	forget_changed(relay, channel);
	stop_asking(relay, channel);
	if (channel->state != CHANNEL_APART)
		relay_redis_unsubscribe(&relay->redis, path_channel(relay, path, name));
	if (channel->state >= CHANNEL_ASKING && channel->told > 0)
		tell_count(relay, path, 0, 0);
	channel_free(channel);
}

/* Forgets what the host has said here before the sequence. */
static void
forget_remote(struct channel *channel, const struct host *host, uint64_t before)
{
	for (uint32_t i = 0; i < channel->n_remotes; i++) {
		if (channel->remotes[i].host != host || channel->remotes[i].sequence >= before)
			continue;
		channel->remotes[i] = channel->remotes[--channel->n_remotes];
		break;
	}
	if (channel->state == CHANNEL_SYNCED)
		sum_up(channel);
}

/* The host's counts are forgotten on all paths, as far as it has said them before the sequence. */
static void
forget_counts(struct relay *relay, const struct host *host, uint64_t before)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			forget_remote(path->channel, host, before);
}

static int
add_remote(struct channel *channel, struct remote remote)
{
	struct remote *more = realloc(channel->remotes, (channel->n_remotes + 1) * sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	channel->remotes = more;
	more[channel->n_remotes++] = remote;
	return 0;
}

static void
take_remote_count(struct relay *relay, struct channel *channel, struct host *host, const struct envelope *envelope)
{
	const struct remote remote = { host, envelope->count, envelope->sequence };

	forget_remote(channel, host, UINT64_MAX);
	if (remote.count > 0 && add_remote(channel, remote) < 0)
		log_error("count of a host lost path=%s error=out-of-memory", channel->path->name);
	if (envelope->question != 0 && envelope->question == channel->question)
		channel->n_answers++;
	if (channel->state == CHANNEL_SYNCED)
		sum_up(channel);
	else
		sync_if_complete(relay, channel);
}

/* --- from the hub ---------------------------------------------------------------------------- */

void
relay_count_changed(struct relay *relay, struct path *path)
{
	struct channel *channel = path->channel;

	if (channel == NULL && path->count > 0)
		channel = channel_new(relay, path);
	if (channel == NULL || channel->has_changed)
		return;
	channel->has_changed = true;
	DL_APPEND2(relay->changed, channel, prev_changed, next_changed);
}

void
relay_path_gone(struct relay *relay, struct path *path)
{
	if (path->channel != NULL)
		channel_end(relay, path->channel);
}

static void
flush_changed(struct relay *relay)
{
	struct channel *channel;

	while ((channel = relay->changed) != NULL) {
		forget_changed(relay, channel);
		if (channel->state >= CHANNEL_ASKING && channel->path->count != channel->told) {
			channel->told = channel->path->count;
			tell_count(relay, name_of(channel->path), channel->told, 0);
		}
	}
}

/* --- counts that apps ask for --------------------------------------------------------------------- */

static void
end_inquiry(struct relay *relay, struct inquiry *inquiry)
{
	const struct path *here = hub_find_path(relay->hub, inquiry->path, inquiry->path_len);

	DL_DELETE(relay->inquiries, inquiry);
	relay->n_inquiries--;
	relay->counted(
	    relay->counted_context, &inquiry->peer, inquiry->id, inquiry->sum + (here == NULL ? 0 : here->count));
	free(inquiry);
}

static void
end_inquiry_if_complete(struct relay *relay, struct inquiry *inquiry)
{
	if (inquiry->expected >= 0 && inquiry->n_answers >= inquiry->expected)
		end_inquiry(relay, inquiry);
}

static void
take_answer(struct relay *relay, const struct envelope *envelope)
{
	struct inquiry *inquiry, *next;

	DL_FOREACH_SAFE(relay->inquiries, inquiry, next) {
		if (inquiry->question != envelope->question)
			continue;
		inquiry->n_answers++;
		inquiry->sum += envelope->count;
		end_inquiry_if_complete(relay, inquiry);
		return;
	}
}

bool
relay_count(struct relay *relay, struct span path, const struct bus_peer *peer, uint64_t id)
{
	const struct path *here = hub_find_path(relay->hub, path.data, path.len);
	struct inquiry *inquiry;

	if (relay->redis.state != RELAY_REDIS_UP || relay->n_inquiries >= RELAY_INQUIRIES || path.len > PATH_MAX_BYTES)
		return false;
	if (here != NULL && here->channel != NULL)
		return false; /* it is known, or about to be */
	inquiry = calloc(1, sizeof(*inquiry) + path.len);
	if (inquiry == NULL)
		return false;
	inquiry->peer = *peer;
	inquiry->id = id;
	inquiry->until_ms = now_ms(relay) + RELAY_HOLD_MS;
	inquiry->expected = -1;
	inquiry->path_len = path.len;
	memcpy(inquiry->path, path.data, path.len);
	DL_APPEND(relay->inquiries, inquiry);
	relay->n_inquiries++;
	inquiry->question = tell_count(relay, path, 0, ENVELOPE_ASKS);
	run_hold_timer(relay);
	return true;
}

/* --- commands ---------------------------------------------------------------------------------------- */

static void
publish(struct relay *relay, struct span channel, const struct wire_command *command, enum wire_status full,
    struct wire_reply *ret)
{
	struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = relay->origin,
		.sequence = relay->command_sequence + 1,
		.command = *command };
	struct span message = put(relay, &envelope);
	int r = relay->out.failed ? -ENOMEM : relay_redis_publish(&relay->redis, channel, message);

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
	char name[NAME_BYTES];

	if (path.len > PATH_MAX_BYTES)
		return; /* no host can have a connection there */
	publish(relay, path_channel(relay, path, name), &push, WIRE_NOT_RELAYED, ret);
}

/* The connection is not here; the id says where it may be. */
static void
publish_to_host(struct relay *relay, const struct wire_command *command, struct wire_reply *ret)
{
	const struct host *host;
	uint32_t instance;
	char name[NAME_BYTES];

	memcpy(&instance, command->conn.bytes, sizeof(instance));
	host = hosts_find(&relay->hosts, be32toh(instance));
	if (host != NULL)
		publish(relay, host_channel(relay, host->origin, name), command, WIRE_BUSY, ret);
}

void
relay_command(
    struct relay *relay, const struct client *sender, const struct wire_command *command, struct wire_reply *ret)
{
	switch (command->type) {
	case WIRE_BROADCAST:
		if (ret->status == WIRE_OK)
			publish_to_path(relay, name_of(sender->path), command, ret);
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

/* A host is back that had been given up, and its counts with it. */
static void
ask_all(struct relay *relay)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next) {
		struct channel *channel = path->channel;

		if (channel == NULL || channel->state != CHANNEL_SYNCED)
			continue;
		start_asking(relay, channel);
		ask(relay, channel);
	}
}

static void
host_gone(struct relay *relay, struct host *host, const char *why)
{
	log_info("host gone host=%08x why=%s", envelope_instance(host->origin), why);
	hosts_leave(&relay->hosts, host);
	forget_counts(relay, host, UINT64_MAX);
}

/* True while others may not hear yet what has waited: all that are known, or some if we know of none. */
static bool
is_too_early(const struct relay *relay)
{
	bool alone = relay->hosts.n == 0 && outbox_bytes(&relay->redis.outbox) > 0;

	return (relay->hosts.n_awaited > 0 || alone) && now_ms(relay) - relay->up_since_ms < RELAY_AWAIT_MS;
}

static void
release_outbox(struct relay *relay)
{
	if (relay->up_since_ms != 0 && !relay->redis.released && !is_too_early(relay))
		relay_redis_release(&relay->redis);
}

static void
take_alive(struct relay *relay, struct host *host, const struct envelope *envelope)
{
	if (envelope->flags & ENVELOPE_LEAVES) {
		host_gone(relay, host, "leaves");
		return;
	}
	if (envelope->since != host->since)
		forget_counts(relay, host, envelope->since);
	host->since = envelope->since;
	hosts_arrived(&relay->hosts, host);
	release_outbox(relay);
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
		take_answer(relay, envelope);
	if (path != NULL && path->channel != NULL)
		take_remote_count(relay, path->channel, host, envelope);
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
	if (apply_here(relay->hub, NULL, &envelope->command, &reply) != WIRE_OK && reply.status != WIRE_NO_CONN)
		log_warn("command of a host refused host=%08x type=%d status=%d", envelope_instance(host->origin),
		    (int)envelope->command.type, (int)reply.status);
}

static void
greet(struct relay *relay, const struct host *host)
{
	log_info("host here host=%08x", envelope_instance(host->origin));
	relay_redis_beat(&relay->redis); /* so that it knows us at once */
	if (host->state_sequence != 0)
		ask_all(relay);
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
		log_warn("malformed message in redis channel=%.*s", (int)channel.len, channel.data);
		return;
	}
	if (envelope.origin == relay->origin)
		return; /* our own words */
	host = hosts_heard(&relay->hosts, envelope.origin, &is_new);
	if (host == NULL) {
		log_error("host ignored host=%08x why=too-many", envelope_instance(envelope.origin));
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

/* --- Redis comes and goes ---------------------------------------------------------------------------- */

static void
on_subscribe_all(void *context)
{
	struct relay *relay = context;
	const struct envelope alive = {
		.type = ENVELOPE_ALIVE, .origin = relay->origin, .since = relay->state_sequence + 1
	};
	struct path *path, *next;
	char name[NAME_BYTES];

	buf_clear(&relay->redis.beat);
	envelope_put(&relay->redis.beat, &alive);
	relay_redis_subscribe(&relay->redis, host_channel(relay, relay->origin, name));
	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			subscribe(relay, path->channel);
}

static void
on_subscribed(void *context, struct span name, uint64_t ticket)
{
	struct relay *relay = context;
	size_t before = strlen(relay->conf->ws_backplane_prefix) + strlen(":ws:");
	struct path *path = NULL;

	if (name.len > before)
		path = hub_find_path(relay->hub, name.data + before, name.len - before);
	if (path != NULL && path->channel != NULL && path->channel->ticket == ticket)
		ask(relay, path->channel);
}

static void
on_up(void *context)
{
	struct relay *relay = context;

	relay->up_since_ms = now_ms(relay);
	release_outbox(relay);
}

static void
on_down(void *context)
{
	struct relay *relay = context;
	struct path *path, *next;

	relay->up_since_ms = 0;
	hosts_await(&relay->hosts);
	while (relay->inquiries != NULL)
		end_inquiry(relay, relay->inquiries);
	HASH_ITER(hh, relay->hub->paths, path, next) {
		if (path->channel == NULL)
			continue;
		stop_asking(relay, path->channel);
		path->channel->state = CHANNEL_APART;
		release(relay, path->channel);
	}
}

/* Asks again where an answer is missing: a host that is gone by now is not waited for. */
static void
ask_late(struct relay *relay)
{
	int budget = ASKS_PER_BEAT;
	struct channel *channel;

	if (relay->n_late == 0)
		return;
	DL_FOREACH2(relay->asking, channel, next_asking)
		if (channel->late && channel->state == CHANNEL_ASKING && budget-- > 0)
			ask(relay, channel);
}

static void
on_beat(void *context)
{
	struct relay *relay = context;
	struct host *host;

	hosts_beat(&relay->hosts);
	while ((host = hosts_silent(&relay->hosts)) != NULL)
		host_gone(relay, host, "silent");
	ask_late(relay);
	release_outbox(relay);
}

static void
on_told(void *context, uint64_t token, uint32_t receivers)
{
	struct relay *relay = context;
	struct channel *channel, *next_channel;
	struct inquiry *inquiry, *next;

	DL_FOREACH_SAFE2(relay->asking, channel, next_channel, next_asking) {
		if (channel->question != token || channel->state != CHANNEL_ASKING)
			continue;
		channel->expected = (int64_t)receivers - 1; /* all but ourselves */
		sync_if_complete(relay, channel);
		return;
	}
	DL_FOREACH_SAFE(relay->inquiries, inquiry, next) {
		if (inquiry->question != token)
			continue;
		inquiry->expected = receivers;
		end_inquiry_if_complete(relay, inquiry);
		return;
	}
}

/* --- the loop ------------------------------------------------------------------------------------------ */

static void
become_late(struct relay *relay, struct channel *channel)
{
	channel->late = true;
	relay->n_late++;
	if (channel->path->held)
		log_warn("open events go without the counts of other hosts path=%s", channel->path->name);
	release(relay, channel);
}

static void
on_hold(uv_timer_t *timer)
{
	struct relay *relay = timer->data;
	uint64_t now = now_ms(relay);
	struct channel *channel;
	bool waits = relay->inquiries != NULL;

	DL_FOREACH2(relay->asking, channel, next_asking) {
		if (channel->late)
			continue;
		if (now >= channel->hold_ms)
			become_late(relay, channel);
		else
			waits = true;
	}
	while (relay->inquiries != NULL && now >= relay->inquiries->until_ms)
		end_inquiry(relay, relay->inquiries);
	if (!waits)
		uv_timer_stop(&relay->hold);
}

void
relay_flush(struct relay *relay)
{
	flush_changed(relay);
	relay_redis_flush(&relay->redis);
}

const char *
relay_trouble(const struct relay *relay)
{
	if (relay->redis.state != RELAY_REDIS_UP)
		return "redis is away";
	if (!relay->redis.released)
		return "other hosts are away";
	if (relay->n_late > 0)
		return "counts of other hosts are missing";
	return NULL;
}

/* --- opening and closing ------------------------------------------------------------------------------- */

int
relay_open(
    struct relay *relay, const struct conf *conf, uv_loop_t *loop, struct hub *hub, struct feed *feed, uint64_t origin)
{
	static const struct relay_redis_events events = {
		.subscribe_all = on_subscribe_all,
		.subscribed = on_subscribed,
		.up = on_up,
		.down = on_down,
		.beat = on_beat,
		.told = on_told,
		.message = on_message,
	};
	int r;

	*relay = (struct relay){ .conf = conf, .feed = feed, .origin = origin };
	r = relay_redis_open(&relay->redis, conf, loop, &events, relay, envelope_instance(origin));
	if (r < 0)
		return r;
	relay->hub = hub;
	uv_timer_init(loop, &relay->hold);
	relay->hold.data = relay;
	hub->relay = relay;
	return 0;
}

void
relay_close(struct relay *relay)
{
	struct envelope leaving = { .type = ENVELOPE_ALIVE, .flags = ENVELOPE_LEAVES };
	struct path *path, *next;

	if (relay->hub == NULL)
		return;
	while (relay->inquiries != NULL)
		end_inquiry(relay, relay->inquiries);
	tell(relay, span_of(relay->redis.canary), &leaving);
	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			channel_free(path->channel);
	relay->hub->relay = NULL;
	uv_close((uv_handle_t *)&relay->hold, NULL);
	relay_redis_close(&relay->redis);
	hosts_close(&relay->hosts);
	buf_free(&relay->out);
}
