/*
 * feed - events on their way up to the workers.
 *
 * Each path whose route has a handler has a lane: its events in order, kept
 * until their acknowledgement. A lane is served by one worker, chosen by
 * rendezvous hashing over those that announced the route; it moves to another
 * only when nothing is outstanding or its worker is dead. A dead worker's
 * unacknowledged events go to the next one, marked with a higher attempt.
 *
 * A worker is dead when it cannot be routed to, and hung when it says nothing
 * for TINA4_WORKER_TIMEOUT seconds. The event that it was handling then is the
 * oldest that it owes; one over which FEED_MAX_DEATHS workers have died is given
 * up, and its connection is closed with 1011. Whoever is taken for dead and speaks again
 * is unknown, and has to say HELLO.
 */
#ifndef SIDECAR_FEED_H
#define SIDECAR_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/bus.h"
#include "shared/wire.h"
#include "sidecar/histogram.h"
#include "sidecar/routes.h"
#include "sidecar/workers.h"

struct client;
struct conf;
struct hub;
struct lane;
struct path;

enum feed_limits {
	FEED_RESUMES = 256,  /* clients read again per turn */
	FEED_MAX_DEATHS = 3, /* of workers over one event: then it is given up */
	FEED_PROBE_MS = 200, /* between probes of a worker that owes an acknowledgement */
};

/* What the feed tells who listens to it. */
struct feed_events {
	/* A handler's command has been applied here with the outcome *ret: to be handed on to whom else it concerns. */
	void (*applied)(
	    void *context, const struct client *sender, const struct wire_command *command, struct wire_reply *ret);
};

struct feed {
	const struct conf *conf;
	const struct feed_events *events; /* NULL while nobody listens */
	void *context;                    /* of the events */
	struct hub *hub;
	struct bus *bus;
	uint64_t epoch;
	struct routes routes;

	struct workers workers;
	uint64_t generation; /* changes with the set of workers and routes */
	uint64_t next_event;
	uint64_t n_sent;     /* events, in the order in which workers handle them */
	struct lane *ready;  /* has events to send */
	struct lane *lonely; /* has events to send, but no worker */
	struct client *paused;
	bool resume; /* some of the paused may be read again */
	uint64_t now_ms;
	uint64_t now_us;    /* the same clock, for round_trips */
	uint32_t n_waiting; /* events without an acknowledgement */
	struct histogram round_trips;
	uint64_t redelivered;
};

/* Borrows all of them; push-only routes come from the settings. Returns 0 or a negative errno. */
int feed_open(struct feed *feed, const struct conf *conf, struct hub *hub, struct bus *bus, uint64_t epoch);
void feed_close(struct feed *feed);

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void feed_listen(struct feed *feed, const struct feed_events *events, void *context);

/* --- from clients ---------------------------------------------------------- */

/* A client that has entered its path: it joins now if the path is push-only. 0, -ENOENT without a route, or -ENOMEM. */
int feed_client_open(struct feed *feed, struct client *client);

/* A whole message. May stop reading from the client. 0 or -ENOMEM. */
int feed_client_message(struct feed *feed, struct client *client, const void *data, size_t len, bool binary);

/* Its socket is gone. Frees the client, now or when its close event has been acknowledged. */
void feed_client_gone(struct feed *feed, struct client *client);

/* --- from other hosts ------------------------------------------------------------- */

/* The path was held; it is no more, and its elsewhere is set. Its events go on. */
void feed_release(struct feed *feed, struct path *path);

/* --- from the bus ------------------------------------------------------------- */

/*
 * A worker or an app announces its routes; the reader stands at the first one.
 * The patterns that are refused are appended to refused as blobs and counted.
 * Returns 0, -EPROTO, -EBUSY at WORKERS_MAX, or -ENOMEM.
 */
int feed_hello(struct feed *feed, const struct bus_peer *peer, const struct wire_hello *hello,
    struct wire_reader *routes, struct buf *refused, uint16_t *ret_refused);

/*
 * A worker's acknowledgement: applies its commands. Returns 0, or -ESTALE when
 * the worker is not this event's present holder.
 */
int feed_record(struct feed *feed, struct worker *worker, const struct wire_record *record);

/* The worker wants no new events; it is told BYE when it owes nothing more. */
void feed_bye(struct feed *feed, struct worker *worker);

/* --- from the loop --------------------------------------------------------------- */

/* Sends what the turn has gathered, resumes whom it may. */
void feed_flush(struct feed *feed);

/* Each FEED_PROBE_MS. */
void feed_probe(struct feed *feed);

/* Each second: hung workers, clients that have waited too long. */
void feed_tick(struct feed *feed);

/* The route of a path; NULL when there is none. */
const struct route *feed_route(const struct feed *feed, const char *path, size_t len);

/* True when at least one route can serve: push-only, or with a worker. */
bool feed_ready(const struct feed *feed);

#endif
