/*
 * resume - what a client gets of the messages that are kept.
 */
#ifndef SIDECAR_RESUME_H
#define SIDECAR_RESUME_H

#include <stdint.h>

struct client;
struct hub;
struct path;

/*
 * A client has just joined its path. One that says where it was gets what it has
 * missed since then, when nothing of that is gone; every other one so many of the
 * last messages. One of frond.1, or a stream, is told which it was, and where it is
 * now. Returns 0 or -ENOMEM.
 */
int resume_client(struct hub *hub, struct client *client, uint32_t replay);

/*
 * This host knows all that was said on the path since then, a Unix time: who has joined
 * already is told where that is.
 */
void resume_vouch(struct hub *hub, struct path *path, uint64_t since_ms);

/* Tells a stream that we are there, and until when it has missed nothing. Returns 0 or -ENOMEM. */
int resume_heartbeat(struct hub *hub, struct client *client);

/*
 * Messages are gone for good that were to come now: all members of the path who speak
 * frond.1, and streams, are told so, in its order with the others, and everyone who
 * comes back from before.
 */
void resume_tell_gap(struct hub *hub, struct path *path);

/* Sends so many of the last messages of its path to a client, once more if it has had them. Returns 0 or -ENOMEM. */
int resume_replay(struct hub *hub, struct client *client, uint32_t replay);

#endif
