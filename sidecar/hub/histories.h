/*
 * histories - the histories of all paths, and how much they may hold together.
 *
 * A position can be judged when it is no older than what its route keeps, and no
 * older than the time since which this host has heard all that was said on the path.
 * Then what it lacks is there, but for what had no room.
 */
#ifndef SIDECAR_HISTORIES_H
#define SIDECAR_HISTORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/hub/history.h"

struct conf;
struct path;

enum histories_limits {
	HISTORIES_PATH_BYTES = 512, /* what a path without messages counts for */
	HISTORIES_STAY_MS = 60000,  /* a path is heard after its last client has left */
	HISTORIES_SWEEP = 4096,     /* paths that one tick looks at */
};

/* Why a message is kept no more. */
enum history_end {
	HISTORY_FULL,   /* its path has newer ones */
	HISTORY_OLD,    /* its time is over */
	HISTORY_BYTES,  /* TINA4_WS_HISTORY_BYTES */
	HISTORY_MEMORY, /* memory is scarce, or there is none */
	HISTORY_ENDS,
};

struct histories {
	const struct conf *conf;
	uint64_t (*now_ms)(void); /* Unix time; of a model, its own */
	uint64_t origin;          /* of this run */
	uint64_t sequence;        /* of its latest message or command */
	uint64_t since_ms;        /* Unix time of its start, or when a history was forgotten too early */
	bool shared;              /* other hosts speak on the paths too: each is heard from a time of its own on */
	struct path *oldest;      /* those with a history, the longest unchanged first */
	struct path *cursor;      /* of the sweep */
	uint32_t n_swept;         /* in this tick */
	size_t bytes;
	uint64_t n_messages;
	uint64_t n_ended[HISTORY_ENDS];
	uint64_t n_resumed, n_gaps, n_malformed; /* clients with a position: whole, not whole, and one that is none */
};

void histories_open(struct histories *histories, const struct conf *conf, uint64_t origin);

/* Other hosts speak on the paths, too. What is known of each is said of each. */
void histories_share(struct histories *histories);

/* The next number of this run. */
struct mark histories_next(struct histories *histories);

/*
 * Keeps a message of the path, whose limits allow it, from now on. Without memory it
 * is dropped at once.
 */
void histories_keep(struct histories *histories, struct path *path, const struct keeping *keeping, struct frame *frame);

/* Makes the history of a path, without messages, if it has none yet. Returns 0 or -ENOMEM. */
int histories_begin(struct histories *histories, struct path *path);

/* Takes another history of the path in the place of its own. Returns 0, or -ENOMEM and has taken nothing. */
int histories_replace(struct histories *histories, struct path *path, struct history *history);

/* Keeps a message of an earlier run, whose origin has been restored. Without memory it is dropped at once. */
void histories_restore(
    struct histories *histories, struct path *path, const struct keeping *keeping, struct frame *frame);

/* Something that was said on the path is gone for good. */
void histories_tear(const struct histories *histories, struct path *path);

/* A path that may not be there. */
struct past {
	struct span name;
	const struct path *path; /* NULL when it is not */
	struct history_limits limits;
};

/* Of one that is. */
struct past histories_past(const struct path *path);

/* Where a client is that gets so many of the last messages, no more than are kept, and everything from now on. */
struct position histories_position(const struct histories *histories, const struct past *past, uint32_t last);

/* False for a position of another path. */
bool histories_is_of(const struct past *past, const struct position *position);

/* True when all that the position lacks is kept, and it is none of the future or of another path. */
bool histories_is_whole(const struct histories *histories, const struct past *past, const struct position *position);

/* Lets go what is too old of the path. */
void histories_expire(struct histories *histories, struct path *path);

/* The path is heard for a while, also without clients. Nothing happens without memory. */
void histories_hear(struct histories *histories, struct path *path);

/*
 * The last client has left. Where other hosts speak, too, the path is heard for a while
 * longer, so that it may come back and know that nothing was said.
 */
void histories_stay(struct histories *histories, struct path *path);

/* The path is about to be freed. */
void histories_forget(struct histories *histories, struct path *path);

/* Nothing of the path needs to be remembered any more, as far as its history goes. */
bool histories_is_over(const struct histories *histories, const struct path *path);

/* Lets go what is too old, of some of the paths. Returns a path that is_over() and has no clients, or NULL. */
struct path *histories_sweep(struct histories *histories);

/* Each tick, before histories_sweep(). */
void histories_tick(struct histories *histories);

/* Lets go the oldest messages while memory is scarce. */
void histories_relieve(struct histories *histories);

#endif
