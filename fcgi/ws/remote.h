/*
 * remote - handlers that are not in this process.
 *
 * A worker whose app has one hands its events over, and goes on. When the answer
 * about an event is there, the remote calls worker_handle(), and the route's
 * handler does what the answer says: so what holds for a handler in C holds here.
 */
#ifndef FCGI_REMOTE_H
#define FCGI_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

struct wire_event;
struct worker;

/* The first member of what implements it. */
struct remote {
	int fd;         /* readable when work() has something to do ... */
	int64_t due_ms; /* ... and it has then, by clock_ms(); INT64_MAX: not until something comes */
	bool busy;      /* more answers are under way: those that are there may go with them */

	/* Copies an event that is to be answered. Returns 0 or -ENOMEM. */
	int (*take)(struct remote *remote, const struct wire_event *event);

	/*
	 * Does what there is to do, without waiting. Returns 0, -ECANCELED after an
	 * error that has been said and with which the worker ends, or another
	 * negative errno.
	 */
	int (*work)(struct remote *remote, struct worker *worker);

	/* The sidecar does not want the answers any more. */
	void (*forget)(struct remote *remote);

	void (*free)(struct remote *remote);
};

#endif
