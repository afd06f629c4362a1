/*
 * store - what hosts store in Redis of what their paths keep.
 *
 *     PREFIX:history:PATH  a stream: the latest messages, each as its envelope (m) and
 *                          the number of its origin's message before it (b)
 *     PREFIX:latest:PATH   a hash: the number and time of each origin's latest message
 *     PREFIX:history       since when all that was stored is there, and in which Redis
 *
 * The first two go some time after the path's time is over; the third says whether they may have
 * gone before. Redis was emptied when it is not there, and may have lost what was said
 * of late when it names another run of Redis than this one.
 */
#ifndef SIDECAR_STORE_H
#define SIDECAR_STORE_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/span.h"
#include "sidecar/relay/outbox.h"
#include "sidecar/relay/transport.h"

enum {
	STORE_COMMANDS = 4,  /* for one message, at most */
	STORE_QUESTIONS = 3, /* for a path */
	STORE_WORDS = 24,    /* of all that are made at once, at most */
	STORE_RUN_ID = 41,   /* bytes of a name of a run of Redis */
};

/* The words of commands: their bytes are in text, and in what they were made of. */
struct store_words {
	struct buf text;
	struct span words[STORE_WORDS];
	struct outbox_command commands[STORE_COMMANDS];
	size_t n; /* commands */
};

/* Makes the commands that store a message. Returns 0 or -ENOMEM; what they borrow must stay. */
int store_put(
    struct store_words *words, const char *prefix, const struct transport_keeping *keeping, struct span message);

/* The same for the one that asks how many bytes are stored of a path. */
int store_measure(struct store_words *words, const char *prefix, struct span path);

/* The same for those that ask for what is stored of a path, to be given to Redis as one transaction. */
int store_ask(struct store_words *words, const char *prefix, struct span path, uint32_t messages);

void store_free(struct store_words *words);

/* What Redis has answered to the transaction, in memory of its own. */
struct store_past {
	struct transport_past past; /* borrows from it and from the reply */
	struct transport_kept *kept;
	struct transport_latest *latest;
};

/*
 * Reads it; entries that another program has made are left out. run is the name of the
 * run of Redis that has answered. Returns 0, -EBADMSG for what is no answer to it, or
 * -ENOMEM; store_past_free() must follow.
 */
int store_read(const redisReply *reply, const char *run, struct store_past *ret);
void store_past_free(struct store_past *past);

/* --- whether all of it is there ------------------------------------------------------------ */

/* The name of the third key. */
void store_since_key(const char *prefix, struct buf *ret);

/* Its value, for this run from this Unix time on. */
void store_put_since(const char *run, uint64_t now_ms, struct buf *ret);

/* Reads it: the Unix time, or UINT64_MAX when it is of another run, or no value of it. */
uint64_t store_get_since(struct span value, const char *run);

/* The name of the run in what Redis says of itself; "-" when it does not say. */
void store_get_run(struct span info, char ret[static STORE_RUN_ID]);

#endif
