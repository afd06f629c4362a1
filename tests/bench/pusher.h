/*
 * pusher - speaks with the bus as little as a push needs.
 *
 * What goes wrong ends the program with a line that says so.
 */
#ifndef BENCH_PUSHER_H
#define BENCH_PUSHER_H

#include <stddef.h>

enum { PUSHER_PATIENCE_MS = 5000 }; /* for a receipt */

/* A DEALER of the context, connected to a sidecar or to a bare ROUTER that echoes. */
void *pusher_open(void *context, const char *endpoint);

void pusher_send(void *socket, const char *path, const void *data, size_t len);

/* Waits for one: it must not be a refusal. */
void pusher_take_receipt(void *socket);

#endif
