/*
 * users - whose connections these are.
 *
 * A connection belongs to the user whom its token names (sub), or whom its handler
 * has set. Here is who has which, while they count on their paths; whether somebody
 * else has connections of a user on another host is the relay's business.
 */
#ifndef SIDECAR_USERS_H
#define SIDECAR_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/hash.h"
#include "shared/span.h"

struct client;
struct inbox;
struct lines;

enum { USERS_BYTES = 96 }; /* that a user takes beside his name */

struct user {
	UT_hash_handle hh;    /* by name */
	struct client *first; /* his connections that are opening or have joined: client->user.next */
	struct user *next;    /* of those who may be gone */
	struct inbox *inbox;  /* what other hosts have for him: the relay's, or NULL */
	struct lines *lines;  /* of what they say: the inbox's, or NULL */
	uint32_t n;
	uint16_t len;
	bool held : 1; /* new connections of his wait until other hosts are heard */
	bool idle : 1; /* he is among those who may be gone */
	char name[];   /* terminated, for the log */
};

/* What they tell who listens to them. */
struct users_events {
	/* The first connection of a user has come; at the end of the turn: the last one has left. */
	void (*came)(void *context, struct user *user);
	void (*gone)(void *context, struct user *user);
};

struct users {
	struct user *by_name;
	struct user *idle;                 /* may be gone: what is happening just now may still be about them */
	const struct users_events *events; /* NULL while nobody listens */
	void *context;                     /* of the events */
};

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void users_listen(struct users *users, const struct users_events *events, void *context);

/* NULL when nobody here is his. */
struct user *users_find(const struct users *users, struct span name);

/*
 * Makes the connection, which is opening or has joined, that of a user, or with an empty name nobody's. Returns 0,
 * -EINVAL for a name that is not valid, or -ENOMEM; it then stays as it was.
 */
int users_set(struct users *users, struct client *client, struct span name);

/* It counts no more. */
void users_leave(struct users *users, struct client *client);

/* At the end of the turn: forgets those who have no connection any more. */
void users_sweep(struct users *users);

/* The name, borrowed; empty for NULL. */
struct span users_span(const struct user *user);

#endif
