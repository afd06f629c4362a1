/*
 * hub - who is on which path, and what goes out to them.
 *
 * Nothing is written at once. A message is appended to its path's batch, one
 * ordered list; hub_flush() writes it at the end of the loop turn, straight
 * from one buffer that all recipients share. A client that joined, left, was
 * excluded or got something of its own in that turn has its own sequence laid
 * out, in the same order. So everyone gets at most one write per turn.
 */
#ifndef SIDECAR_HUB_H
#define SIDECAR_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "shared/wire.h"
#include "sidecar/client.h"

struct conf;
struct deflate;
struct lane;
struct route;

enum hub_limits {
	HUB_BATCH_BYTES = 48 << 10, /* a path's batch is written early when it reaches this */
};

/* A message of the batch, and the one client that does not get it (or NULL). */
struct batch_entry {
	struct frame *frame;
	struct client *except;
};

struct path {
	UT_hash_handle hh; /* by name */
	char *name;
	size_t len;
	const struct route *route; /* NULL once it is gone from the table */
	struct lane *lane;         /* events to its worker: the feed's, NULL for push-only */
	struct channel *channel;   /* to other hosts: the relay's, or NULL */
	uint32_t elsewhere;        /* connections on other hosts, as far as the relay knows */
	bool held;                 /* its events wait until that is known */

	uint32_t n_clients; /* that point here, in any state */
	uint32_t count;     /* opening and joined */
	struct client **members;
	uint32_t n_members, cap_members;
	uint32_t n_deflate; /* members who have agreed on permessage-deflate */
	uint64_t epoch;
	uint64_t offset; /* of the latest broadcast */

	struct batch_entry *batch;
	uint32_t n_batch, cap_batch;
	size_t batch_bytes;
	struct client **specials;
	uint32_t n_specials, cap_specials;
	bool dirty;
	struct path *next_dirty;
};

/* What the hub tells who listens to it. */
struct hub_events {
	/* A connection has come to the path, or left it. */
	void (*count_changed)(void *context, struct path *path);
	/* The path is about to be freed. */
	void (*path_gone)(void *context, struct path *path);
};

struct hub {
	const struct conf *conf;
	const struct hub_events *events; /* NULL while nobody listens */
	void *context;                   /* of the events */
	struct deflate *deflate;         /* NULL while no client may agree on it */
	struct client *clients;          /* by id */
	struct path *paths;              /* by name */
	struct path *dirty;              /* something to write */
	struct client *closing;          /* in CLIENT_CLOSING with a socket */
	uint64_t next_epoch;
	uint64_t sent;      /* messages */
	uint64_t delivered; /* messages times recipients */
	uint64_t delivered_bytes;
};

/* Opens an empty hub; epoch distinguishes it from every earlier one. */
void hub_open(struct hub *hub, const struct conf *conf, uint64_t epoch);

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void hub_listen(struct hub *hub, const struct hub_events *events, void *context);

/* Every client must have been removed. */
void hub_close(struct hub *hub);

struct client *hub_find(struct hub *hub, const struct wire_id *id);
struct path *hub_find_path(struct hub *hub, const char *name, size_t len);

/* Puts a new client on its path, which is made if need be: it counts, but is no target. 0 or -ENOMEM. */
int hub_enter(struct hub *hub, struct client *client, const char *path, size_t len);

/* Makes it a target, from the next broadcast on. 0 or -ENOMEM. */
int hub_join(struct hub *hub, struct client *client);

/* Takes it from its path: neither counted nor a target any more. Does nothing the second time. */
void hub_leave(struct hub *hub, struct client *client);

/* Forgets a client, and its path when that was the last one. */
void hub_remove(struct hub *hub, struct client *client);

/* Lets it leave, and close with a code of RFC 6455 section 7.4 after what it was sent. */
void hub_disconnect(struct hub *hub, struct client *client, uint16_t code, const char *reason, size_t len);

/*
 * Each takes the frame's reference, also on failure, and returns 0 or -ENOMEM:
 * to one client; to all members of a path but one (NULL for none), a member.
 */
int hub_send(struct hub *hub, struct client *client, struct frame *frame);
int hub_broadcast(struct hub *hub, struct path *path, struct frame *frame, struct client *except);

/* Writes everything, then begins the closing handshakes that are due. */
void hub_flush(struct hub *hub);

/* Cuts off those whose closing takes too long. */
void hub_tick(struct hub *hub, uint64_t now_ms);

/* The name for the log; "-" without a path. */
const char *path_name(const struct path *path);

/* The name of a path, borrowed. */
struct span path_span(const struct path *path);

#endif
