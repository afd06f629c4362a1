/*
 * ahead - clients that have seen more of what another host has said than this one.
 *
 * A client that changes hosts may be faster than the relay. What it has had at the
 * other host must not come to it once more when it arrives here.
 */
#ifndef SIDECAR_AHEAD_H
#define SIDECAR_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/hub/position.h"

struct client;
struct path;

enum { AHEAD_MS = 600000 }; /* after which nothing of then is still on its way: who has waited so long was not ahead */

/* Lists a member by its coming->position, if that is ahead of the path: returns whether it is. */
bool ahead_add(struct path *path, struct client *client, uint64_t now_ms);

/* Forgets where those were who came so long ago. */
void ahead_expire(struct path *path, uint64_t now_ms);

/* Takes it from the list; one that is not there is fine. */
void ahead_remove(struct path *path, struct client *client);

/* True for a client that has had this message, at another host. */
bool ahead_has(const struct client *client, struct mark mark);

#endif
