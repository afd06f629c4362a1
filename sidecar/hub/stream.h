/*
 * stream - what a client gets that listens to an event stream, in blocks.
 *
 * Each message that is kept says where it leads: the whole position, since a browser
 * remembers no more than the latest id. So a stream that is cut off anywhere comes
 * back with a position that is right. What clients of frond.1 are told in control
 * frames are events of the sidecar's own here. Each function returns NULL, or a
 * negative errno, when out of memory.
 */
#ifndef SIDECAR_STREAM_H
#define SIDECAR_STREAM_H

#include <stdbool.h>

#include "sidecar/hub/position.h"

struct client;
struct frame;
struct histories;
struct path;

/* A message, of frame_new(); position is where it leads, or NULL. */
struct frame *stream_message(const struct frame *message, const struct position *position);

/* What was missed has been sent, or not. */
struct frame *stream_resumed(bool whole);

/* Where the client is now. */
struct frame *stream_position(const struct position *position, const struct client *client);

/* That the sidecar is there, and where the client is; position is NULL on a path that keeps nothing. */
struct frame *stream_heartbeat(const struct position *position, const struct client *client);

/* A control frame about members, for a stream. */
struct frame *stream_presence(const struct frame *control);

/* That this is the end, and why. */
struct frame *stream_close(const struct client *client);

/*
 * Lays out the batch of the path: for the client, with what is for it alone, or, when
 * that is NULL, for all who get the batch as it is. *ret is NULL for nothing. Returns 0
 * or -ENOMEM.
 */
int stream_lay_out(
    const struct histories *histories, const struct path *path, const struct client *client, struct frame **ret);

#endif
