/*
 * relay_channel - a path on which this host has connections: how many others
 * have there, and when that is known.
 *
 * There is one for each path of the hub while the relay is open, path->channel.
 */
#ifndef SIDECAR_RELAY_CHANNEL_H
#define SIDECAR_RELAY_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct envelope;
struct host;
struct path;
struct relay;

/* --- from the hub ------------------------------------------------------------------- */

/* A connection has come to the path, or left it. */
void channel_count_changed(struct relay *relay, struct path *path);

/* Hears what is said on the path, also before somebody is there. True when more will be known of it soon. */
bool channel_open(struct relay *relay, struct path *path);

/* The path is about to be freed. */
void channel_path_gone(struct relay *relay, struct path *path);

/* Tells the others the counts that have changed. */
void channels_flush(struct relay *relay);

/* Frees all of them, and says nothing. */
void channels_free(struct relay *relay);

/* --- from other hosts -------------------------------------------------------------- */

/* Takes what a host says about the path. */
void channel_take_count(
    struct relay *relay, struct channel *channel, struct host *host, const struct envelope *envelope);

/* The host is gone: what is missing of it may be stored. Returns true when that is asked. */
bool channels_fetch(struct relay *relay, const struct host *host);

/* Forgets the host's counts on all paths, as far as it has said them before the sequence. */
void channels_forget(struct relay *relay, const struct host *host, uint64_t before);

/* A host is back that had been given up, and its counts with it. */
void channels_ask_again(struct relay *relay);

/* Asks again where an answer is missing: a host that is gone by now is not waited for. */
void channels_ask_late(struct relay *relay);

/* --- from the transport ---------------------------------------------------------------------- */

/* It is there: subscribes to all. */
void channels_subscribe(struct relay *relay);

/* It has confirmed the subscription that has this ticket. */
void channel_subscribed(struct relay *relay, struct channel *channel, uint64_t ticket);

/* It says how many hosts have got the question. Returns false when it is no channel's. */
bool channels_told(struct relay *relay, uint64_t question, uint32_t receivers);

/* Nothing is heard any more. */
void channels_part(struct relay *relay);

/* What was said of late may be lost: says all counts again, and asks again. */
void channels_say_again(struct relay *relay);

/* --- from the loop --------------------------------------------------------------------- */

/* Lets go the open events that were held for too long. Returns true while others are held. */
bool channels_tick(struct relay *relay, uint64_t now_ms);

#endif
