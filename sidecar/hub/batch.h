/*
 * batch - what goes out to the clients of a path, and writing it.
 *
 * Nothing is written at once. A message is appended to its path's batch, one
 * ordered list; batches_flush() writes it at the end of the loop turn, straight
 * from one buffer that all recipients share. A client that joined, left, was
 * excluded or got something of its own in that turn has its own sequence laid
 * out, in the same order. So everyone gets at most one write per turn.
 */
#ifndef SIDECAR_BATCH_H
#define SIDECAR_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/hub/position.h"

struct client;
struct conf;
struct deflate;
struct frame;
struct histories;
struct path;

enum batch_limits {
	BATCH_BYTES = 48 << 10, /* a path's batch is written early when it reaches this */
};

/* All paths' batches. */
struct batches {
	const struct conf *conf;
	struct deflate *deflate; /* NULL while no client may agree on it */
	const struct histories *histories;
	struct path *dirty; /* something to write */
	uint64_t origin;    /* of this run: what it says is new to every client */
	bool reserved;      /* a record is being applied, whose room must stay: reserve.h */
	uint64_t sent;      /* messages */
	uint64_t delivered; /* messages times recipients */
	uint64_t delivered_bytes;
};

/* Borrows all of them; deflate may be NULL. */
void batches_open(
    struct batches *batches, const struct conf *conf, struct deflate *deflate, const struct histories *histories);

/*
 * Each takes the frame's reference, also on failure, and returns 0 or -ENOMEM:
 * to one client; to all members of a path but one (NULL for none), a member.
 */
int batch_send(struct batches *batches, struct client *client, struct frame *frame);
int batch_broadcast(struct batches *batches, struct path *path, struct frame *frame, struct client *except);

/* The same to a stream, of blocks that are laid out already: see stream.h. Only messages are counted. */
int batch_send_blocks(struct batches *batches, struct client *client, struct frame *blocks, bool is_message);

/* The same for one that is kept under this mark, of which clients of frond.1 are told. */
int batch_broadcast_kept(
    struct batches *batches, struct path *path, struct frame *frame, struct client *except, struct mark mark);

/*
 * A control frame, see control.h, to all members who speak frond.1, and to streams as an event "presence". Nothing is
 * written before the turn ends: it may be called within libwebsockets' callbacks.
 */
int batch_say(struct batches *batches, struct path *path, struct frame *words);

/*
 * Makes room for one more batch_send() to a client, batch_leave() of it or exclusion
 * of it, or for one more broadcast or batch_say(), so that these cannot fail: until batch_settle(),
 * each call for one more. Returns 0 or -ENOMEM.
 */
int batch_reserve_client(struct client *client);
int batch_reserve_path(struct path *path);

/* All of it has been reserved: the room stays while batches->reserved. Either may be NULL. */
void batch_settle(struct client *client, struct path *path);

/* Writes everything. */
void batches_flush(struct batches *batches);

/* --- from the hub ------------------------------------------------------------------ */

/* The client becomes a member: it gets what its path gets from now on. 0 or -ENOMEM. */
int batch_enter(struct batches *batches, struct client *client);

/* It is about to be no member any more: it still gets what its path has got. Returns 0, or -ENOMEM when it does not. */
int batch_leave(struct batches *batches, struct client *client);

/* Takes every trace of the client out of its path's unwritten batch. */
void batch_forget(struct client *client);

/* Frees what is in a path that goes. */
void batch_free(struct batches *batches, struct path *path);

#endif
