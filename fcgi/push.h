/*
 * push - tina4_push() and its kin: one request to the sidecar, one receipt.
 *
 * ZeroMQ's sockets are not for sharing, so each thread that pushes has its own,
 * made on first use and closed when the thread ends.
 */
#ifndef FCGI_PUSH_H
#define FCGI_PUSH_H

#include "fcgi/tina4.h"

struct buf;

/* Appends the sidecar's figures: lines of name=value. Results are tina4_count()'s. */
int push_stats(struct tina4_app *app, struct buf *ret);

/* Closes the calling thread's socket, when it has one of this app. */
void push_close(struct tina4_app *app);

#endif
