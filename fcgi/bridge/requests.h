/*
 * requests - handlers behind FastCGI: each event is one request, as a web server
 * makes it, and several are on their way at once.
 *
 * A request that nobody takes waits, and so do all that come after it. One that ends
 * without an answer is made again; REQUESTS_MAX_DEATHS times, then the handler has
 * failed, and so it has after TINA4_HANDLER_TIMEOUT.
 */
#ifndef FCGI_BRIDGE_REQUESTS_H
#define FCGI_BRIDGE_REQUESTS_H

#include <stdbool.h>

enum requests_limits {
	REQUESTS_DEFAULT = 8, /* at once */
	REQUESTS_MAX = 256,
	REQUESTS_MAX_DEATHS = 3,
	REQUESTS_REST_MS = 200,      /* after the first death; five times as long after the next */
	REQUESTS_AWAY_MS = 50,       /* until the next try when nobody listens, which doubles ... */
	REQUESTS_MAX_AWAY_MS = 1000, /* ... up to that */
	REQUESTS_QUESTION_MS = 1000, /* for the answer how many requests the other side takes */
};

struct remote;
struct tina4_app;

/* All borrowed. */
struct requests_options {
	const char *address; /* endpoint.h has its forms */
	const char *file;    /* the script */
	unsigned n;          /* at once, at most */
	bool once;           /* requests_declare() does not wait for somebody who listens */
};

/* Returns 0, or what endpoint_find() does, or another negative errno; its free() is needed after 0 only. */
int requests_new(struct remote **ret, struct tina4_app *app, const struct requests_options *options);

/*
 * Asks the script for its routes, and declares them. Waits for it as long as it takes,
 * or until the process is told to stop. Returns 0, or -ECANCELED after an error that has been said.
 */
int requests_declare(struct remote *remote);

#endif
