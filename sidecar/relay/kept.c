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
	if (kept->recent == channel)
		kept->recent = NULL;
	HASH_DEL(kept->channels, channel);
	free(channel);
}

static struct kept_channel *
find_channel(struct kept *kept, struct span name)
{
	struct kept_channel *channel = kept->recent;

	if (channel != NULL && channel->len == name.len && memcmp(channel->name, name.data, name.len) == 0)
		return channel;
	HASH_FIND(hh, kept->channels, name.data, name.len, channel);
	if (channel != NULL)
		kept->recent = channel;
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
	channel->stored = channel->gone = kept->gone;
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

/* What a command takes in its block. */
static size_t
place_bytes(size_t len)
{
	size_t bytes = sizeof(struct kept_message) + len, align = _Alignof(struct kept_message);

	return (bytes + align - 1) / align * align;
}

static struct kept_message *
oldest(const struct kept *kept)
{
	return kept->oldest == NULL ? NULL : (struct kept_message *)(kept->oldest->bytes + kept->oldest->gone);
}

/* The oldest block, of which nothing is kept any more. */
static void
free_block(struct kept *kept)
{
	struct kept_block *block = kept->oldest;

	kept->oldest = block->next;
	if (kept->oldest == NULL)
		kept->newest = NULL;
	kept->bytes -= sizeof(*block) + block->size;
	free(block);
}

/* The oldest of all is the oldest of its channel. */
static void
drop_oldest(struct kept *kept)
{
	struct kept_message *message = oldest(kept);
	struct kept_channel *channel = message->channel;

	channel->oldest = message->sibling;
	note_gone(channel, message->sequence, message->at_ms);
	if (channel->oldest == NULL) {
		channel->newest = NULL;
		become_idle(kept, channel);
	}
	kept->oldest->gone += place_bytes(message->len);
	if (kept->oldest->gone == kept->oldest->used)
		free_block(kept);
}

static void
make_room(struct kept *kept, const struct kept_channel *but, size_t need)
{
	while (kept->oldest != NULL && kept->bytes + need > kept->max_bytes)
		drop_oldest(kept);
	while (kept->idle != NULL && kept->idle != but && kept->bytes + need > kept->max_bytes)
		forget_channel(kept, kept->idle);
}

/* Adds a block with room for one command at least. Returns 0, or -1 when there is no room for it. */
static int
add_block(struct kept *kept, const struct kept_channel *channel, size_t place)
{
	size_t usual = kept->max_bytes / 8 < KEPT_BLOCK_BYTES ? kept->max_bytes / 8 : KEPT_BLOCK_BYTES;
	size_t size = place > usual ? place : usual;
	struct kept_block *block = NULL;

	make_room(kept, channel, sizeof(*block) + size);
	if (kept->bytes + sizeof(*block) + size <= kept->max_bytes)
		block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return -1;
	*block = (struct kept_block){ .size = size };
	if (kept->newest != NULL)
		kept->newest->next = block;
	else
		kept->oldest = block;
	kept->newest = block;
	kept->bytes += sizeof(*block) + size;
	return 0;
}

/* A place for a command; NULL when there is none. */
static struct kept_message *
find_place(struct kept *kept, const struct kept_channel *channel, size_t place)
{
	struct kept_block *block = kept->newest;

	if (block == NULL || block->size - block->used < place) {
		if (add_block(kept, channel, place) < 0)
			return NULL;
		block = kept->newest;
	}
	block->used += place;
	return (struct kept_message *)(block->bytes + block->used - place);
}

void
kept_add(struct kept *kept, struct kept_channel *channel, uint64_t sequence, uint64_t now_ms, struct span data)
{
	struct kept_message *message = find_place(kept, channel, place_bytes(data.len));

	channel->latest = sequence;
	if (message == NULL) {
		note_gone(channel, sequence, now_ms);
		return;
	}
	*message = (struct kept_message){ .sequence = sequence, .at_ms = now_ms, .channel = channel, .len = data.len };
	memcpy(message->data, data.data, data.len);
	become_busy(kept, channel);
	if (channel->newest != NULL)
		channel->newest->sibling = message;
	else
		channel->oldest = message;
	channel->newest = message;
}

void
kept_lose(struct kept_channel *channel, uint64_t sequence, uint64_t now_ms)
{
	channel->latest = sequence;
	note_gone(channel, sequence, now_ms);
}

void
kept_expire(struct kept *kept, uint64_t now_ms)
{
	const struct kept_message *message;

	while ((message = oldest(kept)) != NULL) {
		uint64_t since = message->at_ms > kept->clock_ms ? message->at_ms : kept->clock_ms;

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
