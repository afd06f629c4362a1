#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/log.h"
#include "sidecar/hub/hub.h"
#include "sidecar/relay/channel.h"
#include "sidecar/relay/fetch.h"
#include "sidecar/relay/line.h"
#include "sidecar/relay/repair.h"
#include "sidecar/relay/muster.h"
#include "sidecar/relay/state.h"
#include "sidecar/relay/tell.h"
#include "sidecar/relay/transport.h"

enum { ASKS_PER_BEAT = 256 }; /* repeated questions of channels that are late */

/* So many connections are on a path at another host. */
struct remote {
	struct host *host;
	uint32_t count;    /* not 0 */
	uint64_t sequence; /* of what said so */
};

enum channel_state {
	CHANNEL_APART,       /* the transport is away */
	CHANNEL_SUBSCRIBING, /* until it confirms that */
	CHANNEL_ASKING,      /* until all others on the path have said their counts */
	CHANNEL_SYNCED,
};

struct channel {
	struct path *path;
	struct lines lines;
	struct fetch fetch;
	struct muster muster;
	bool missed; /* nothing was heard here for a while: others are to be asked for their commands */
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
		relay->events->released(relay->context, channel->path);
}

/* The counts of other hosts are known, and what they have stored. */
static bool
is_known(const struct channel *channel)
{
	return channel->state == CHANNEL_SYNCED && channel->fetch.state == FETCH_IDLE;
}

static void
release_if_known(struct relay *relay, struct channel *channel)
{
	if (!is_known(channel))
		return;
	stop_asking(relay, channel);
	release(relay, channel);
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

static void
on_fetched(struct relay *relay, struct path *path)
{
	release_if_known(relay, path->channel);
}

static void
start_asking(struct relay *relay, struct channel *channel)
{
	stop_asking(relay, channel);
	channel->hold_ms = relay_hold(relay);
	DL_APPEND2(relay->asking, channel, prev_asking, next_asking);
}

static void
subscribe(struct relay *relay, struct channel *channel)
{
	char name[RELAY_NAME_BYTES];

	channel->ticket = relay->transport->calls->subscribe(
	    relay->transport, relay_path_channel(relay, path_span(channel->path), name));
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
	channel->question = relay_tell_count(relay, path_span(channel->path), channel->told,
	    ENVELOPE_ASKS | (channel->muster.n_sources == 0 ? ENVELOPE_MEMBERS : 0));
}

/* A late channel does not wait for a host that is gone, and still counted as a receiver. */
static void
sync_if_complete(struct relay *relay, struct channel *channel)
{
	int64_t expected = channel->expected;

	if (channel->late && expected > relay->hosts.n_here)
		expected = relay->hosts.n_here;
	if (channel->state != CHANNEL_ASKING || channel->expected < 0 || channel->n_answers < expected)
		return;
	channel->state = CHANNEL_SYNCED;
	sum_up(channel);
	release_if_known(relay, channel);
}

/* --- coming and going ---------------------------------------------------------- */

static struct channel *
channel_new(struct relay *relay, struct path *path)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL) {
		log_limited(LOG_LEVEL_ERROR, "path not relayed path=%s error=out-of-memory", path->name);
		return NULL;
	}
	channel->path = channel->lines.path = path;
	channel->lines.since_ms = relay_now_ms(relay);
	channel->fetch = (struct fetch){
		.done = on_fetched, .path = path, .lines = &channel->lines, .begun_ms = relay->hub->histories.now_ms()
	};
	path->channel = channel;
	path->lines = &channel->lines;
	muster_open(&channel->muster, path);
	if (!relay->transport->connected) {
		channel->missed = true;
		fetch_part(relay, &channel->fetch);
		return channel;
	}
	subscribe(relay, channel);
	path->held = relay->transport->up;
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
channel_free(struct relay *relay, struct channel *channel)
{
	repair_channel_gone(relay, &channel->lines);
	fetch_part(relay, &channel->fetch);
	muster_close(relay, &channel->muster);
	channel->path->channel = NULL;
	channel->path->lines = NULL;
	free(channel->remotes);
	free(channel);
}

/* The path goes, and with it the last event of its last connection: nobody here needs to know more. */
static void
channel_end(struct relay *relay, struct channel *channel)
{
	struct span path = path_span(channel->path);
	char name[RELAY_NAME_BYTES];

	forget_changed(relay, channel);
	stop_asking(relay, channel);
	muster_flush(relay, &channel->muster);
	if (channel->state != CHANNEL_APART)
		relay->transport->calls->unsubscribe(relay->transport, relay_path_channel(relay, path, name));
	if (channel->told > 0)
		relay_tell_count(relay, path, 0, 0);
	channel_free(relay, channel);
}

void
channels_free(struct relay *relay)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			channel_free(relay, path->channel);
}

/* --- from the hub ---------------------------------------------------------------- */

void
channel_count_changed(struct relay *relay, struct path *path)
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
channel_path_gone(struct relay *relay, struct path *path)
{
	if (path->channel != NULL)
		channel_end(relay, path->channel);
}

void
channels_flush(struct relay *relay)
{
	struct channel *channel;

	while ((channel = relay->changed) != NULL) {
		forget_changed(relay, channel);
		/* Before anybody was told, the question will tell it. */
		if ((channel->state >= CHANNEL_ASKING || channel->told > 0) && channel->path->count != channel->told) {
			channel->told = channel->path->count;
			relay_tell_count(relay, path_span(channel->path), channel->told, 0);
		}
	}
}

/* --- from other hosts ------------------------------------------------------------ */

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

void
channels_forget(struct relay *relay, const struct host *host, uint64_t before)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			forget_remote(path->channel, host, before);
}

bool
channels_fetch(struct relay *relay, const struct host *host)
{
	struct path *path, *next;
	bool asked = false;

	if (host->n_apart == 0)
		return false;
	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL && path->channel->state != CHANNEL_APART && lines_misses(path->lines, host))
			asked |= fetch_missed(relay, &path->channel->fetch);
	return asked;
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

void
channel_take_count(struct relay *relay, struct channel *channel, struct host *host, const struct envelope *envelope)
{
	const struct remote remote = { host, envelope->count, envelope->sequence };

	if (envelope->question != 0)
		muster_take_count(relay, &channel->muster, host, envelope->flags & ENVELOPE_MEMBERS);
	forget_remote(channel, host, UINT64_MAX);
	if (remote.count > 0 && add_remote(channel, remote) < 0)
		log_limited(LOG_LEVEL_ERROR, "count of a host lost path=%s error=out-of-memory", channel->path->name);
	if (envelope->question != 0 && envelope->question == channel->question)
		channel->n_answers++;
	if (channel->state == CHANNEL_SYNCED)
		sum_up(channel);
	else
		sync_if_complete(relay, channel);
}

void
channels_ask_again(struct relay *relay)
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

void
channels_ask_late(struct relay *relay)
{
	int budget = ASKS_PER_BEAT;
	struct channel *channel;

	if (relay->n_late == 0)
		return;
	DL_FOREACH2(relay->asking, channel, next_asking)
		if (channel->late && channel->state == CHANNEL_ASKING && budget-- > 0)
			ask(relay, channel);
}

/* --- from the transport -------------------------------------------------------------------- */

void
channels_subscribe(struct relay *relay)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			subscribe(relay, path->channel);
}

void
channel_subscribed(struct relay *relay, struct channel *channel, uint64_t ticket)
{
	if (channel->ticket != ticket)
		return;
	if (channel->missed)
		repair_channel(relay, &channel->lines);
	else if (channel->state == CHANNEL_SUBSCRIBING)
		channel->lines.since_ms = relay_now_ms(relay);
	channel->missed = false;
	fetch_begin(relay, &channel->fetch);
	ask(relay, channel);
}

bool
channel_open(struct relay *relay, struct path *path)
{
	if (path->channel == NULL)
		channel_new(relay, path);
	return path->held;
}

bool
channels_told(struct relay *relay, uint64_t question, uint32_t receivers)
{
	struct channel *channel, *next;

	DL_FOREACH_SAFE2(relay->asking, channel, next, next_asking) {
		if (channel->question != question || channel->state != CHANNEL_ASKING)
			continue;
		channel->expected = (int64_t)receivers - 1; /* all but ourselves */
		sync_if_complete(relay, channel);
		return true;
	}
	return false;
}

void
channels_part(struct relay *relay)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next) {
		if (path->channel == NULL)
			continue;
		stop_asking(relay, path->channel);
		path->channel->state = CHANNEL_APART;
		path->channel->missed = true;
		fetch_part(relay, &path->channel->fetch);
		release(relay, path->channel);
	}
}

static void
say_again(struct relay *relay, struct channel *channel)
{
	muster_say_again(relay, &channel->muster);
	if (channel->state == CHANNEL_ASKING) {
		ask(relay, channel);
	} else if (channel->state == CHANNEL_SYNCED || channel->told > 0) {
		channel->told = channel->path->count;
		relay_tell_count(relay, path_span(channel->path), channel->told, 0);
	}
}

void
channels_say_again(struct relay *relay)
{
	struct path *path, *next;

	HASH_ITER(hh, relay->hub->paths, path, next)
		if (path->channel != NULL)
			say_again(relay, path->channel);
}

/* --- the loop ----------------------------------------------------------------------- */

static void
become_late(struct relay *relay, struct channel *channel)
{
	channel->late = true;
	relay->n_late++;
	if (channel->path->held)
		log_limited(
		    LOG_LEVEL_WARN, "open events go without the counts of other hosts path=%s", channel->path->name);
}

static void
hold_no_longer(struct relay *relay, struct channel *channel)
{
	if (channel->state == CHANNEL_SYNCED)
		stop_asking(relay, channel); /* it is only the store that has not answered */
	else
		become_late(relay, channel);
	if (channel->fetch.state != FETCH_IDLE)
		fetch_give_up(relay, &channel->fetch);
	release(relay, channel);
}

bool
channels_tick(struct relay *relay, uint64_t now_ms)
{
	struct channel *channel, *next;
	bool waits = false;

	DL_FOREACH_SAFE2(relay->asking, channel, next, next_asking) {
		if (channel->late)
			continue;
		if (now_ms >= channel->hold_ms)
			hold_no_longer(relay, channel);
		else
			waits = true;
	}
	return waits;
}
