/*
 * post - POST /push/PATH and /user/NAME: a push by a program that has no ZeroMQ.
 *
 * The head decides, so that nobody without TINA4_ADMIN_TOKEN gets a byte
 * kept. What is refused is answered at once, and its body swallowed: closing
 * on a client that still sends would cost it the answer. A body that is there is
 * applied as a request of the bus would be.
 */
#ifndef SIDECAR_POST_H
#define SIDECAR_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire.h"

struct conf;
struct guest;
struct head;
struct requests;
struct routes;
struct target;

#define POST_PREFIX "/push/" /* of the path; its last slash is the first of the WebSocket's path */
#define POST_USER_PREFIX "/user/"

struct post_verdict {
	int status; /* 200, or why not */
	const char *why;
	enum wire_command_type type; /* WIRE_PUSH or WIRE_USER_PUSH */
	struct span key;             /* the WebSocket's path, or the user: within the target */
	bool binary;
	bool has_id; /* the query names an earlier try */
	struct wire_id id;
};

/* Pure. */
struct post_verdict post_check(
    const struct head *head, const struct target *target, const struct conf *conf, const struct routes *routes);

/* What a push is answered whose reply has this status: 200, or an error and why. */
struct post_verdict post_outcome(enum wire_status status);

/* Appends what a client hears: the receipt, as JSON. */
void post_put_receipt(struct buf *buf, const struct wire_id *id, const struct wire_reply *reply);

struct posts {
	const struct conf *conf;
	const struct routes *routes;
	struct requests *requests;
};

/* Borrows all of them. */
void posts_open(struct posts *posts, const struct conf *conf, const struct routes *routes, struct requests *requests);

/* A keeper's three moments: the head is there, the body is there, the guest goes. */
void post_begin(struct posts *posts, struct guest *guest);
void post_end(struct posts *posts, struct guest *guest);
void post_forget(struct guest *guest);

#endif
