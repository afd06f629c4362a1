/*
 * scene - hub, feed, roster, dispatch and intake on a real bus, with DEALERs as
 * workers and socketpairs as browsers. Workers and browsers are called by number.
 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/bus.h"
#include "shared/conf.h"
#include "shared/wire.h"
#include "sidecar/feed/dispatch.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/intake.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/feed/roster.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"
#include "tests/unit/fake_browser.h"

enum scene_limits {
	SCENE_PEERS = 5,
	SCENE_BROWSERS = 32,
	SCENE_EPOCH = 77,
	SCENE_HOST = 0,           /* its number */
	SCENE_QUEUE_BYTES = 1000, /* of a worker */
};

/* A worker or an app: its end of the bus. */
struct peer {
	struct bus *bus;
	struct bus_message message; /* the EVENTS that is being read */
	bool open;
	struct wire_reader events;
	struct buf batch;
	unsigned n_stale;
	enum wire_type last; /* of the messages that are no EVENTS */
	struct wire_reply reply;
};

struct scene {
	struct conf conf;
	void *zmq;
	struct bus *bus;
	struct turn turn;
	struct hub hub;
	struct feed feed;
	struct routes routes;
	struct workers workers;
	struct roster roster;
	struct dispatch dispatch;
	struct requests requests;
	struct recalls recalls;
	struct rolls rolls;
	struct intake intake;
	struct peer peers[SCENE_PEERS];
	struct browser browsers[SCENE_BROWSERS];
	unsigned n_clients;
};

void scene_begin(struct scene *scene);

/* Returns true when nothing is left. */
bool scene_end(struct scene *scene);

/* One turn of the sidecar's loop; each of those below that sends something is followed by one. */
void scene_turn(struct scene *scene);

/* The time passes, and what is done each second is done. */
void scene_tick(struct scene *scene, uint64_t ms);

/* --- workers and apps -------------------------------------------------------------- */

void scene_peer_open(struct scene *scene, unsigned i);
void scene_peer_close(struct scene *scene, unsigned i);
void scene_send_header(struct scene *scene, unsigned i, enum wire_type type);

/* pattern is of the only route, or NULL for none. */
void scene_say_hello(struct scene *scene, unsigned i, enum wire_role role, const char *app, const char *pattern);

/* A worker of app "chat" with the route "/chat/{room}". */
void scene_start_worker(struct scene *scene, unsigned i);

/* A supervisor, which has chosen this number for a name; one of its workers, by its number for it. */
void scene_start_supervisor(struct scene *scene, unsigned i, uint8_t id);
void scene_start_watched(struct scene *scene, unsigned i, uint8_t supervisor, uint32_t number);

/* A supervisor says that a worker has died: over this event, or NULL. */
void scene_say_death(struct scene *scene, unsigned i, uint32_t number, const struct wire_event *over);

/* The next event; its kind is WIRE_ATTACH and its id 0 when there is none. */
struct wire_event scene_next_event(struct scene *scene, unsigned i);

/* True when there is none. */
bool scene_idle(struct scene *scene, unsigned i);

bool event_is(const struct wire_event *event, enum wire_event_kind kind, const char *data);

/* What acknowledges it. */
struct wire_record event_record(const struct wire_event *event);

/* Acknowledges an event; commands may be NULL. */
void scene_acknowledge(struct scene *scene, unsigned i, const struct wire_event *event, const struct buf *commands);
void scene_acknowledge_as(
    struct scene *scene, unsigned i, const struct wire_record *record, const struct buf *commands);

/* Acknowledges with one command. */
void scene_answer(
    struct scene *scene, unsigned i, const struct wire_event *event, enum wire_command_type type, const char *data);

void commands_put(struct buf *commands, enum wire_command_type type, uint8_t flags, const char *data);

/* Probes until the sidecar has noticed that a worker's socket is closed, and no more than n are there. */
void scene_wait_for_workers(struct scene *scene, unsigned n);

/* --- browsers --------------------------------------------------------------------------- */

struct client *scene_come(struct scene *scene, unsigned i, const char *path);

/* One whose open the worker has acknowledged. */
struct client *scene_come_and_join(struct scene *scene, unsigned i, const char *path, unsigned worker);

void scene_say(struct scene *scene, unsigned i, const char *text);

/* Its socket is gone; the browser's ends stay until the scene ends. */
void scene_go(struct scene *scene, unsigned i);

/* What it has got since the last time: see browser_got(). */
bool scene_got(struct scene *scene, unsigned i, const char *what);

bool scene_is_read(const struct scene *scene, unsigned i);

#endif
