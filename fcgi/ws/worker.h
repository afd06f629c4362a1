/*
 * worker - the process that runs an app's WebSocket handlers.
 *
 * One thread, one loop: events come from the sidecar, each is handled in its
 * turn, and the records that acknowledge them go back, several in a message.
 * Between an event's arrival and its record the worker says nothing else.
 */
#ifndef FCGI_WORKER_H
#define FCGI_WORKER_H

#include "fcgi/tina4.h"

struct wire_event;
struct wire_id;
struct worker; /* opaque */

/*
 * Shares app->hand with its supervisor when it has one. Serves until SIGTERM or SIGINT (which it leaves blocked), then
 * hands over to the other workers. Returns the process's exit status.
 */
int worker_run(struct tina4_app *app);

/* For an app's remote: a connection that it has met, or NULL; borrowed until its close is handled. */
struct tina4_conn *worker_conn(const struct worker *worker, const struct wire_id *id);

/* Handles an event that the remote took, and acknowledges it. Returns 0 or a negative errno, with which the worker
 * ends. */
int worker_handle(struct worker *worker, struct wire_event *event);

#endif
