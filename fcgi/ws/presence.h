/*
 * presence - lets the sidecar know the app's WebSocket routes while it runs, and
 * systemd that it does.
 *
 * The FastCGI server does it too, beside the workers: so the sidecar knows its
 * routes while all workers are away, and clients wait instead of seeing 404.
 */
#ifndef FCGI_PRESENCE_H
#define FCGI_PRESENCE_H

#include "fcgi/tina4.h"

/* From when it serves until stop_fd is readable, which it does not read. Returns 0 or a negative errno. */
int presence_keep(struct tina4_app *app, int stop_fd);

#endif
