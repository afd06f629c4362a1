/*
 * push - tina4_push() and its kin: a command that goes to the sidecar at once,
 * or with what the running WebSocket handler sends.
 */
#ifndef FCGI_PUSH_H
#define FCGI_PUSH_H

#include "fcgi/tina4.h"

struct buf;
struct wire_asked;

/* Appends what is kept of a path: see wire_get_past(). Results are tina4_history()'s. */
int push_history(struct tina4_app *app, const char *path, const struct wire_asked *asked, struct buf *ret);

/* Appends the sidecar's figures: lines of name=value. Results are tina4_count()'s. */
int push_stats(struct tina4_app *app, struct buf *ret);

#endif
