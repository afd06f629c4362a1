/*
 * paths - one path, and what each part of the sidecar keeps with it.
 *
 * A path is there while a client points to it. The hub makes it and frees it.
 */
#ifndef SIDECAR_PATHS_H
#define SIDECAR_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/hash.h"
#include "shared/wire.h"
#include "sidecar/hub/history.h"

struct channel;
struct lines;
struct client;
struct frame;
struct lane;
struct path;
struct presence;
struct muster;
struct route;

/* A message of the batch, and the one client that does not get it (or NULL). */
struct batch_entry {
	struct frame *frame; /* NULL: only those of frond.1 get something, which is shared and own */
	struct client *except;
	struct mark mark; /* of one that is kept: else its number is 0 */
	/* what is said of the mark to clients of frond.1, or NULL: announce.h */
	struct frame *shared, *own, *have;
};

/* What this turn has for the path's clients: see batch.h. */
struct batch {
	struct batch_entry *entries;
	uint32_t n, cap;
	size_t bytes;
	struct client **specials; /* who gets a sequence of its own; NULL for one that is gone */
	uint32_t n_specials, cap_specials;
	uint32_t n_reserved, n_reserved_specials; /* while a record is prepared: reserve.h */
	bool dirty;
	struct path *next_dirty;
};

struct path {
	UT_hash_handle hh; /* by name */
	char *name;
	size_t len;

	const struct route *route; /* NULL once it is gone from the table */
	struct lane *lane;         /* events to its worker: the feed's, NULL for push-only */
	struct channel *channel;   /* to other hosts: the relay's, or NULL */
	struct lines *lines;       /* of what they say on it: the channel's, or NULL */
	uint32_t elsewhere;        /* connections on other hosts, as far as the relay knows */
	bool held;                 /* its events wait until that is known */
	struct presence *presence; /* who is here, as others may see it; NULL before there is somebody */
	struct muster *muster;     /* what hosts tell each other of that: the channel's, or NULL */

	uint32_t n_clients; /* that point here, in any state */
	uint32_t count;     /* opening and joined */
	struct client **members;
	uint32_t n_members, cap_members;
	uint32_t n_deflate; /* members who have agreed on permessage-deflate */
	uint32_t n_frond;   /* members who speak frond.1 */
	uint32_t n_streams; /* members who listen to an event stream */
	uint64_t epoch;
	uint64_t offset; /* of the latest broadcast */
	struct batch batch;
	/* what is kept of what it got: histories.c */
	struct {
		struct history_limits limits;
		struct history *history;  /* NULL before there is something to know */
		struct path *prev, *next; /* among those with one */
		uint64_t since_ms;        /* Unix time: since then all that is said here is heard */
		struct client *waiting;   /* who is to join once it is known what others have stored: held.h */
		struct client *ahead;     /* who has seen more of other hosts than this one has: ahead.c */
	} past;
};

/* The name for the log; "-" without a path. */
const char *path_name(const struct path *path);

/* The name of a path, borrowed. */
struct span path_span(const struct path *path);

#endif
