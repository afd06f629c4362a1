/*
 * link - a known peer's line to the sidecar.
 *
 * Whoever has a link says HELLO with the app's WebSocket routes as soon as a
 * sidecar is there, then a heartbeat, and HELLO again when the sidecar does not
 * know it: a sidecar that was restarted, or that gave it up, answers the next
 * heartbeat so.
 */
#ifndef FCGI_LINK_H
#define FCGI_LINK_H

#include <stdbool.h>

#include "fcgi/tina4.h"
#include "shared/bus.h"
#include "shared/wire.h"

struct link; /* opaque */

/*
 * Borrows app, whose ZeroMQ context it uses. watch is copied: whose worker it is,
 * or NULL. Returns 0 or a negative errno.
 */
int link_new(struct link **ret, struct tina4_app *app, enum wire_role role, const struct wire_watch *watch);

/* Gives what is still to be sent a moment to leave. NULL is fine. */
void link_free(struct link *link);

/*
 * Says what is due and waits for messages, for fd to be readable, or for
 * max_ms. Returns 1 when fd is readable, else 0, or a negative errno.
 */
int link_wait(struct link *link, int fd, int64_t max_ms);

/* Says nothing and waits, as above, for room to send instead of messages. */
int link_wait_room(struct link *link, int fd, int64_t max_ms);

/*
 * Takes the next message; the link has done its own part about it. The caller
 * closes the message, from which the body borrows. Returns 0, -EAGAIN when
 * there is none, or a negative errno.
 */
int link_recv(struct link *link, struct bus_message *ret, struct wire_header *ret_header, struct wire_reader *ret_body);

/* Sends as bus_send() does; counts as a heartbeat. */
int link_send(struct link *link, struct buf *buf);

/* Says BYE; from now on heartbeats only. Returns what link_send() does. */
int link_bye(struct link *link);

/* True after the link could not say something, until it can again. */
bool link_is_away(const struct link *link);

/* What the sidecar said last; zeroed before. */
const struct wire_welcome *link_welcome(const struct link *link);

#endif
