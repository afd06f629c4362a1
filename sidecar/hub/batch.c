#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "sidecar/hub/ahead.h"
#include "sidecar/hub/array.h"
#include "shared/conf.h"
#include "sidecar/hub/announce.h"
#include "sidecar/hub/batch.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/paths.h"
#include "sidecar/hub/stream.h"

enum {
	GROUP = 16,          /* members looked at together */
	KEPT_OWN_FRAMES = 8, /* room for that many stays with a client between turns */
	KEPT_ENTRIES = 256,  /* and that much with a path */
};

void
batches_open(
    struct batches *batches, const struct conf *conf, struct deflate *deflate, const struct histories *histories)
{
	*batches = (struct batches){ .conf = conf, .deflate = deflate, .histories = histories };
}

static void
mark_dirty(struct batches *batches, struct path *path)
{
	if (path->batch.dirty)
		return;
	path->batch.dirty = true;
	LL_PREPEND2(batches->dirty, path, batch.next_dirty);
}

/* From here to the end of the turn this client gets a sequence of its own. */
static int
make_special(struct batches *batches, struct client *client)
{
	struct path *path = client->place.path;

	if (client->socket.special)
		return 0;
	if (ARRAY_RESERVE(path->batch.specials, path->batch.n_specials, path->batch.cap_specials) < 0)
		return -ENOMEM;
	path->batch.specials[path->batch.n_specials++] = client;
	client->socket.special = true;
	mark_dirty(batches, path);
	return 0;
}

/* --- who is in it ------------------------------------------------------------------ */

int
batch_enter(struct batches *batches, struct client *client)
{
	const struct batch *batch = &client->place.path->batch;

	if (batch->n > 0 && make_special(batches, client) < 0)
		return -ENOMEM;
	client->batch.from = batch->n;
	client->batch.to = UINT32_MAX;
	return 0;
}

int
batch_leave(struct batches *batches, struct client *client)
{
	client->batch.to = client->place.path->batch.n;
	return client->batch.to > client->batch.from ? make_special(batches, client) : 0;
}

void
batch_forget(struct client *client)
{
	struct batch *batch = &client->place.path->batch;

	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->entries[i].except == client)
			batch->entries[i].except = NULL;
	for (uint32_t i = 0; i < batch->n_specials; i++)
		if (batch->specials[i] == client)
			batch->specials[i] = NULL;
}

static void
clear(struct batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		frame_unref(batch->entries[i].frame);
		frame_unref(batch->entries[i].shared);
		frame_unref(batch->entries[i].own);
		frame_unref(batch->entries[i].have);
	}
	batch->n = 0;
	batch->bytes = 0;
}

void
batch_free(struct batches *batches, struct path *path)
{
	if (path->batch.dirty)
		LL_DELETE2(batches->dirty, path, batch.next_dirty);
	clear(&path->batch);
	free(path->batch.entries);
	free(path->batch.specials);
	path->batch = (struct batch){ 0 };
}

/* --- messages ------------------------------------------------------------------------ */

static void flush_path(struct batches *batches, struct path *path);

static void
count_sent(struct batches *batches, const struct frame *frame, uint32_t recipients)
{
	batches->sent++;
	batches->delivered += recipients;
	batches->delivered_bytes += (uint64_t)recipients * frame->len;
}

/* A text that looks like a control frame, see control.h: it goes to the client in another form. */
static void
escape_for(struct batches *batches, struct client *client, struct frame *frame)
{
	if (frame_escaped(frame) == NULL || make_special(batches, client) < 0)
		client_drop(client, "out-of-memory");
}

/* Takes the frame. */
static int
append_own(struct batches *batches, struct client *client, struct frame *frame, bool is_message)
{
	int r = make_special(batches, client);

	if (r == 0)
		r = ARRAY_RESERVE(client->batch.own, client->batch.n_own, client->batch.cap_own);
	if (r < 0) {
		frame_unref(frame);
		return r;
	}
	client->batch.own[client->batch.n_own++] = (struct own_frame){ frame, client->place.path->batch.n };
	if (is_message)
		count_sent(batches, frame, 1);
	return 0;
}

int
batch_send_blocks(struct batches *batches, struct client *client, struct frame *blocks, bool is_message)
{
	return append_own(batches, client, blocks, is_message);
}

/* Room has been reserved, memory for another form has not: without it, the client goes. */
static int
send_as_block(struct batches *batches, struct client *client, struct frame *frame)
{
	struct frame *block = stream_message(frame, NULL);

	frame_unref(frame);
	if (block != NULL)
		return append_own(batches, client, block, true);
	client_drop(client, "out-of-memory");
	return 0;
}

int
batch_send(struct batches *batches, struct client *client, struct frame *frame)
{
	int r;

	if (client->socket.stream)
		return send_as_block(batches, client, frame);
	r = append_own(batches, client, frame, !frame_is_control(frame));
	if (r == 0 && client->ping.frond)
		escape_for(batches, client, frame);
	return r;
}

static void
escape_for_members(struct batches *batches, struct path *path, struct frame *frame)
{
	for (uint32_t i = 0; i < path->n_members; i++)
		if (path->members[i]->ping.frond)
			escape_for(batches, path->members[i], frame);
}

/*
 * Those who have had the message at another host get a sequence of their own, without
 * it. Those to whom each message says the whole position do so for every message.
 */
static void
skip_ahead(struct batches *batches, struct path *path, struct mark mark)
{
	bool foreign = mark.origin != batches->origin;
	struct client *client;

	DL_FOREACH2(path->past.ahead, client, coming->next)
		if ((client->socket.stream || (foreign && ahead_has(client, mark))) &&
		    make_special(batches, client) < 0)
			client_drop(client, "out-of-memory");
}

int
batch_broadcast(struct batches *batches, struct path *path, struct frame *frame, struct client *except)
{
	return batch_broadcast_kept(batches, path, frame, except, (struct mark){ 0, 0 });
}

int
batch_broadcast_kept(
    struct batches *batches, struct path *path, struct frame *frame, struct client *except, struct mark mark)
{
	int r = ARRAY_RESERVE(path->batch.entries, path->batch.n, path->batch.cap);

	if (r == 0 && except != NULL)
		r = make_special(batches, except);
	if (r < 0) {
		frame_unref(frame);
		return r;
	}
	if (frame_must_escape(frame))
		escape_for_members(batches, path, frame);
	if (mark.number > 0 && path->past.ahead != NULL)
		skip_ahead(batches, path, mark);
	path->batch.entries[path->batch.n++] = (struct batch_entry){ .frame = frame, .except = except, .mark = mark };
	path->batch.bytes += frame->len;
	path->offset++;
	count_sent(batches, frame, path->n_members - (except != NULL));
	mark_dirty(batches, path);
	if (path->batch.bytes >= BATCH_BYTES)
		flush_path(batches, path);
	return 0;
}

int
batch_say(struct batches *batches, struct path *path, struct frame *words)
{
	if (path->n_frond + path->n_streams == 0) {
		frame_unref(words);
		return 0;
	}
	if (ARRAY_RESERVE(path->batch.entries, path->batch.n, path->batch.cap) < 0) {
		frame_unref(words);
		return -ENOMEM;
	}
	path->batch.entries[path->batch.n++] = (struct batch_entry){ .shared = words, .own = frame_ref(words) };
	path->batch.bytes += words->len;
	mark_dirty(batches, path);
	return 0;
}

/* --- room for a record ---------------------------------------------------------------- */

int
batch_reserve_client(struct client *client)
{
	struct batch *batch;

	if (ARRAY_RESERVE(client->batch.own, client->batch.n_own + client->batch.n_reserved, client->batch.cap_own) < 0)
		return -ENOMEM;
	client->batch.n_reserved++;
	if (client->socket.special || client->place.path == NULL)
		return 0;
	batch = &client->place.path->batch;
	if (ARRAY_RESERVE(batch->specials, batch->n_specials + batch->n_reserved_specials, batch->cap_specials) < 0)
		return -ENOMEM;
	batch->n_reserved_specials++;
	return 0;
}

int
batch_reserve_path(struct path *path)
{
	struct batch *batch = &path->batch;

	if (ARRAY_RESERVE(batch->entries, batch->n + batch->n_reserved, batch->cap) < 0)
		return -ENOMEM;
	batch->n_reserved++;
	return 0;
}

void
batch_settle(struct client *client, struct path *path)
{
	if (client != NULL)
		client->batch.n_reserved = 0;
	if (client != NULL && client->place.path != NULL)
		client->place.path->batch.n_reserved_specials = 0;
	if (path != NULL)
		path->batch.n_reserved = 0;
}

/* --- writing ---------------------------------------------------------------------------- */

/* A message as those get it who have agreed on permessage-deflate, or as all others do. */
static struct frame *
form(const struct batches *batches, struct frame *frame, bool deflate)
{
	return deflate ? frame_deflated(frame, batches->deflate) : frame;
}

/* What those get in common who get the batch as it is: with deflate or not, with what frond.1 says or not. */
struct shared {
	bool tells;             /* that differs for those who speak frond.1 */
	struct frame *of[2][2]; /* by frond, and by deflate; NULL before the first one gets it, or when out of memory */
	struct frame *blocks;   /* the same for streams, made before anyone gets it */
};

static size_t
append(struct frame *joined, size_t at, const struct frame *frame)
{
	if (joined != NULL)
		memcpy(joined->data + at, frame->data, frame->len);
	return frame->len;
}

/* Lays out the batch in a buffer that is large enough, or in none. Returns the bytes that it takes. */
static size_t
lay_out(const struct batches *batches, const struct path *path, bool frond, bool deflate, struct frame *joined)
{
	size_t at = 0;

	for (uint32_t i = 0; i < path->batch.n; i++) {
		const struct batch_entry *entry = &path->batch.entries[i];

		if (frond && entry->shared != NULL)
			at += append(joined, at, entry->shared);
		if (entry->frame != NULL)
			at += append(joined, at, form(batches, entry->frame, deflate));
	}
	return at;
}

/* The whole batch in one buffer; NULL when out of memory. */
static struct frame *
join_batch(const struct batches *batches, const struct path *path, bool frond, bool deflate)
{
	const struct batch_entry *first = &path->batch.entries[0];
	struct frame *joined;

	if (path->batch.n == 1 && first->frame == NULL && frond)
		return frame_ref(first->shared);
	if (path->batch.n == 1 && first->frame != NULL && !(frond && first->shared != NULL))
		return frame_ref(form(batches, first->frame, deflate));
	joined = frame_alloc(lay_out(batches, path, frond, deflate, NULL));
	if (joined != NULL)
		lay_out(batches, path, frond, deflate, joined);
	return joined;
}

/* What nobody is told but the messages is the same for all. */
static bool
tells_more(const struct path *path)
{
	for (uint32_t i = 0; i < path->batch.n; i++)
		if (path->batch.entries[i].shared != NULL)
			return true;
	return false;
}

/* The form for one of the members, made when the first one gets it. */
static struct frame *
shared_form(const struct batches *batches, const struct path *path, struct shared *shared, const struct client *client)
{
	bool frond = shared->tells && client->ping.frond, deflate = client->socket.deflate;
	struct frame **form = &shared->of[frond][deflate];

	if (client->socket.stream)
		return shared->blocks;
	if (*form == NULL)
		*form = join_batch(batches, path, frond, deflate);
	return *form;
}

/* Without memory for one buffer, the messages go one by one. */
static void
write_each(struct batches *batches, struct path *path, struct client *client)
{
	for (uint32_t i = 0; i < path->batch.n; i++) {
		const struct batch_entry *entry = &path->batch.entries[i];

		if (client->ping.frond && entry->shared != NULL)
			client_write(client, entry->shared, batches->conf->ws_queue_bytes);
		if (entry->frame != NULL)
			client_write(
			    client, form(batches, entry->frame, client->socket.deflate), batches->conf->ws_queue_bytes);
	}
}

/* Writes to one of the members who get the batch as it is. */
static void
write_member(struct batches *batches, struct path *path, struct client *client, bool ready, struct frame *shared)
{
	if (shared == NULL)
		write_each(batches, path, client);
	else if (shared->len == 0)
		return; /* all of it was for others */
	else if (ready)
		client_write_now(client, shared, batches->conf->ws_queue_bytes);
	else
		client_write(client, shared, batches->conf->ws_queue_bytes);
}

/* Without memory for what they are to be told, they would not know where they are. */
static void
drop_frond(struct path *path)
{
	for (uint32_t i = 0; i < path->n_members; i++)
		if (path->members[i]->ping.frond)
			client_drop(path->members[i], "out-of-memory");
}

static void
drop_streams(struct path *path)
{
	for (uint32_t i = 0; i < path->n_members; i++)
		if (path->members[i]->socket.stream)
			client_drop(path->members[i], "out-of-memory");
}

static struct frame *
make_blocks(const struct batches *batches, struct path *path)
{
	struct frame *blocks = NULL;

	if (path->n_streams > 0 && stream_lay_out(batches->histories, path, NULL, &blocks) < 0)
		drop_streams(path);
	return blocks;
}

/*
 * Looks at a group of members before it writes to them: nothing depends on
 * anything there, so that the processor fetches all of them at once.
 */
static void
write_members(struct batches *batches, struct path *path)
{
	struct shared shared = { .tells = path->n_frond > 0 };

	if (path->batch.n == 0 || path->n_members == 0)
		return;
	if (shared.tells && !announce_to_members(path))
		drop_frond(path);
	shared.tells = shared.tells && tells_more(path);
	shared.blocks = make_blocks(batches, path);
	for (uint32_t at = 0; at < path->n_members; at += GROUP) {
		struct client **group = path->members + at;
		uint32_t n = path->n_members - at < GROUP ? path->n_members - at : GROUP;
		bool ready[GROUP];

		for (uint32_t i = 0; i < n; i++)
			ready[i] = client_ready(group[i]);
		for (uint32_t i = 0; i < n; i++)
			if (!group[i]->socket.special)
				write_member(
				    batches, path, group[i], ready[i], shared_form(batches, path, &shared, group[i]));
	}
	for (size_t i = 0; i < 4; i++)
		frame_unref(shared.of[i / 2][i % 2]);
	frame_unref(shared.blocks);
}

/* The same for one client alone. */
static struct frame *
own_form(const struct batches *batches, struct frame *frame, const struct client *client)
{
	return form(batches, client->ping.frond ? frame_escaped(frame) : frame, client->socket.deflate);
}

/* How far a client's own sequence has been gone through. */
struct cursor {
	uint32_t at, own; /* of the path's batch, and of what is for this client only */
	bool announced;   /* the client was told what comes at `at` */
};

/* What the client gets of the entry that is next; NULL for nothing. Moves on when that is all. */
static struct frame *
next_of_entry(const struct path *path, const struct client *client, struct cursor *cursor)
{
	const struct batch_entry *entry = &path->batch.entries[cursor->at];
	bool is_for_it = cursor->at >= client->batch.from && cursor->at < client->batch.to &&
	    !(entry->mark.number > 0 && ahead_has(client, entry->mark));

	if (is_for_it && entry->except != client && client->ping.frond && entry->own != NULL && !cursor->announced) {
		cursor->announced = true;
		return entry->own;
	}
	cursor->announced = false;
	cursor->at++;
	if (!is_for_it)
		return NULL;
	return entry->except == client ? entry->have : entry->frame;
}

/* Steps through what one client gets, in order, as everybody else gets it. Returns NULL at the end. */
static struct frame *
next_as_it_is(const struct path *path, const struct client *client, struct cursor *cursor)
{
	struct frame *frame = NULL;

	while (frame == NULL) {
		if (!cursor->announced && cursor->own < client->batch.n_own &&
		    client->batch.own[cursor->own].at <= cursor->at)
			return client->batch.own[cursor->own++].frame;
		if (cursor->at >= path->batch.n)
			return NULL;
		frame = next_of_entry(path, client, cursor);
	}
	return frame;
}

/* The same as this client gets it, for whom can_escape(). */
static struct frame *
next_of_sequence(
    const struct batches *batches, const struct path *path, const struct client *client, struct cursor *cursor)
{
	struct frame *frame = next_as_it_is(path, client, cursor);

	return frame == NULL ? NULL : own_form(batches, frame, client);
}

/* False when there is no memory for a form that this client needs. What has been made stays. */
static bool
can_escape(const struct path *path, const struct client *client)
{
	struct cursor cursor = { 0 };
	struct frame *frame;

	while (client->ping.frond && (frame = next_as_it_is(path, client, &cursor)) != NULL)
		if (frame_escaped(frame) == NULL)
			return false;
	return true;
}

/* Lays out one client's own sequence in one buffer; *ret is NULL when it gets nothing. 0 or -ENOMEM. */
static int
join_sequence(const struct batches *batches, const struct path *path, const struct client *client, struct frame **ret)
{
	struct cursor cursor = { 0 };
	struct frame *frame, *first = NULL, *joined;
	size_t bytes = 0;
	uint32_t n = 0;

	while ((frame = next_of_sequence(batches, path, client, &cursor)) != NULL) {
		if (n++ == 0)
			first = frame;
		bytes += frame->len;
	}
	if (n <= 1) {
		*ret = n == 0 ? NULL : frame_ref(first);
		return 0;
	}

	joined = frame_alloc(bytes);
	if (joined == NULL)
		return -ENOMEM;
	cursor = (struct cursor){ 0 };
	bytes = 0;
	while ((frame = next_of_sequence(batches, path, client, &cursor)) != NULL)
		bytes += append(joined, bytes, frame);
	*ret = joined;
	return 0;
}

/* Without memory for one buffer. */
static void
write_sequence(struct batches *batches, const struct path *path, struct client *client)
{
	struct cursor cursor = { 0 };
	struct frame *frame;

	while ((frame = next_of_sequence(batches, path, client, &cursor)) != NULL)
		client_write(client, frame, batches->conf->ws_queue_bytes);
}

static void
reset_special(const struct batches *batches, struct client *client)
{
	for (uint32_t i = 0; i < client->batch.n_own; i++)
		frame_unref(client->batch.own[i].frame);
	client->batch.n_own = 0;
	if (client->batch.cap_own > KEPT_OWN_FRAMES && !batches->reserved) {
		free(client->batch.own);
		client->batch.own = NULL;
		client->batch.cap_own = 0;
	}
	client->batch.from = 0;
	client->socket.special = false;
	if (client->place.state != CLIENT_JOINED)
		client->batch.to = 0;
}

static void
write_special(struct batches *batches, struct path *path, struct client *client)
{
	struct frame *frame = NULL;

	if (!announce_to(path, client) || !can_escape(path, client))
		client_drop(client, "out-of-memory");
	else if (client->socket.stream && stream_lay_out(batches->histories, path, client, &frame) < 0)
		client_drop(client, "out-of-memory");
	else if (!client->socket.stream && join_sequence(batches, path, client, &frame) < 0)
		write_sequence(batches, path, client);
	if (frame != NULL)
		client_write(client, frame, batches->conf->ws_queue_bytes);
	frame_unref(frame);
}

static void
write_specials(struct batches *batches, struct path *path)
{
	for (uint32_t i = 0; i < path->batch.n_specials; i++) {
		struct client *client = path->batch.specials[i];

		if (client == NULL)
			continue; /* gone meanwhile */
		write_special(batches, path, client);
		reset_special(batches, client);
	}
	path->batch.n_specials = 0;
}

/* What one large turn has needed. */
static void
give_back(struct batch *batch)
{
	if (batch->cap > KEPT_ENTRIES) {
		free(batch->entries);
		batch->entries = NULL;
		batch->cap = 0;
	}
	if (batch->cap_specials > KEPT_ENTRIES) {
		free(batch->specials);
		batch->specials = NULL;
		batch->cap_specials = 0;
	}
}

static void
flush_path(struct batches *batches, struct path *path)
{
	write_members(batches, path);
	write_specials(batches, path);
	clear(&path->batch);
	if (!batches->reserved)
		give_back(&path->batch);
}

void
batches_flush(struct batches *batches)
{
	struct path *path;

	while ((path = batches->dirty) != NULL) {
		LL_DELETE2(batches->dirty, path, batch.next_dirty);
		path->batch.dirty = false;
		flush_path(batches, path);
	}
}
