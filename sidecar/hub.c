#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/conf.h"
#include "sidecar/frame.h"
#include "sidecar/hub.h"

enum {
	CLOSE_MS = 5000,     /* for what is queued and the closing handshake */
	GROUP = 16,          /* members looked at together */
	KEPT_OWN_FRAMES = 8, /* room for that many stays with a client between turns */
};

void
hub_open(struct hub *hub, const struct conf *conf, uint64_t epoch)
{
	*hub = (struct hub){ .conf = conf, .next_epoch = epoch };
}

void
hub_listen(struct hub *hub, const struct hub_events *events, void *context)
{
	hub->events = events;
	hub->context = context;
}

void
hub_close(struct hub *hub)
{
	hub_flush(hub);
}

const char *
path_name(const struct path *path)
{
	return path == NULL ? "-" : path->name;
}

struct span
path_span(const struct path *path)
{
	return (struct span){ path->name, path->len };
}

struct client *
hub_find(struct hub *hub, const struct wire_id *id)
{
	struct client *client;

	HASH_FIND(hh, hub->clients, id->bytes, sizeof(id->bytes), client);
	return client;
}

struct path *
hub_find_path(struct hub *hub, const char *name, size_t len)
{
	struct path *path;

	HASH_FIND(hh, hub->paths, name, len, path);
	return path;
}

/* --- growing ---------------------------------------------------------------- */

/* Makes room for one more element of the array that array_at points to. Returns 0 or -ENOMEM. */
static int
reserve(void *array_at, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t next = *cap == 0 ? 4 : 2 * *cap;
	void *array;

	if (n < *cap)
		return 0;
	memcpy(&array, array_at, sizeof(array));
	array = realloc(array, next * size);
	if (array == NULL)
		return -ENOMEM;
	memcpy(array_at, &array, sizeof(array));
	*cap = next;
	return 0;
}

#define RESERVE(array, n, cap) reserve(&(array), (n), &(cap), sizeof(*(array)))

/* --- paths -------------------------------------------------------------------- */

static struct path *
path_new(struct hub *hub, const char *name, size_t len)
{
	struct path *path = calloc(1, sizeof(*path));

	if (path == NULL)
		return NULL;
	path->name = strndup(name, len);
	if (path->name == NULL) {
		free(path);
		return NULL;
	}
	path->len = len;
	path->epoch = hub->next_epoch++;
	HASH_ADD_KEYPTR(hh, hub->paths, path->name, path->len, path);
	return path;
}

static void
path_free(struct hub *hub, struct path *path)
{
	if (hub->events != NULL)
		hub->events->path_gone(hub->context, path);
	HASH_DELETE(hh, hub->paths, path);
	free(path->members);
	free(path->batch);
	free(path->specials);
	free(path->name);
	free(path);
}

static void
mark_dirty(struct hub *hub, struct path *path)
{
	if (path->dirty)
		return;
	path->dirty = true;
	LL_PREPEND2(hub->dirty, path, next_dirty);
}

/* From here to the end of the turn this client gets a sequence of its own. */
static int
make_special(struct hub *hub, struct client *client)
{
	struct path *path = client->path;

	if (client->special)
		return 0;
	if (RESERVE(path->specials, path->n_specials, path->cap_specials) < 0)
		return -ENOMEM;
	path->specials[path->n_specials++] = client;
	client->special = true;
	mark_dirty(hub, path);
	return 0;
}

/* --- clients on paths ------------------------------------------------------------ */

static void
count_changed(struct hub *hub, struct path *path)
{
	if (hub->events != NULL)
		hub->events->count_changed(hub->context, path);
}

int
hub_enter(struct hub *hub, struct client *client, const char *name, size_t len)
{
	struct path *path = hub_find_path(hub, name, len);

	if (path == NULL)
		path = path_new(hub, name, len);
	if (path == NULL)
		return -ENOMEM;
	client->path = path;
	client->state = CLIENT_OPENING;
	client->from = client->to = 0;
	path->n_clients++;
	path->count++;
	HASH_ADD(hh, hub->clients, id.bytes, sizeof(client->id.bytes), client);
	count_changed(hub, path);
	return 0;
}

int
hub_join(struct hub *hub, struct client *client)
{
	struct path *path = client->path;

	if (RESERVE(path->members, path->n_members, path->cap_members) < 0)
		return -ENOMEM;
	if (path->n_batch > 0 && make_special(hub, client) < 0)
		return -ENOMEM;
	client->from = path->n_batch;
	client->to = UINT32_MAX;
	client->member = path->n_members;
	path->members[path->n_members++] = client;
	path->n_deflate += client->deflate;
	client->state = CLIENT_JOINED;
	return 0;
}

static void
remove_member(struct path *path, struct client *client)
{
	struct client *last = path->members[--path->n_members];

	path->n_deflate -= client->deflate;
	path->members[client->member] = last;
	last->member = client->member;
}

void
hub_leave(struct hub *hub, struct client *client)
{
	struct path *path = client->path;

	if (client->state != CLIENT_OPENING && client->state != CLIENT_JOINED)
		return;
	path->count--;
	count_changed(hub, path);
	if (client->state == CLIENT_JOINED) {
		/* What the path got before it left is still for this client. */
		client->to = path->n_batch;
		if (path->n_batch > client->from && make_special(hub, client) < 0)
			client_drop(client, "out-of-memory");
		remove_member(path, client);
	}
	client->state = CLIENT_CLOSING;
}

static void
unlist_closing(struct hub *hub, struct client *client)
{
	if (client->prev_closing == NULL)
		return;
	DL_DELETE2(hub->closing, client, prev_closing, next_closing);
	client->prev_closing = client->next_closing = NULL;
}

/* Takes every trace of the client out of the path's unwritten batch. */
static void
forget_in_batch(struct path *path, struct client *client)
{
	for (uint32_t i = 0; i < path->n_batch; i++)
		if (path->batch[i].except == client)
			path->batch[i].except = NULL;
	for (uint32_t i = 0; i < path->n_specials; i++)
		if (path->specials[i] == client)
			path->specials[i] = NULL;
}

void
hub_remove(struct hub *hub, struct client *client)
{
	struct path *path = client->path;

	hub_leave(hub, client);
	unlist_closing(hub, client);
	forget_in_batch(path, client);
	HASH_DELETE(hh, hub->clients, client);
	client->path = NULL;
	if (--path->n_clients > 0)
		return;
	if (path->dirty)
		LL_DELETE2(hub->dirty, path, next_dirty);
	for (uint32_t i = 0; i < path->n_batch; i++)
		frame_unref(path->batch[i].frame);
	path_free(hub, path);
}

void
hub_disconnect(struct hub *hub, struct client *client, uint16_t code, const char *reason, size_t len)
{
	if (client->state != CLIENT_OPENING && client->state != CLIENT_JOINED)
		return;
	hub_leave(hub, client);
	client->close_code = code;
	client->close_reason = len > 0 ? strndup(reason, len) : NULL;
	DL_APPEND2(hub->closing, client, prev_closing, next_closing);
}

/* --- messages ------------------------------------------------------------------------ */

static void flush_path(struct hub *hub, struct path *path);

static void
count_sent(struct hub *hub, const struct frame *frame, uint32_t recipients)
{
	hub->sent++;
	hub->delivered += recipients;
	hub->delivered_bytes += (uint64_t)recipients * frame->len;
}

int
hub_send(struct hub *hub, struct client *client, struct frame *frame)
{
	int r = make_special(hub, client);

	if (r == 0)
		r = RESERVE(client->own, client->n_own, client->cap_own);
	if (r < 0) {
		frame_unref(frame);
		return r;
	}
	client->own[client->n_own++] = (struct own_frame){ frame, client->path->n_batch };
	count_sent(hub, frame, 1);
	return 0;
}

int
hub_broadcast(struct hub *hub, struct path *path, struct frame *frame, struct client *except)
{
	int r = RESERVE(path->batch, path->n_batch, path->cap_batch);

	if (r == 0 && except != NULL)
		r = make_special(hub, except);
	if (r < 0) {
		frame_unref(frame);
		return r;
	}
	path->batch[path->n_batch++] = (struct batch_entry){ frame, except };
	path->batch_bytes += frame->len;
	path->offset++;
	count_sent(hub, frame, path->n_members - (except != NULL));
	mark_dirty(hub, path);
	if (path->batch_bytes >= HUB_BATCH_BYTES)
		flush_path(hub, path);
	return 0;
}

/* --- writing ---------------------------------------------------------------------------- */

/* A message as those get it who have agreed on permessage-deflate, or as all others do. */
static struct frame *
form(const struct hub *hub, struct frame *frame, bool deflate)
{
	return deflate ? frame_deflated(frame, hub->deflate) : frame;
}

static size_t
deflated_bytes(const struct hub *hub, const struct path *path)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < path->n_batch; i++)
		bytes += frame_deflated(path->batch[i].frame, hub->deflate)->len;
	return bytes;
}

/* The whole batch in one buffer; NULL when out of memory. */
static struct frame *
join_batch(const struct hub *hub, const struct path *path, bool deflate)
{
	struct frame *joined;
	size_t at = 0;

	if (path->n_batch == 1)
		return frame_ref(form(hub, path->batch[0].frame, deflate));
	joined = frame_alloc(deflate ? deflated_bytes(hub, path) : path->batch_bytes);
	if (joined == NULL)
		return NULL;
	for (uint32_t i = 0; i < path->n_batch; i++) {
		const struct frame *frame = form(hub, path->batch[i].frame, deflate);

		memcpy(joined->data + at, frame->data, frame->len);
		at += frame->len;
	}
	return joined;
}

/* Writes to one of the members who get the batch as it is. */
static void
write_member(struct hub *hub, struct client *client, bool ready, struct frame *shared)
{
	if (shared == NULL)
		client_drop(client, "out-of-memory");
	else if (ready)
		client_write_now(client, shared, hub->conf->ws_queue_bytes);
	else
		client_write(client, shared, hub->conf->ws_queue_bytes);
}

/*
 * Looks at a group of members before it writes to them: nothing depends on
 * anything there, so that the processor fetches all of them at once.
 */
static void
write_members(struct hub *hub, struct path *path)
{
	struct frame *plain = NULL, *deflated = NULL;

	if (path->n_batch == 0 || path->n_members == 0)
		return;
	if (path->n_deflate < path->n_members)
		plain = join_batch(hub, path, false);
	if (path->n_deflate > 0)
		deflated = join_batch(hub, path, true);
	for (uint32_t at = 0; at < path->n_members; at += GROUP) {
		struct client **group = path->members + at;
		uint32_t n = path->n_members - at < GROUP ? path->n_members - at : GROUP;
		bool ready[GROUP];

		for (uint32_t i = 0; i < n; i++)
			ready[i] = client_ready(group[i]);
		for (uint32_t i = 0; i < n; i++)
			if (!group[i]->special)
				write_member(hub, group[i], ready[i], group[i]->deflate ? deflated : plain);
	}
	frame_unref(plain);
	frame_unref(deflated);
}

/* Steps through what one client gets, in order. Returns NULL at the end. */
static struct frame *
next_of_sequence(
    const struct hub *hub, const struct path *path, const struct client *client, uint32_t *at, uint32_t *own)
{
	for (;;) {
		const struct batch_entry *entry;

		if (*own < client->n_own && client->own[*own].at <= *at)
			return form(hub, client->own[(*own)++].frame, client->deflate);
		if (*at >= path->n_batch)
			return NULL;
		entry = &path->batch[(*at)++];
		if (*at > client->from && *at <= client->to && entry->except != client)
			return form(hub, entry->frame, client->deflate);
	}
}

/* Lays out one client's own sequence in one buffer; *ret is NULL when it gets nothing. 0 or -ENOMEM. */
static int
join_sequence(const struct hub *hub, const struct path *path, const struct client *client, struct frame **ret)
{
	uint32_t at = 0, own = 0, n = 0;
	struct frame *frame, *first = NULL, *joined;
	size_t bytes = 0;

	while ((frame = next_of_sequence(hub, path, client, &at, &own)) != NULL) {
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
	at = own = 0;
	bytes = 0;
	while ((frame = next_of_sequence(hub, path, client, &at, &own)) != NULL) {
		memcpy(joined->data + bytes, frame->data, frame->len);
		bytes += frame->len;
	}
	*ret = joined;
	return 0;
}

static void
reset_special(struct client *client)
{
	for (uint32_t i = 0; i < client->n_own; i++)
		frame_unref(client->own[i].frame);
	client->n_own = 0;
	if (client->cap_own > KEPT_OWN_FRAMES) {
		free(client->own);
		client->own = NULL;
		client->cap_own = 0;
	}
	client->from = 0;
	client->special = false;
	if (client->state != CLIENT_JOINED)
		client->to = 0;
}

static void
write_specials(struct hub *hub, struct path *path)
{
	for (uint32_t i = 0; i < path->n_specials; i++) {
		struct client *client = path->specials[i];
		struct frame *frame;

		if (client == NULL)
			continue; /* gone meanwhile */
		if (join_sequence(hub, path, client, &frame) < 0)
			client_drop(client, "out-of-memory");
		else if (frame != NULL) {
			client_write(client, frame, hub->conf->ws_queue_bytes);
			frame_unref(frame);
		}
		reset_special(client);
	}
	path->n_specials = 0;
}

static void
flush_path(struct hub *hub, struct path *path)
{
	write_members(hub, path);
	write_specials(hub, path);
	for (uint32_t i = 0; i < path->n_batch; i++)
		frame_unref(path->batch[i].frame);
	path->n_batch = 0;
	path->batch_bytes = 0;
}

/* Begins the closing handshake of those to whom everything has been written. */
static void
flush_closing(struct hub *hub)
{
	struct client *client, *next;

	DL_FOREACH_SAFE2(hub->closing, client, next, next_closing) {
		if (client->wsi != NULL && !client->broken && !client_drained(client))
			continue;
		unlist_closing(hub, client);
		if (client->wsi != NULL && !client->broken && !client->write_closed)
			client_send_close(client);
	}
}

void
hub_flush(struct hub *hub)
{
	struct path *path;

	while ((path = hub->dirty) != NULL) {
		LL_DELETE2(hub->dirty, path, next_dirty);
		path->dirty = false;
		flush_path(hub, path);
	}
	flush_closing(hub);
}

void
hub_tick(struct hub *hub, uint64_t now_ms)
{
	struct client *client, *next;

	DL_FOREACH_SAFE2(hub->closing, client, next, next_closing) {
		if (client->close_by == 0)
			client->close_by = now_ms + CLOSE_MS;
		else if (now_ms >= client->close_by)
			client_drop(client, "close-timeout");
	}
}
