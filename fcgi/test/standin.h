/*
 * standin - in the place of the sidecar and of a worker: who is on which path,
 * and what reaches whom.
 *
 * It does what the sidecar does with commands, in the same order. Events wait
 * in line until they are settled: each is then handled by the worker's own
 * code, as if that had never met the connection before, and what its handler
 * sent is applied before the next. Threads may push at any time.
 */
#ifndef FCGI_TEST_STANDIN_H
#define FCGI_TEST_STANDIN_H

#include <pthread.h>
#include <stdbool.h>

#include "fcgi/ws/attributes.h"
#include "fcgi/ws/events.h"
#include "fcgi/test/inbox.h"
#include "fcgi/test/past.h"
#include "shared/wire.h"

struct tina4_test;
struct ws_route;

enum standin_state {
	STANDIN_REFUSED, /* there was no upgrade */
	STANDIN_OPENING, /* counted, but no target */
	STANDIN_JOINED,
	STANDIN_CLOSED,
};

struct tina4_test_client {
	struct tina4_test_client *next; /* of the test's: one that came later */
	struct tina4_test *test;
	int status; /* of its upgrade */
	enum standin_state state;
	struct wire_id id;
	char id_text[WIRE_ID_HEX];
	char *path;
	const struct ws_route *route;
	struct buf meta; /* for the worker */
	struct attributes attributes;
	char *presented; /* what others may see of it, or NULL */
	struct inbox inbox;
	struct inbox answers;
	int result; /* of the handler that ran last */
	uint16_t code;
	char reason[WIRE_REASON_BYTES + 1];
};

struct due; /* an event in line: opaque */

struct standin {
	struct tina4_app *app;
	struct events events;
	struct wire_welcome limits;
	pthread_mutex_t lock; /* of all below: not held while a handler runs */
	struct tina4_test_client *clients;
	struct due *line;
	struct inbox pushes;
	struct past past;
	uint64_t n_events;
	uint64_t n_sent; /* broadcasts and pushes */
	int error;       /* of every request, or 0 */
};

/* Takes the sidecar's place for an app whose settings are loaded. Returns 0 or -ENOMEM; undone by standin_close(). */
int standin_open(struct standin *standin, struct tina4_app *app);

/* Frees its clients too. A zeroed one is fine. */
void standin_close(struct standin *standin);

/* Keeps the client until it is closed. */
void standin_add(struct standin *standin, struct tina4_test_client *client);

/* Lets the client in, whose status is 101: its path, route and metadata are filled in. Returns 0 or a negative errno.
 */
int standin_enter(struct standin *standin, struct tina4_test_client *client);

/* Lets it say something, or leave with a code. What comes of it is settled. Return the handler's result, or -ENOMEM. */
int standin_say(struct standin *standin, struct tina4_test_client *client, struct span data, unsigned flags);
int standin_leave(struct standin *standin, struct tina4_test_client *client, uint16_t code);

/* The same as standin_say() for a request. *ret is its answer, or NULL; it stays the client's. */
int standin_ask(struct standin *standin, struct tina4_test_client *client, struct span data, unsigned flags,
    const struct tina4_test_message **ret);

/* Handles what is in line. Returns 0 or -ENOMEM. */
int standin_settle(struct standin *standin);

#endif
