/*
 * requests - what programs ask for: a push, a send, a close, a count.
 *
 * Whether it came over the bus or over HTTP, a request is applied once, in time,
 * and where there is a route. A retry gets the answer of its first try.
 */
#ifndef SIDECAR_REQUESTS_H
#define SIDECAR_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"
#include "sidecar/feed/dedup.h"

struct hub;
struct routes;

enum { REQUESTS_STATUSES = WIRE_NOT_READY + 1 };

/* What they tell who listens to them. */
struct requests_events {
	/* A command has been applied here with the outcome *ret: to be handed on to whom else it concerns. */
	void (*applied)(void *context, const struct wire_command *command, struct wire_reply *ret);
};

struct requests {
	struct hub *hub;
	const struct routes *routes;
	const struct requests_events *events; /* NULL while nobody listens */
	void *context;                        /* of the events */
	struct dedup dedup;
	uint64_t pushes[REQUESTS_STATUSES]; /* by outcome; a retry counts as its first try */
};

/* Borrows both. */
void requests_open(struct requests *requests, struct hub *hub, const struct routes *routes);
void requests_close(struct requests *requests);

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void requests_listen(struct requests *requests, const struct requests_events *events, void *context);

/*
 * The answer that an earlier try got, or NULL: borrowed until the next call. What
 * the relay could not take then, it may take now.
 */
const struct wire_reply *requests_earlier(
    struct requests *requests, const struct wire_id *id, const struct wire_command *command);

/* True when the command is for a path that no route matches. */
bool requests_lack_route(const struct requests *requests, const struct wire_command *command);

/* Refuses one that lacks a route. */
void requests_refuse(struct requests *requests, const struct wire_request *request, struct wire_reply *ret);

/* Applies one that is new and does not lack a route, if it is in time. */
void requests_apply(struct requests *requests, const struct wire_request *request, struct wire_reply *ret);

/* Answers what is kept of a path: *ret borrows from text. */
void requests_recall(
    struct requests *requests, const struct wire_command *command, struct buf *text, struct wire_reply *ret);

/* All of it for a command that came another way than over the bus. *ret has no text. */
void requests_take(
    struct requests *requests, const struct wire_id *id, const struct wire_command *command, struct wire_reply *ret);

/* Each second. */
void requests_tick(struct requests *requests);

#endif
