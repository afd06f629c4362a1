/*
 * question - an event as a line of JSON, for a program that stays. Pure.
 *
 * tina4-handler(7) tells what is in it.
 */
#ifndef FCGI_BRIDGE_QUESTION_H
#define FCGI_BRIDGE_QUESTION_H

#include "shared/wire.h"

struct tina4_conn;

/* The line that asks for the routes. */
#define QUESTION_ROUTES "{\"event\":\"routes\"}\n"

/* An object of the connection's attributes. */
void question_attributes(struct buf *buf, const struct tina4_conn *conn);

/* Appends the line. Returns 0 or -ENOMEM. */
int question_put(struct buf *buf, struct tina4_conn *conn, const struct wire_event *event);

#endif
