/*
 * held - clients that come back to a path and wait to join it, until this host knows
 * what others have stored of it.
 *
 * Where a handler is asked, the open event waits; these are the clients of routes
 * without one.
 */
#ifndef SIDECAR_HELD_H
#define SIDECAR_HELD_H

struct client;
struct path;

/* The client says where it was: client->coming. */
void held_add(struct path *path, struct client *client);

/* Takes one of them; NULL when there is none. */
struct client *held_next(struct path *path);

/* Takes it from the list; one that is not there is fine. */
void held_remove(struct path *path, struct client *client);

#endif
