/*
 * once - what is remembered of clients' requests, so that each is handled once.
 *
 * Who wants that names itself by a key, on each of its connections. Its requests are
 * remembered by their numbers, which rise: one that comes again, because the
 * connection was cut before its answer, is answered from here. A client says with
 * each the lowest number that it still waits for; what is below is forgotten.
 *
 * All that is remembered of one client has a name, made at random. Whoever has
 * forgotten it, or never knew it (another host, another run), gives it another name:
 * so the client sees that it cannot be known what came of its requests.
 */
#ifndef SIDECAR_ONCE_H
#define SIDECAR_ONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/hash.h"
#include "shared/wire.h"

struct client;
struct conf;
struct frame;

enum once_limits {
	ONCE_REQUESTS = 1024, /* of one client that are remembered */
};

enum outcome_state {
	OUTCOME_DUE,   /* its event is on the way */
	OUTCOME_NONE,  /* its event was dropped before a handler got it: it may come again */
	OUTCOME_KNOWN, /* it was handled: that is the answer */
	OUTCOME_LOST,  /* it was handled, and there was no room for the answer */
};

/* Of one request. */
struct outcome {
	struct once_client *asker;
	struct outcome *prev, *next;
	uint64_t number;
	enum outcome_state state;
	struct frame *answer;   /* ours, when it is known */
	struct wire_id waiting; /* the connection that asked last */
};

/* One client, through all its connections. */
struct once_client {
	UT_hash_handle hh;
	struct wire_id id;
	uint64_t name;            /* of this memory, never 0 */
	struct client *client;    /* the connection that it has now; NULL after its end */
	struct outcome *outcomes; /* numbers rise */
	uint32_t n, n_due;
	uint64_t highest;                /* number so far */
	uint64_t left_ms;                /* when its connection ended, in loop ms */
	bool forgotten;                  /* it is here only until nothing of it is due */
	struct once_client *prev, *next; /* of those without a connection */
};

struct once {
	const struct conf *conf;
	struct once_client *askers; /* by id */
	struct once_client *left;   /* those without a connection, in the order in which they left */
	size_t bytes;               /* all told, with the answers */
	uint64_t now_ms;            /* as of the last second */
};

enum once_verdict {
	ONCE_NEW,     /* *ret is to be handled */
	ONCE_AGAIN,   /* *ret is known */
	ONCE_WAIT,    /* *ret is due: its answer goes to this connection now */
	ONCE_UNKNOWN, /* it was handled, or may have been, and is forgotten */
	ONCE_FULL,    /* a limit is reached: it is not handled */
};

/* Borrows the settings. */
void once_open(struct once *once, const struct conf *conf);

/* Nothing may be due. */
void once_close(struct once *once);

/*
 * The client is the one of that id, in the place of an earlier connection. Returns
 * what is remembered of it, or NULL when nothing can be.
 */
struct once_client *once_come(struct once *once, const struct wire_id *id, struct client *client);

/* The client's connection ends. One that has not come is fine. */
void once_leave(struct once *once, struct client *client);

/* The client asks; lowest is as control.h has it. */
enum once_verdict once_ask(
    struct once *once, struct client *client, uint64_t number, uint64_t lowest, struct outcome **ret);

/* It has been handled, with this answer: borrowed, or NULL for want of memory. It may be gone after that. */
void once_settle(struct once *once, struct outcome *outcome, struct frame *answer);

/* It was not, and never will be unless it comes again. It may be gone after that. */
void once_drop(struct once *once, struct outcome *outcome);

/* Each second: forgets who has been away for too long. */
void once_tick(struct once *once, uint64_t now_ms);

#endif
