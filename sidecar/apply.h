/*
 * apply - what a command does to the hub.
 *
 * This is the only way down: every command, whether a handler, an HTTP request
 * or another host gave it, ends here.
 */
#ifndef SIDECAR_APPLY_H
#define SIDECAR_APPLY_H

#include "shared/wire.h"

struct client;
struct hub;

/*
 * Applies one command here, then hands it to the relay for the other hosts.
 * sender is the connection of the event that it answers, or NULL. Fills in *ret
 * and returns its status.
 */
enum wire_status apply_command(
    struct hub *hub, struct client *sender, const struct wire_command *command, struct wire_reply *ret);

/* Applies it here only: another host has handed it on. */
enum wire_status apply_here(
    struct hub *hub, struct client *sender, const struct wire_command *command, struct wire_reply *ret);

#endif
