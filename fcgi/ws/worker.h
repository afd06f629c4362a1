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

/*
 * Shares app->hand with its supervisor when it has one. Serves until SIGTERM or SIGINT (which it leaves blocked), then
 * hands over to the other workers. Returns the process's exit status.
 */
int worker_run(struct tina4_app *app);

#endif
