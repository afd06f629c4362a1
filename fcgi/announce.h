/*
 * announce - tells the sidecar of the app's WebSocket routes.
 *
 * The FastCGI server does it too, beside the workers: so the sidecar knows its
 * routes while all workers are away, and clients wait instead of seeing 404.
 */
#ifndef FCGI_ANNOUNCE_H
#define FCGI_ANNOUNCE_H

#include "fcgi/tina4.h"

/* Announces until stop_fd is readable, which it does not read. Returns 0 or a negative errno. */
int announce_run(struct tina4_app *app, int stop_fd);

#endif
