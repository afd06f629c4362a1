/*
 * recall - answers what is kept of a path: for pages and tools.
 */
#ifndef SIDECAR_RECALL_H
#define SIDECAR_RECALL_H

#include "shared/buf.h"
#include "shared/wire.h"
#include "sidecar/hub/history.h"

struct hub;

enum { RECALL_BYTES = 32 << 20 }; /* of messages in one answer, at most */

/*
 * Answers a command WIRE_HISTORY of a path that keeps messages, within these limits:
 * appends a struct wire_past. Returns WIRE_OK, or what is wrong with the command.
 */
enum wire_status recall(
    struct hub *hub, const struct wire_command *command, struct history_limits limits, struct buf *ret);

#endif
