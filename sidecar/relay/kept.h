/*
 * kept - what this host has relayed, kept for a while so that it can be told again.
 *
 * A host that was cut off asks for what it has missed on a channel. So each
 * command stays, until it is too old or newer ones need the room, and each
 * channel remembers its latest sequence: every command names its channel's
 * previous one, and who hears it sees whether something is missing. When
 * something has gone that is asked for, that is known too. Bounded in bytes, all
 * memory counted: pure.
 *
 * Commands come and go in one order, so they lie one behind the other in blocks:
 * to keep one is little more than to copy it.
 */
#ifndef SIDECAR_KEPT_H
#define SIDECAR_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/hash.h"
#include "shared/span.h"

enum kept_limits {
	KEPT_IDLE_CHANNELS = 16384,  /* remembered though nothing of theirs is kept */
	KEPT_BLOCK_BYTES = 64 << 10, /* of memory for many commands; less where less may be kept */
};

/* One command, as it was encoded. */
struct kept_message {
	uint64_t sequence;
	uint64_t at_ms;
	struct kept_channel *channel;
	struct kept_message *sibling; /* the next one of the channel */
	size_t len;
	char data[];
};

struct kept_block {
	struct kept_block *next; /* younger */
	size_t gone, used, size; /* bytes: of what is kept no more, of all, and of the room */
	_Alignas(struct kept_message) char bytes[];
};

struct kept_channel {
	UT_hash_handle hh;      /* by name */
	uint64_t latest;        /* sequence; 0: none yet, or not known any more */
	uint64_t stored;        /* sequence of the latest that was to be stored, too; 0: none yet */
	uint64_t expires_ms;    /* when the store is to be told again for how long */
	uint64_t n_emptied;     /* the transport's, when it was told */
	uint64_t gone, gone_ms; /* sequence and time of the latest that is kept no more */
	struct kept_message *oldest, *newest;
	struct kept_channel *prev, *next; /* among the idle: prev is NULL for one that has messages */
	size_t len;
	char name[];
};

struct kept {
	size_t max_bytes;
	uint64_t max_ms;
	struct kept_channel *channels;
	struct kept_channel *recent; /* the one that was looked for last, or NULL */
	struct kept_channel *idle;   /* the longest idle first */
	uint32_t n_idle;
	struct kept_block *oldest, *newest;
	size_t bytes;           /* all together */
	uint64_t gone, gone_ms; /* the latest of channels that are not remembered any more */
	uint64_t clock_ms;      /* nothing is older than since then */
};

void kept_open(struct kept *kept, size_t max_bytes, uint64_t max_ms);
void kept_close(struct kept *kept);

/* What is known of a channel, made if need be: borrowed until the next call that adds. NULL when out of memory. */
struct kept_channel *kept_channel(struct kept *kept, struct span name);

/* A command goes out on the channel: copied, and kept if there is room for it. */
void kept_add(struct kept *kept, struct kept_channel *channel, uint64_t sequence, uint64_t now_ms, struct span message);

/* A command with this sequence was not for the channel's hearers: it is kept no more from the start. */
void kept_lose(struct kept_channel *channel, uint64_t sequence, uint64_t now_ms);

/* Lets go what is too old. */
void kept_expire(struct kept *kept, uint64_t now_ms);

/* What waited has gone out only now: all that is kept counts its time from here. */
void kept_restart(struct kept *kept, uint64_t now_ms);

/*
 * The first of a channel's commands after a sequence, or, with the sequence 0,
 * not before since_ms: borrowed until the next call that adds or expires; its
 * siblings follow. NULL when there is none. *ret_lost says whether one that
 * belongs before it is kept no more.
 */
const struct kept_message *kept_after(
    struct kept *kept, struct span name, uint64_t sequence, uint64_t since_ms, bool *ret_lost);

#endif
