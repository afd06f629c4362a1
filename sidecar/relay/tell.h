/*
 * relay_tell - what hosts say to each other about themselves, and where.
 */
#ifndef SIDECAR_RELAY_TELL_H
#define SIDECAR_RELAY_TELL_H

#include "sidecar/relay/envelope.h"
#include "shared/path.h"
#include "shared/span.h"
#include "shared/username.h"
#include "sidecar/relay/state.h"

enum {
	RELAY_NAME_BYTES = RELAY_CHANNEL_NAME + PATH_MAX_BYTES,
	RELAY_TOPIC_BYTES = 1 + USERNAME_MAX_BYTES,
};

/* The channel of a path, "PREFIX:ws:PATH". */
struct span relay_path_channel(const struct relay *relay, struct span path, char ret[static RELAY_NAME_BYTES]);

/* The channel of a user, "PREFIX:user:NAME". */
struct span relay_user_channel(const struct relay *relay, struct span user, char ret[static RELAY_NAME_BYTES]);

/* What a channel is about, as hosts call it: a path, or '@' and the name of a user. */
struct span relay_user_topic(struct span user, char ret[static RELAY_TOPIC_BYTES]);
/* True for that of a user, whose name is borrowed. */
bool relay_topic_user(struct span topic, struct span *ret);
struct span relay_topic_channel(const struct relay *relay, struct span topic, char ret[static RELAY_NAME_BYTES]);

/* The channel of a host, "PREFIX:host:INSTANCE". */
struct span relay_host_channel(const struct relay *relay, uint64_t origin, char ret[static RELAY_NAME_BYTES]);

/* Encodes a message: valid until the next one, and not to be sent when relay->out.failed. */
struct span relay_put(struct relay *relay, const struct envelope *envelope);

/* The same for what is about the state of this host: our name and a sequence of its own are filled in. */
struct span relay_put_state(struct relay *relay, struct envelope *envelope);

/* Tells what is about the state of this host; what got lost is said anew when Redis is back. Returns its sequence. */
uint64_t relay_tell(struct relay *relay, struct span channel, struct envelope *envelope);

/* Tells how many connections are here: on a path, or of a user. Returns what relay_tell() does. */
uint64_t relay_tell_count(struct relay *relay, struct span topic, uint32_t count, uint16_t flags);

#endif
