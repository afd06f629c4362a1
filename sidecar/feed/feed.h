/*
 * feed - events on their way up to the workers.
 *
 * Each path whose route has a handler has a lane: its events in order, kept
 * until their acknowledgement. When its worker is gone, what that one has not
 * acknowledged goes to the next, marked with a higher attempt. A supervisor says
 * over which event its worker has died; one over which FEED_MAX_DEATHS workers
 * have died is given up, and its connection is closed with 1011.
 *
 * Which worker gets them is the business of dispatch, who is there that of the
 * roster, what an acknowledgement does that of ack.
 */
#ifndef SIDECAR_FEED_H
#define SIDECAR_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/feed/histogram.h"
#include "sidecar/feed/once.h"

struct client;
struct conf;
struct event;
struct hub;
struct lane;
struct path;
struct routes;
struct user;
struct wire_command;
struct wire_delivery;
struct wire_reply;
struct worker;

enum feed_limits {
	FEED_RESUMES = 256,  /* clients read again per turn */
	FEED_MAX_DEATHS = 3, /* of workers over one event: then it is given up */
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
	uint64_t epoch;

	uint64_t generation; /* changes with the set of workers and routes */
	uint64_t next_event;
	uint64_t n_sent;      /* events */
	struct lane *ready;   /* has events to send */
	struct lane *lonely;  /* has events to send, but no worker */
	struct lane *starved; /* has events to send, but there was no memory for it */
	struct client *paused;
	bool resume;        /* some of the paused may be read again */
	uint32_t n_waiting; /* events without an acknowledgement */
	struct histogram round_trips;
	uint64_t redelivered;
	uint64_t given_up;
	struct once once; /* requests that are remembered */
	struct {
		uint64_t n_requests; /* all told */
		uint64_t n_again;    /* that were remembered */
		uint64_t n_refused;  /* that no handler gets */
		uint64_t n_foreign;  /* control frames that make no sense here */
	} asks;                      /* asks.c */
};

/* What makes a message a request. */
struct asked {
	uint64_t number;
	struct outcome *outcome; /* or NULL */
};

/* Borrows the settings and the hub; epoch distinguishes it from every earlier one. */
void feed_open(struct feed *feed, const struct conf *conf, struct hub *hub, uint64_t epoch);

/* Frees the hub's clients, whose sockets must be gone. One that was never opened is fine. */
void feed_close(struct feed *feed);

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void feed_listen(struct feed *feed, const struct feed_events *events, void *context);

/* --- from clients ---------------------------------------------------------- */

/* A client that has entered its path: it joins now if the path is push-only. 0, -ENOENT without a route, or -ENOMEM. */
int feed_client_open(struct feed *feed, struct client *client);

/* A whole message. May stop reading from the client. 0 or -ENOMEM. */
int feed_client_message(struct feed *feed, struct client *client, const void *data, size_t len, bool binary);

/* The same for one that wants an answer, of a client that has joined and has a handler. */
int feed_client_request(
    struct feed *feed, struct client *client, struct span data, bool binary, const struct asked *asked);

/* Its socket is gone. Frees the client, now or when its close event has been acknowledged. */
void feed_client_gone(struct feed *feed, struct client *client);

/* --- from other hosts ------------------------------------------------------------- */

/* The path was held; it is no more, and its elsewhere is set. Its events go on. */
void feed_release(struct feed *feed, struct path *path);

/* The user was held; he is no more: his new connections open. */
void feed_release_user(struct feed *feed, struct user *user);

/* --- from the roster ------------------------------------------------------------- */

/* The set of workers or routes has changed: every lane chooses anew when it next sends. */
void feed_choose_anew(struct feed *feed);

/* The worker has died over this event, which it holds: that may have been once too often. */
void feed_blame(struct feed *feed, struct event *event);

/* The worker is gone: what it owes goes round again. */
void feed_take_back(struct feed *feed, struct worker *worker);

/* The same for the table of routes: every path looks for its route, and without one its connections close. */
void feed_rematch(struct feed *feed, const struct routes *routes);

/* --- from those who send and acknowledge ------------------------------------------- */

/* The event that the worker holds by just this delivery, or NULL. */
struct event *feed_find(const struct feed *feed, const struct worker *worker, const struct wire_delivery *delivery);

/* The event is done with: takes it out of its lane and frees it. */
void feed_drop_event(struct feed *feed, struct event *event);

/* The last event of a client that is gone was acknowledged: frees the client. */
void feed_remove_client(struct feed *feed, struct client *client);

/* Reads from a client that has joined, now or when its worker has room. */
void feed_read(struct feed *feed, struct client *client);

/* --- from the loop --------------------------------------------------------------- */

/* Reads again from those whose workers have room, FEED_RESUMES at most: feed->resume tells whether some are left. */
void feed_resume(struct feed *feed);

/* There may be more room than before. */
void feed_resume_soon(struct feed *feed);

/* Each second: clients that have waited for a worker too long. */
void feed_tick(struct feed *feed, uint64_t now_ms);

#endif
