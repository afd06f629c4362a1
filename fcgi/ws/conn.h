/*
 * conn - one WebSocket connection, and the handler that runs for its events.
 *
 * What a handler sends is encoded at once into the record that will
 * acknowledge its event. A handler that fails leaves nothing but the news of
 * its failure: its commands are cut off again and its attributes undone.
 */
#ifndef FCGI_CONN_H
#define FCGI_CONN_H

#include <stdbool.h>

#include "fcgi/tina4.h"
#include "shared/wire.h"

struct attributes;
struct meta;

/*
 * Copies what an OPEN or ATTACH tells; app is borrowed. Returns 0, -ENOENT
 * when the app has no handler for the route, or what meta_new() returns.
 */
int conn_new(struct tina4_conn **ret, struct tina4_app *app, const struct wire_event *event);

/* NULL is fine. */
void conn_free(struct tina4_conn *conn);

/* These borrow from it. */
const struct wire_id *conn_wire_id(const struct tina4_conn *conn);
struct meta *conn_meta(const struct tina4_conn *conn);
const struct attributes *conn_attributes(const struct tina4_conn *conn);

/* False for a message to one that its handler has closed: that is acknowledged without a handler. */
bool conn_wants(const struct tina4_conn *conn, const struct wire_event *event);

/* Room for what a remote says of it in each question. It is empty at first, and goes with the connection. */
struct buf *conn_description(struct tina4_conn *conn);

/*
 * Runs the handler and appends the event's record to out. A message to a
 * connection that its handler has closed is acknowledged without a handler.
 * The event's data has a NUL after its end. Returns 0, or the negative errno
 * for which the record says failed; out->failed is set when not even that fits.
 */
int conn_handle(
    struct tina4_conn *conn, const struct wire_event *event, const struct wire_welcome *limits, struct buf *out);

/* Appends the record of an event that nobody could handle. */
void conn_put_failure(const struct wire_event *event, struct buf *out);

/* An event is known by the sidecar's epoch and its number therein. */
void conn_format_event_id(const struct wire_event *event, char ret[static WIRE_ID_HEX]);

/* The connection whose handler the calling thread runs, or NULL. */
struct tina4_conn *conn_running(const struct tina4_app *app);

/*
 * Appends a command to the record of the event that is being handled. Returns
 * what tina4_conn_send() does, or -EINVAL when none is. A failure, also one
 * that is told with conn_fail(), makes the handler fail.
 */
int conn_add(struct tina4_conn *conn, const struct wire_command *command);
int conn_fail(struct tina4_conn *conn, int error);

/* Bytes that a message of the running handler may have. */
size_t conn_max_message(const struct tina4_conn *conn);

#endif
