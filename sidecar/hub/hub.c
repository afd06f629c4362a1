#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "sidecar/hub/ahead.h"
#include "sidecar/hub/array.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/held.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/names.h"
#include "sidecar/hub/stream.h"
#include "sidecar/hub/users.h"

enum {
	CLOSE_MS = 5000, /* for what is queued; libwebsockets gives the handshake as long */
	PART_MS = 1000,  /* for the handshake, while others wait for theirs */
};

void
hub_open(struct hub *hub, const struct conf *conf, struct deflate *deflate, uint64_t origin)
{
	*hub = (struct hub){ .conf = conf, .next_epoch = origin };
	slots_open(&hub->slots);
	batches_open(&hub->batches, conf, deflate, &hub->histories);
	hub->batches.origin = origin;
	hub->presences = (struct presences){ .conf = conf, .batches = &hub->batches };
	histories_open(&hub->histories, conf, origin);
}

void
hub_listen(struct hub *hub, const struct hub_events *events, void *context)
{
	hub->events = events;
	hub->context = context;
	hub->presences.changed = events == NULL ? NULL : events->member_changed;
	hub->presences.context = context;
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

/* --- paths -------------------------------------------------------------------- */

static struct path *
path_new(struct hub *hub, const char *name, size_t len)
{
	struct path *path = calloc(1, sizeof(*path));

	if (path == NULL)
		return NULL;
	path->name = malloc(len + 1);
	if (path->name == NULL) {
		free(path);
		return NULL;
	}
	memcpy(path->name, name, len);
	path->name[len] = '\0';
	path->len = len;
	path->epoch = hub->next_epoch++;
	path->past.since_ms = hub->histories.shared ? UINT64_MAX : 0;
	HASH_ADD_KEYPTR(hh, hub->paths, path->name, path->len, path);
	if (!HASH_ADDED(path)) {
		free(path->name);
		free(path);
		return NULL;
	}
	memory_add(sizeof(*path) + len);
	return path;
}

static void
path_free(struct hub *hub, struct path *path)
{
	if (hub->events != NULL)
		hub->events->path_gone(hub->context, path);
	presence_free(&hub->presences, path);
	histories_forget(&hub->histories, path);
	HASH_DELETE(hh, hub->paths, path);
	batch_free(&hub->batches, path);
	memory_remove(sizeof(*path) + path->len);
	free(path->members);
	free(path->name);
	free(path);
}

/* What is there for nobody's sake any more. */
static void
path_free_if_idle(struct hub *hub, struct path *path)
{
	if (path->n_clients == 0 && histories_is_over(&hub->histories, path) && !presence_is_awaited(path->presence))
		path_free(hub, path);
}

struct path *
hub_path_to_keep(struct hub *hub, struct span name)
{
	struct path *path = hub_find_path(hub, name.data, name.len);
	struct history_limits limits = { 0 };

	if (path != NULL)
		return path;
	if (hub->events != NULL && hub->events->limits_of != NULL && memchr(name.data, '\0', name.len) == NULL)
		limits = hub->events->limits_of(hub->context, name);
	if (limits.messages > 0)
		path = path_new(hub, name.data, name.len);
	if (path != NULL)
		path->past.limits = limits;
	return path;
}

struct path *
hub_path_to_hear(struct hub *hub, struct span name)
{
	struct path *path = hub_find_path(hub, name.data, name.len);

	if (path == NULL && memchr(name.data, '\0', name.len) == NULL)
		path = path_new(hub, name.data, name.len);
	if (path != NULL && path->n_clients == 0)
		histories_hear(&hub->histories, path);
	return path;
}

struct path *
hub_path_restore(struct hub *hub, struct span name, struct history_limits limits, uint64_t since_ms)
{
	struct path *path = hub_find_path(hub, name.data, name.len);

	if (path == NULL)
		path = path_new(hub, name.data, name.len);
	if (path == NULL || histories_begin(&hub->histories, path) < 0)
		return NULL;
	path->past.limits = limits;
	if (!hub->histories.shared) /* what other hosts have said meanwhile was not heard */
		path->past.since_ms = since_ms;
	return path;
}

/* The last ones were kept for who might come. */
void
hub_close(struct hub *hub)
{
	struct path *path, *next;

	hub_flush(hub);
	HASH_ITER(hh, hub->paths, path, next)
		path_free(hub, path);
}

/* --- clients on paths ------------------------------------------------------------ */

static void
count_changed(struct hub *hub, struct path *path)
{
	if (hub->events != NULL)
		hub->events->count_changed(hub->context, path);
}

static int
list_client(struct hub *hub, struct client *client)
{
	if (slots_add(&hub->slots, client) < 0)
		return -ENOMEM;
	HASH_ADD(hh, hub->clients, id.bytes, sizeof(client->id.bytes), client);
	if (HASH_ADDED(client))
		return 0;
	slots_remove(&hub->slots, client);
	return -ENOMEM;
}

int
hub_enter(struct hub *hub, struct client *client, const char *name, size_t len)
{
	struct path *path = hub_find_path(hub, name, len);

	if (path == NULL)
		path = path_new(hub, name, len);
	if (path == NULL)
		return -ENOMEM;
	if (list_client(hub, client) < 0) {
		path_free_if_idle(hub, path);
		return -ENOMEM;
	}
	client->listed.since_ms = hub->histories.now_ms();
	client->place.path = path;
	client->place.state = CLIENT_OPENING;
	client->batch.from = client->batch.to = 0;
	path->n_clients++;
	path->count++;
	count_changed(hub, path);
	return 0;
}

int
hub_join(struct hub *hub, struct client *client)
{
	struct path *path = client->place.path;

	if (ARRAY_RESERVE(path->members, path->n_members, path->cap_members) < 0)
		return -ENOMEM;
	if (batch_enter(&hub->batches, client) < 0)
		return -ENOMEM;
	client->place.member = path->n_members;
	path->members[path->n_members++] = client;
	path->n_deflate += client->socket.deflate;
	path->n_frond += client->ping.frond;
	path->n_streams += client->socket.stream;
	client->place.state = CLIENT_JOINED;
	return 0;
}

static void
remove_member(struct path *path, struct client *client)
{
	struct client *last = path->members[--path->n_members];

	path->n_deflate -= client->socket.deflate;
	path->n_frond -= client->ping.frond;
	path->n_streams -= client->socket.stream;
	path->members[client->place.member] = last;
	last->place.member = client->place.member;
	ARRAY_SHRINK(path->members, path->n_members, path->cap_members);
}

void
hub_leave(struct hub *hub, struct client *client)
{
	struct path *path = client->place.path;

	if (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED)
		return;
	path->count--;
	count_changed(hub, path);
	users_leave(&hub->users, client);
	if (client->place.state == CLIENT_OPENING)
		held_remove(path, client);
	if (client->place.state == CLIENT_JOINED) {
		ahead_remove(path, client);
		names_remove(&hub->names, client);
		if (batch_leave(&hub->batches, client) < 0)
			client_drop(client, "out-of-memory");
		remove_member(path, client);
		presence_leave(&hub->presences, client);
	}
	client->place.state = CLIENT_CLOSING;
}

static void
unlist_ending(struct hub *hub, struct client *client)
{
	if (client->ending.prev == NULL)
		return;
	if (client->ending.parting) {
		DL_DELETE2(hub->parting, client, ending.prev, ending.next);
		hub->n_parting--;
	} else {
		DL_DELETE2(hub->closing, client, ending.prev, ending.next);
	}
	client->ending.prev = client->ending.next = NULL;
}

void
hub_socket_gone(struct hub *hub, struct client *client)
{
	unlist_ending(hub, client);
}

void
hub_remove(struct hub *hub, struct client *client)
{
	struct path *path = client->place.path;

	hub_leave(hub, client);
	unlist_ending(hub, client);
	reading_forget(&hub->readings, client);
	batch_forget(client);
	HASH_DELETE(hh, hub->clients, client);
	slots_remove(&hub->slots, client);
	client->place.path = NULL;
	if (--path->n_clients == 0)
		histories_stay(&hub->histories, path);
	path_free_if_idle(hub, path);
}

void
hub_disconnect(struct hub *hub, struct client *client, uint16_t code, const char *why, struct span reason)
{
	if (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED)
		return;
	client->ending.code = code;
	client->ending.why = why;
	client->ending.by_app = why == NULL;
	hub_leave(hub, client);
	client->ending.reason = reason.len > 0 ? strndup(reason.data, reason.len) : NULL;
	DL_APPEND2(hub->closing, client, ending.prev, ending.next);
}

/* A stream knows no handshake: it stays listed until its socket is gone, or for as long as it may take. */
static bool
ends_as_stream(const struct client *client)
{
	return client->socket.stream && client->socket.wsi != NULL && !client->socket.broken;
}

static void
say_end(const struct hub *hub, struct client *client)
{
	struct frame *last = stream_close(client);

	client->ending.said = true;
	if (last == NULL)
		client_drop(client, "out-of-memory");
	else
		client_write(client, last, hub->conf->ws_queue_bytes);
	frame_unref(last);
}

static void
begin_parting(struct hub *hub, struct client *client)
{
	unlist_ending(hub, client);
	if (client->socket.wsi == NULL || client->socket.broken || client->socket.write_closed)
		return;
	client->ending.parting = true;
	client->ending.by_ms = 0;
	DL_APPEND2(hub->parting, client, ending.prev, ending.next);
	hub->n_parting++;
	client_send_close(client);
}

/* Begins the closing handshake of those to whom everything has been written. The end of one lets the next one go. */
static void
flush_closing(struct hub *hub)
{
	struct client *client, *next;

	DL_FOREACH_SAFE2(hub->closing, client, next, ending.next) {
		if (hub->n_parting >= HUB_PARTING)
			return;
		if (client->socket.wsi != NULL && !client->socket.broken && !client_drained(client))
			continue;
		if (ends_as_stream(client)) {
			if (!client->ending.said)
				say_end(hub, client);
			if (client_ready(client))
				client_finish(client);
			continue;
		}
		begin_parting(hub, client);
	}
}

void
hub_flush(struct hub *hub)
{
	batches_flush(&hub->batches);
	flush_closing(hub);
	users_sweep(&hub->users);
}

/* Returns true when it has been ending for so long, as far as ticks see it. */
static bool
is_late(struct client *client, uint64_t now_ms, uint64_t ms)
{
	if (client->ending.by_ms == 0)
		client->ending.by_ms = now_ms + ms;
	return now_ms >= client->ending.by_ms;
}

/* True when only others who part keep it from doing so. */
static bool
waits_for_others(const struct hub *hub, const struct client *client)
{
	return hub->n_parting >= HUB_PARTING && client_drained(client) && !ends_as_stream(client);
}

static void
cut_late(struct hub *hub, uint64_t now_ms)
{
	struct client *client, *next;

	DL_FOREACH_SAFE2(hub->closing, client, next, ending.next)
		if (!waits_for_others(hub, client) && is_late(client, now_ms, CLOSE_MS))
			client_drop(client, "close-timeout");
	if (hub->n_parting < HUB_PARTING)
		return;
	DL_FOREACH_SAFE2(hub->parting, client, next, ending.next)
		if (is_late(client, now_ms, PART_MS))
			client_hang_up(client);
}

void
hub_tick(struct hub *hub, uint64_t now_ms)
{
	struct client *client;
	struct path *path;

	histories_tick(&hub->histories);
	while ((path = histories_sweep(&hub->histories)) != NULL)
		path_free_if_idle(hub, path);
	while ((path = presence_expire(&hub->presences, now_ms)) != NULL)
		path_free_if_idle(hub, path);
	presence_tick(&hub->presences);
	readings_tick(&hub->readings);
	while ((client = readings_take_late(&hub->readings)) != NULL)
		hub_disconnect(hub, client, CLOSE_POLICY, "message-timeout", SPAN_EMPTY);
	cut_late(hub, now_ms);
}
