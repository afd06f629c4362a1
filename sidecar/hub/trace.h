/*
 * trace - a line of the log for each command, at the level debug.
 *
 * Below that level it costs a comparison.
 */
#ifndef SIDECAR_TRACE_H
#define SIDECAR_TRACE_H

#include "shared/log.h"

struct client;
struct wire_command;
struct wire_reply;

void trace_write(
    const char *from, const struct client *sender, const struct wire_command *command, const struct wire_reply *reply);

/* A command and its outcome; from is "worker", "app", "app-again" for a repeated request, or "host". sender may be
 * NULL. */
static inline void
trace_command(
    const char *from, const struct client *sender, const struct wire_command *command, const struct wire_reply *reply)
{
	if (log_enabled(LOG_LEVEL_DEBUG))
		trace_write(from, sender, command, reply);
}

#endif
