/*
 * lane - one path's events on their way up, in order.
 *
 * What is done with them is the feed's business; here is how they hang together.
 */
#ifndef SIDECAR_LANE_H
#define SIDECAR_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire.h"

struct client;
struct outcome;
struct path;
struct worker;

/* Kept until its acknowledgement, in its lane and with its client. */
struct event {
	struct client *client;
	struct event *prev, *next;         /* in the lane */
	struct event *prev_own, *next_own; /* of the client */
	enum wire_event_kind kind;
	bool binary;
	bool sent;
	bool held; /* its count is this host's only, yet */
	uint16_t attempt;
	uint16_t code;
	uint32_t count;
	uint8_t deaths; /* of workers that were handling it */
	uint64_t id;
	uint64_t sent_us;
	uint64_t number;         /* of the client's request; 0 for a message that wants no answer */
	struct outcome *outcome; /* of a request that is handled once: see once.h */
	size_t len;
	char data[];
};

/* One path's events, oldest first: sent ones, then those still to be sent. */
struct lane {
	struct path *path;
	struct event *events;
	struct event *unsent; /* the first of them */
	struct worker *holder;
	uint32_t n_owed; /* sent and not acknowledged */
	size_t bytes;
	uint64_t generation; /* of the feed when the holder was chosen */
	uint64_t lonely_since_ms;
	struct lane **list; /* feed's list that it is in, or NULL */
	struct lane *prev_listed, *next_listed;
};

/* Returns 0, also when the path has one, or -ENOMEM. */
int lane_make(struct path *path);

/* Its events must be gone. */
void lane_free(struct lane *lane);

/* Puts it into one of the feed's lists, out of the one where it is. */
void lane_list(struct lane *lane, struct lane **where);
void lane_unlist(struct lane *lane);

/* Gives it, and the bytes that wait in it, to a worker; or to none, NULL. */
void lane_set_holder(struct lane *lane, struct worker *worker);

/* Copies the data. Returns NULL when out of memory. */
struct event *event_new(enum wire_event_kind kind, const void *data, size_t len);

/* NULL is fine. */
void event_free(struct event *event);

/* What it takes of TINA4_WORKER_QUEUE_BYTES. */
size_t event_bytes(const struct event *event);

#endif
