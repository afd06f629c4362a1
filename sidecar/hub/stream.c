#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "shared/buf.h"
#include "sidecar/hub/ahead.h"
#include "sidecar/hub/block.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/histories.h"
#include "sidecar/hub/names.h"
#include "sidecar/hub/paths.h"
#include "sidecar/hub/stream.h"

/* Takes the blocks, and frees them. */
static struct frame *
make(struct buf *blocks)
{
	struct frame *frame = blocks->failed ? NULL : frame_alloc(blocks->len);

	if (frame != NULL && blocks->len > 0)
		memcpy(frame->data, blocks->data, blocks->len);
	buf_free(blocks);
	return frame;
}

struct frame *
stream_message(const struct frame *message, const struct position *position)
{
	struct buf blocks = BUF_INIT;

	block_put_message(&blocks, frame_payload(message), frame_is_binary(message), position);
	return make(&blocks);
}

struct frame *
stream_resumed(bool whole)
{
	struct buf blocks = BUF_INIT;

	block_put_word(&blocks, whole ? "resumed" : "gap");
	return make(&blocks);
}

static void
put_position(struct buf *ret, const char *type, const struct position *position, const struct client *client)
{
	uint64_t names[COMING_NAMES];

	block_put_position(ret, type, position, names, names_of(client, names));
}

struct frame *
stream_position(const struct position *position, const struct client *client)
{
	struct buf blocks = BUF_INIT;

	put_position(&blocks, "position", position, client);
	return make(&blocks);
}

struct frame *
stream_heartbeat(const struct position *position, const struct client *client)
{
	struct buf blocks = BUF_INIT;

	if (position == NULL)
		block_put_word(&blocks, "heartbeat");
	else
		put_position(&blocks, "heartbeat", position, client);
	return make(&blocks);
}

struct frame *
stream_presence(const struct frame *control)
{
	struct buf blocks = BUF_INIT;

	block_put_presence(&blocks, control_words(control));
	return make(&blocks);
}

struct frame *
stream_close(const struct client *client)
{
	struct buf blocks = BUF_INIT;

	block_put_close(
	    &blocks, client->ending.code, span_of(client->ending.reason == NULL ? "" : client->ending.reason));
	return make(&blocks);
}

/* --- a batch --------------------------------------------------------------------------- */

/* Where everybody is before the batch: each origin stands before the first that it has there. */
static struct position
position_before(const struct histories *histories, const struct path *path)
{
	const struct past past = histories_past(path);
	struct position position = histories_position(histories, &past, 0);

	for (uint32_t i = path->batch.n; i > 0; i--) {
		struct mark mark = path->batch.entries[i - 1].mark;

		if (mark.number > 0)
			position_set(&position, (struct mark){ mark.origin, mark.number - 1 });
	}
	return position;
}

/* What is for this client only, and comes before the entry at that index. Returns how many have been put so far. */
static uint32_t
put_own(const struct client *client, uint32_t own, uint32_t at, struct buf *ret)
{
	for (; own < client->batch.n_own && client->batch.own[own].at <= at; own++)
		buf_bytes(ret, client->batch.own[own].frame->data, client->batch.own[own].frame->len);
	return own;
}

/* True for an entry that came while the client was there, and that it has not had elsewhere. */
static bool
is_for(const struct client *client, const struct batch_entry *entry, uint32_t at)
{
	if (client == NULL)
		return true;
	return at >= client->batch.from && at < client->batch.to &&
	    !(entry->mark.number > 0 && ahead_has(client, entry->mark));
}

static void
put_entry(const struct batch_entry *entry, const struct client *client, struct position *position, struct buf *ret)
{
	bool kept = entry->mark.number > 0;

	if (entry->frame == NULL)
		block_put_presence(ret, control_words(entry->shared));
	else if (client == NULL || entry->except != client)
		block_put_message(
		    ret, frame_payload(entry->frame), frame_is_binary(entry->frame), kept ? position : NULL);
	else if (kept)
		put_position(ret, "position", position, client);
}

static void
put_batch(const struct histories *histories, const struct path *path, const struct client *client, struct buf *ret)
{
	struct position position = position_before(histories, path);
	uint32_t own = 0;

	if (client != NULL && client->coming != NULL)
		position_join(&position, &client->coming->position);
	for (uint32_t i = 0; i < path->batch.n; i++) {
		const struct batch_entry *entry = &path->batch.entries[i];

		if (client != NULL)
			own = put_own(client, own, i, ret);
		if (entry->mark.number > 0)
			position_raise(&position, entry->mark);
		if (is_for(client, entry, i))
			put_entry(entry, client, &position, ret);
	}
	if (client != NULL)
		put_own(client, own, UINT32_MAX, ret);
}

int
stream_lay_out(
    const struct histories *histories, const struct path *path, const struct client *client, struct frame **ret)
{
	struct buf blocks = BUF_INIT;

	put_batch(histories, path, client, &blocks);
	if (blocks.len == 0 && !blocks.failed)
		return 0;
	*ret = make(&blocks);
	return *ret == NULL ? -ENOMEM : 0;
}
