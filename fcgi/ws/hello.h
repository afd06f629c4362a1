/*
 * hello - what a program tells the sidecar of itself: its name and its routes.
 */
#ifndef FCGI_HELLO_H
#define FCGI_HELLO_H

#include "shared/wire.h"

struct tina4_app;

/* Appends a whole HELLO. */
void hello_put(struct buf *buf, const struct tina4_app *app, enum wire_role role, uint64_t id);

#endif
