/*
 * relay_muster - the members of a path on all hosts: telling ours, and taking those of
 * others.
 *
 * Each host tells the others on the path who comes to it, changes and leaves, and with
 * that which version of its members this makes, and of which. So who has missed
 * something knows, asks, and gets all of them; then only the differences are told to
 * clients. Nothing is forgotten while the transport is away.
 *
 * A host says its versions again now and then, a few at each beat, and asks whether it is
 * right to be silent: so the last word, or the first one, may get lost as well.
 */
#ifndef SIDECAR_RELAY_MUSTER_H
#define SIDECAR_RELAY_MUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/span.h"

struct envelope;
struct host;
struct member;
struct path;
struct relay;

enum muster_limits {
	MUSTER_PART_BYTES = 256 << 10, /* of one message, and what the last member has more */
	MUSTER_CALL_BEATS = 2,         /* for an answer, then it is asked again */
	MUSTER_SAY_BEATS = 10,   /* of ours without a word about a path, then it is said again which version it has */
	MUSTER_QUIET_BEATS = 30, /* of a host's silence about one, then it is asked whether that is right */
	MUSTER_CHECKS = 16,      /* paths that are looked at in a beat */
};

/* What is known of a host's members on a path: only while it has some. */
struct muster_source {
	struct host *host;
	uint64_t version;
	uint64_t sequence;    /* of its latest word about them */
	uint64_t heard_beats; /* our count of beats then */
	uint64_t called_beats;
	bool called;      /* it is asked */
	uint32_t counted; /* they are too many to be told */
	/* its list, while that arrives in parts */
	uint64_t listed; /* its version */
	uint32_t part;   /* the next one */
	uint32_t round;  /* see presence.h */
};

struct muster {
	struct path *path;
	/* ours */
	uint64_t version; /* 0 while there is nobody */
	uint64_t told;    /* the version before the changes */
	struct buf changes;
	bool counts;         /* only their number was told */
	bool lost;           /* a change: all of them are to be told */
	uint64_t said_beats; /* our count of beats then */
	bool has_changed;
	struct muster *prev_changed, *next_changed;
	/* of others */
	struct muster_source *sources;
	uint32_t n_sources;
	struct muster *prev, *next; /* of those with members anywhere; prev is NULL outside */
};

/* Of a path that is heard from now on. */
void muster_open(struct muster *muster, struct path *path);

/* Frees it, and says nothing. */
void muster_close(struct relay *relay, struct muster *muster);

/* --- ours ------------------------------------------------------------------------------- */

/* A member of this host has come to the path, changed or left. */
void muster_changed(struct relay *relay, struct path *path, const struct member *member, bool left);

/* Tells the changes of this turn: of one path, and of all. */
void muster_flush(struct relay *relay, struct muster *muster);
void musters_flush(struct relay *relay);

/* Tells a host who is on the path here, or when it knows of some what they should be. False for nobody. */
bool muster_answer(struct relay *relay, const struct host *host, const struct path *path, bool all);

/* What was told may be lost: says which version it should be. */
void muster_say_again(struct relay *relay, struct muster *muster);

/* A host asks for the members of a path. */
void muster_called(struct relay *relay, const struct host *host, const struct envelope *call);

/* --- those of others -------------------------------------------------------------------------- */

/* Takes what a host says of its members. */
void muster_take(struct relay *relay, struct host *host, const struct envelope *envelope);

/* A host has answered who asked for its count: without members it has none. */
void muster_take_count(struct relay *relay, struct muster *muster, const struct host *host, bool has_members);

/* The host is gone. keep says whether those who were there may come to another one. */
void musters_forget(struct relay *relay, const struct host *host, bool keep);

/* What the host has said before the sequence may have changed. */
void musters_doubt(struct relay *relay, const struct host *host, uint64_t before);

/* At a beat: says and asks again what may have been lost. */
void musters_check(struct relay *relay);

#endif
