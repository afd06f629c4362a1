/*
 * history - what has been broadcast and pushed on one path, kept for a while.
 *
 * It holds references to the frames that were sent anyway, each with its mark and
 * time, in the order in which they were sent here; the messages of one origin are
 * in the order of their numbers. For each origin it knows the highest number that
 * is kept no more, so it can tell whether all that a position lacks is there.
 *
 * What it takes counts towards memory.h.
 */
#ifndef SIDECAR_HISTORY_H
#define SIDECAR_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/hub/chain.h"
#include "sidecar/hub/position.h"

struct frame;

enum history_bounds {
	HISTORY_MAX_MESSAGES = 10000, /* that a route may keep for a path */
	HISTORY_MAX_SECONDS = 604800,
	HISTORY_SECONDS = 3600,     /* when a route does not say how long */
	HISTORY_LAG_MS = 60000,     /* by which hosts may hear of a message later than others, or their clocks differ */
	HISTORY_MESSAGE_BYTES = 64, /* what a message costs beside its bytes, when nobody else holds it */
};

/* The highest number that can be kept: of a million messages a second, those of nine years. */
#define HISTORY_NUMBER_MAX ((UINT64_C(1) << 48) - 1)

/* How much a route keeps for each of its paths. */
struct history_limits {
	uint32_t messages; /* 0: nothing */
	uint32_t seconds;
};

/* A message that is to be kept. */
struct keeping {
	struct mark mark;
	uint64_t except; /* who does not get it: client_except(); 0 for nobody */
	uint64_t at_ms;  /* Unix time */
};

/* One that is. There are many, so it has 20 bytes. */
struct history_message {
	struct frame *frame;
	uint64_t number : 48; /* at most HISTORY_NUMBER_MAX */
	uint64_t at_ms : 42;  /* Unix time, until 2109 */
	uint64_t origin : 6;  /* index */
} __attribute__((packed, aligned(4)));

struct history_origin {
	struct mark latest;
	uint64_t latest_ms; /* Unix time of that */
	uint64_t gone;      /* the highest number that is kept no more; 0 for none */
	uint64_t gone_ms;   /* Unix time when it was kept */
	uint32_t n;         /* messages that are kept */
};

struct history {
	struct chain messages; /* struct history_message, oldest first; larger once one of them excludes somebody */
	struct history_origin *origins;
	uint32_t n_origins;  /* at most POSITION_ORIGINS */
	uint64_t changed_ms; /* Unix time of the latest message */
	uint64_t stays_ms;   /* Unix time until which its path is heard though nobody is there */
	uint64_t since_ms;   /* Unix time: what was before cannot be vouched for */
	size_t bytes;        /* of the messages, HISTORY_MESSAGE_BYTES for each included */
};

/* Returns NULL when out of memory. */
struct history *history_new(void);
void history_free(struct history *history);

/* True for one that has been kept already, or that comes after a later one of its origin. */
bool history_has(const struct history *history, struct mark mark);

/* The highest number of an origin that has been kept here, or is known; 0 for none. */
uint64_t history_latest(const struct history *history, uint64_t origin);

/*
 * Keeps a message that history_has() not, with a reference of its own to the frame.
 * Returns 0, or -ENOMEM or -ERANGE when it is dropped at once.
 */
int history_add(struct history *history, const struct keeping *keeping, struct frame *frame);

/* Raises what is known of an origin to what another run or host knew of it; n is not looked at. 0 or -ENOMEM. */
int history_raise_origin(struct history *history, const struct history_origin *origin);

/* Forgets the origins that have said nothing since then, a Unix time, when nobody can lack a word of theirs. */
void history_forget_origins(struct history *history, uint64_t since_ms);

/* Drops the oldest, which is there. */
void history_drop(struct history *history);

/* Adds to a position the marks of all origins before the message at index `before`, which may be the number of all. */
void history_position(const struct history *history, uint32_t before, struct position *ret);

/* True when all that a position lacks is there, of what was said from that Unix time on. */
bool history_is_whole(const struct history *history, const struct position *position, uint64_t from_ms);

const struct history_message *history_at(const struct history *history, uint32_t i);
uint64_t history_except(const struct history *history, uint32_t i);
struct mark history_mark(const struct history *history, const struct history_message *message);

/* True when somebody at that position has not had the message yet. */
bool history_lacks(
    const struct history *history, const struct position *position, const struct history_message *message);

#endif
