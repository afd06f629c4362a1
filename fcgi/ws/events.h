/*
 * events - what a worker does about an event: it knows the connection, runs its
 * handler and writes the record that acknowledges it.
 *
 * No socket is touched here. A worker has it from the sidecar, a test from
 * whoever it plays (tina4_test.h).
 */
#ifndef FCGI_EVENTS_H
#define FCGI_EVENTS_H

#include <stdbool.h>

#include "shared/buf.h"
#include "shared/wire.h"

struct conns;
struct tina4_conn;
struct tina4_app;

struct events {
	struct tina4_app *app;
	struct conns *conns; /* those that this worker has met */
	struct buf text;     /* the message that is being handled, terminated */
};

/* Borrows app. Returns 0 or -ENOMEM; events_close() undoes it, also after a failure. */
int events_open(struct events *events, struct tina4_app *app);
void events_close(struct events *events);

/* Knows no connection any more. */
void events_forget(struct events *events);

/* Learns what an event tells of its connection. Each goes through here first. */
void events_meet(struct events *events, const struct wire_event *event);

/* True for an event that is to be handled, and acknowledged. */
bool events_want_record(const struct wire_event *event);

/* Borrowed until its close is handled; NULL for a connection that could not be attached. */
struct tina4_conn *events_conn(const struct events *events, const struct wire_id *id);

/*
 * Handles one that wants a record, and appends that to out. *ret_result gets what
 * came of the handler, 0 or a negative errno that has been logged. Returns 0, or
 * -ENOMEM when there is no record.
 */
int events_handle(struct events *events, struct wire_event *event, const struct wire_welcome *limits, struct buf *out,
    int *ret_result);

#endif
