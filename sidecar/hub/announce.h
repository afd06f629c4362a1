/*
 * announce - tells clients of frond.1 which of the messages are kept, and their
 * marks, so that they know where they are.
 *
 * A mark goes before its message, in the same write: a client that is cut off
 * between the two has had neither, so nothing is missed or sent twice when it
 * comes back.
 */
#ifndef SIDECAR_ANNOUNCE_H
#define SIDECAR_ANNOUNCE_H

#include <stdbool.h>

struct client;
struct path;

/* Makes what all members of the path are told who get its batch as it is. False when out of memory. */
bool announce_to_members(struct path *path);

/* Makes what a client is told whose sequence is its own. False when out of memory. */
bool announce_to(struct path *path, const struct client *client);

#endif
