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

struct client;
struct hub;

/*
 * Applies one command. sender is the connection of the event that it answers, or
 * NULL. Fills in *ret and returns its status.
 */
enum wire_status apply_command(
    struct hub *hub, struct client *sender, const struct wire_command *command, struct wire_reply *ret);

#endif
