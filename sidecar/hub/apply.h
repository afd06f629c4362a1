/*
 * apply - what a command does to the hub.
 *
 * This is the only way down: every command, whether a handler, an HTTP request
 * or another host gave it, ends here. Who got it from an app tells its own events
 * what came of it, so that other hosts hear of it.
 */
#ifndef SIDECAR_APPLY_H
#define SIDECAR_APPLY_H

#include "shared/wire.h"
#include "sidecar/hub/position.h"

struct client;
struct frame;
struct hub;

/*
 * Applies one command. sender is the connection of the event that it answers, or
 * NULL. Fills in *ret and returns its status.
 */
enum wire_status apply_command(
    struct hub *hub, struct client *sender, const struct wire_command *command, struct wire_reply *ret);

/* The same for a command of another host, with its mark there: a push has no effect when it is kept already. */
enum wire_status apply_marked(
    struct hub *hub, const struct mark *mark, const struct wire_command *command, struct wire_reply *ret);

/* WIRE_OK for data that may be sent: a text that is not UTF-8 would end every connection (RFC 6455 section 8.1). */
enum wire_status apply_check(const struct hub *hub, const struct wire_command *command);

/* Makes what a command sends, if it is fit to be sent: *ret may stay NULL. Returns 0 or -ENOMEM. */
int apply_frame(const struct hub *hub, const struct wire_command *command, struct frame **ret);

/* The same as apply_command(), with a frame of apply_frame(), which it takes; NULL is one that is yet to be made. */
enum wire_status apply_with(struct hub *hub, struct client *sender, const struct wire_command *command,
    struct frame *frame, struct wire_reply *ret);

#endif
