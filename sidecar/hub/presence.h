/*
 * presence - who is on a path, as far as their handlers let others see it.
 *
 * A connection is a member from the moment in which its handler presents it. Clients
 * of frond.1 get all members when they join, if there are some, and one line for each
 * that comes, changes or leaves, in the path's order with its messages: see control.h.
 * Past TINA4_WS_PRESENCE_MAX members only their number is told, once a second.
 *
 * A member whose connection breaks keeps its place for TINA4_WS_PRESENCE_GRACE seconds.
 * Who comes back with its key, as the same user, takes that place: it has neither left
 * nor come. The key is told to nobody else.
 *
 * Members of other hosts are put in by the relay, which is told of ours.
 */
#ifndef SIDECAR_PRESENCE_H
#define SIDECAR_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/hash.h"
#include "shared/span.h"
#include "shared/wire.h"

struct batches;
struct client;
struct conf;
struct frame;
struct path;

enum presence_limits {
	PRESENCE_QUEUE_SHARE = 2,   /* a list takes at most one part of so many of what may wait for a client */
	PRESENCE_ELSEWHERE = 65536, /* members of other hosts on one path: what is more is not known here */
};

struct member {
	UT_hash_handle hh; /* by key */
	uint64_t key;
	uint64_t was;          /* the key of the one whose place it has; 0 for none */
	uint64_t origin;       /* of its host; 0 for one of ours */
	struct frame *line;    /* what is said of it, control_came(); NULL while others may not see it */
	struct frame *welcome; /* tells its client the key; NULL once that was said, or for one that hears nothing */
	struct client *client; /* NULL when it is gone, or elsewhere */
	struct path *path;
	uint32_t round;             /* of the list that has confirmed it last */
	uint64_t until_ms;          /* when its place is lost, in loop ms */
	struct member *prev, *next; /* of those whose place is kept; prev is NULL outside the list */
};

/* The members of a path. */
struct presence {
	struct path *path;
	struct member *members;       /* by key, in the order in which they came */
	uint32_t n, n_own;            /* that others may see; of these ours */
	uint32_t n_kept;              /* of ours, those who are gone and whose place is kept */
	uint32_t elsewhere;           /* that other hosts only count */
	size_t bytes;                 /* of what is said of all of them */
	bool counts;                  /* only their number is told */
	struct frame *list;           /* control_here() of all of them; NULL until somebody asks */
	struct presence *prev, *next; /* of those that have something to say at the next tick; prev is NULL outside */
};

/* Of all paths. */
struct presences {
	const struct conf *conf;
	struct batches *batches;
	/* A member of this host has come, changed or left; NULL for nobody. */
	void (*changed)(void *context, struct path *path, const struct member *member, bool left);
	void *context;
	struct member *kept; /* whose connection is gone, and whose place is kept: the first to lose it first */
	struct presence *late;
	uint64_t now_ms; /* of the latest tick */
	uint32_t n;      /* members that this host knows, also those of others */
};

/* How many there are; presence may be NULL, as with the others that read. */
uint32_t presence_count(const struct presence *presence);

/* The next one of ours that others may see, after `member`, NULL for the first one; NULL at the end. */
const struct member *presence_next_own(const struct presence *presence, const struct member *member);

/* Borrows the text of a member that others may see: see member.h. */
struct span member_text(const struct member *member);

/* Appends {"count":N,"members":[...]}; without the members when only their number is told. */
void presence_put(const struct presence *presence, struct buf *buf);

/* True while the place of a member of ours is kept who is gone. */
bool presence_is_awaited(const struct presence *presence);

/* --- members of ours ----------------------------------------------------------------------------- */

/* WIRE_OK for a command WIRE_PRESENT that can be applied. */
enum wire_status presence_check(const struct wire_command *command);

/*
 * Makes all that a valid command WIRE_PRESENT of a joined client needs but its places in
 * the batch. *ret is what presence_apply() takes; NULL when there is nothing to say.
 * Returns 0 or -ENOMEM.
 */
int presence_make(
    struct presences *presences, struct client *client, const struct wire_command *command, struct frame **ret);

/* Shows the client to the others on its path, or not any more: takes the line. */
void presence_apply(
    struct presences *presences, struct client *client, const struct wire_command *command, struct frame *line);

/* A client has just joined: tells it who is here, and notes with which key it comes. Returns 0 or -ENOMEM. */
int presence_greet(struct presences *presences, struct client *client);

/* A client has just left. */
void presence_leave(struct presences *presences, struct client *client);

/* --- members of other hosts ---------------------------------------------------------------------- */

/* What another host says of one of its members. */
struct presence_said {
	uint64_t origin, key, was;
	uint32_t round;   /* of the list in which it is said, or of the one before it */
	struct span text; /* member_is_valid() */
};

/* It came, or has changed. Returns 0, or -ENOMEM when it is not known now. */
int presence_take(struct presences *presences, struct path *path, const struct presence_said *said);

/* It left. */
void presence_drop(struct presences *presences, struct path *path, uint64_t origin, uint64_t key);

/* A list of all that a host has there has been taken, in this round: those go that were not in it. */
void presence_end(struct presences *presences, struct path *path, uint64_t origin, uint32_t round);

/* The host has none there any more; keep says whether they may come back to another one. */
void presence_forget(struct presences *presences, struct path *path, uint64_t origin, bool keep);

/* So many are on the path who are only counted. */
void presence_set_elsewhere(struct presences *presences, struct path *path, uint32_t n);

/* --- from the hub ---------------------------------------------------------------------------------- */

/* Each second: lets one go whose place is kept no more. Returns its path, or NULL when there is none. */
struct path *presence_expire(struct presences *presences, uint64_t now_ms);

/* Each second, after that: says what is late. */
void presence_tick(struct presences *presences);

/* The path is about to be freed. */
void presence_free(struct presences *presences, struct path *path);

#endif
