#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "sidecar/relay/kept.h"

void
kept_open(struct kept *kept, size_t max_bytes, uint64_t max_ms)
{
	*kept = (struct kept){ .max_bytes = max_bytes, .max_ms = max_ms };
}

static size_t
message_bytes(const struct kept_message *message)
{
	return sizeof(*message) + message->len;
}

static size_t
channel_bytes(const struct kept_channel *channel)
{
	return sizeof(*channel) + channel->len;
}

/* --- channels ----------------------------------------------------------------- */

static void
become_idle(struct kept *kept, struct kept_channel *channel)
{
	DL_APPEND(kept->idle, channel);
	kept->n_idle++;
}

static void
become_busy(struct kept *kept, struct kept_channel *channel)
{
	if (channel->prev == NULL)
		return;
	DL_DELETE(kept->idle, channel);
	channel->prev = channel->next = NULL;
	kept->n_idle--;
}

/* Nothing of it is kept, and from now on it is not known what it has said. */
static void
forget_channel(struct kept *kept, struct kept_channel *channel)
{
	become_busy(kept, channel);
	if (channel->latest > kept->gone)
		kept->gone = channel->latest;
	if (channel->gone_ms > kept->gone_ms)
		kept->gone_ms = channel->gone_ms;
	kept->bytes -= channel_bytes(channel);
	HASH_DEL(kept->channels, channel);
	free(channel);
}

static struct kept_channel *
find_channel(struct kept *kept, struct span name)
{
	struct kept_channel *channel;

	HASH_FIND(hh, kept->channels, name.data, name.len, channel);
	return channel;
}

struct kept_channel *
kept_channel(struct kept *kept, struct span name)
{
	struct kept_channel *channel;

	while (kept->n_idle >= KEPT_IDLE_CHANNELS)
		forget_channel(kept, kept->idle);
	channel = find_channel(kept, name);
	if (channel != NULL)
		return channel;
	channel = calloc(1, sizeof(*channel) + name.len);
	if (channel == NULL)
		return NULL;
	channel->len = name.len;
	memcpy(channel->name, name.data, name.len);
	channel->gone = kept->gone;
	channel->gone_ms = kept->gone_ms;
	kept->bytes += channel_bytes(channel);
	HASH_ADD_KEYPTR(hh, kept->channels, channel->name, channel->len, channel);
	become_idle(kept, channel);
	return channel;
}

/* --- messages ------------------------------------------------------------------- */

static void
note_gone(struct kept_channel *channel, uint64_t sequence, uint64_t at_ms)
{
	if (sequence < channel->gone)
		return;
	channel->gone = sequence;
	channel->gone_ms = at_ms;
}

/* The oldest of all is the oldest of its channel. */
static void
drop_oldest(struct kept *kept)
{
	struct kept_message *message = kept->oldest;
	struct kept_channel *channel = message->channel;

	kept->oldest = message->next;
	if (kept->oldest == NULL)
		kept->newest = NULL;
	channel->oldest = message->sibling;
	note_gone(channel, message->sequence, message->at_ms);
	if (channel->oldest == NULL) {
		channel->newest = NULL;
		become_idle(kept, channel);
	}
	kept->bytes -= message_bytes(message);
	free(message);
}

static void
make_room(struct kept *kept, const struct kept_channel *but, size_t need)
{
	while (kept->oldest != NULL && kept->bytes + need > kept->max_bytes)
		drop_oldest(kept);
	while (kept->idle != NULL && kept->idle != but && kept->bytes + need > kept->max_bytes)
		forget_channel(kept, kept->idle);
}

static struct kept_message *
message_new(struct kept_channel *channel, uint64_t sequence, uint64_t now_ms, struct span data)
{
	struct kept_message *message = malloc(sizeof(*message) + data.len);

	if (message == NULL)
		return NULL;
	*message = (struct kept_message){ .sequence = sequence, .at_ms = now_ms, .channel = channel, .len = data.len };
	memcpy(message->data, data.data, data.len);
	return message;
}

void
kept_add(struct kept *kept, struct kept_channel *channel, uint64_t sequence, uint64_t now_ms, struct span data)
{
	size_t need = sizeof(struct kept_message) + data.len;
	struct kept_message *message = NULL;

	make_room(kept, channel, need);
	channel->latest = sequence;
	if (kept->bytes + need <= kept->max_bytes)
		message = message_new(channel, sequence, now_ms, data);
	if (message == NULL) {
		note_gone(channel, sequence, now_ms);
		return;
	}
	become_busy(kept, channel);
	kept->bytes += need;
	if (kept->newest != NULL)
		kept->newest->next = message;
	else
		kept->oldest = message;
	if (channel->newest != NULL)
		channel->newest->sibling = message;
	else
		channel->oldest = message;
	kept->newest = channel->newest = message;
}

void
kept_expire(struct kept *kept, uint64_t now_ms)
{
	while (kept->oldest != NULL) {
		uint64_t since = kept->oldest->at_ms > kept->clock_ms ? kept->oldest->at_ms : kept->clock_ms;

		if (now_ms - since <= kept->max_ms)
			return;
		drop_oldest(kept);
	}
}

void
kept_restart(struct kept *kept, uint64_t now_ms)
{
	kept->clock_ms = now_ms;
}

const struct kept_message *
kept_after(struct kept *kept, struct span name, uint64_t sequence, uint64_t since_ms, bool *ret_lost)
{
	const struct kept_channel *channel = find_channel(kept, name);
	const struct kept_message *message = channel == NULL ? NULL : channel->oldest;
	uint64_t gone = channel == NULL ? kept->gone : channel->gone;
	uint64_t gone_ms = channel == NULL ? kept->gone_ms : channel->gone_ms;

	*ret_lost = gone != 0 && (sequence != 0 ? gone > sequence : gone_ms >= since_ms);
	while (message != NULL && (sequence != 0 ? message->sequence <= sequence : message->at_ms < since_ms))
		message = message->sibling;
	return message;
}

/* --- the end ---------------------------------------------------------------------- */

void
kept_close(struct kept *kept)
{
	while (kept->oldest != NULL)
		drop_oldest(kept);
	while (kept->idle != NULL)
		forget_channel(kept, kept->idle);
	*kept = (struct kept){ 0 };
}
