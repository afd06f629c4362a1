/*
 * relay - what this host and the others have in common, while
 * TINA4_WS_BACKPLANE is set.
 *
 * Commands: what has been applied here goes to the channel of its path, or of
 * the host that holds the connection. What arrives is applied here, once and in
 * the order of its origin.
 *
 * Counts: every host tells the others on a path how many connections it has
 * there, in memory only. One that comes to a path asks; its first open event is
 * held for that, RELAY_HOLD_MS at most. So nothing in Redis can be wrong or
 * left behind, and a host that falls silent takes its counts with it.
 *
 * How messages travel is its transport's business alone; the counts are that of
 * relay_channel and relay_inquiry.
 */
#ifndef SIDECAR_RELAY_H
#define SIDECAR_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire.h"
#include "sidecar/relay/state.h"

struct client;
struct conf;
struct hub;
struct transport;

/* Borrows all of them, and listens to the transport. origin is our name to other hosts. */
void relay_open(
    struct relay *relay, const struct conf *conf, struct hub *hub, struct transport *transport, uint64_t origin);

/* Says who hears of what happens here: borrowed. To be called before anything happens. */
void relay_listen(struct relay *relay, const struct relay_events *events, void *context);

/* Tells the others that we go; the transport stays open. One that is not open is fine. */
void relay_close(struct relay *relay);

/*
 * A command that an app gave has been applied here with this outcome: hands it
 * on if it concerns other hosts, and says so in *ret.
 */
void relay_command(
    struct relay *relay, const struct client *sender, const struct wire_command *command, struct wire_reply *ret);

/* Somebody asks for the past of a path, which is heard from now on. True when more of it will be known soon. */
bool relay_recall(struct relay *relay, struct span path);

/* Somebody asks who is on a path, which is heard from now on. True when more of it will be known soon. */
bool relay_hear(struct relay *relay, struct span path);

/* --- from the loop --------------------------------------------------------------------- */

/* At the end of the turn, after local delivery. */
void relay_flush(struct relay *relay);

/* Each RELAY_TICK_MS while relay->waits. */
void relay_tick(struct relay *relay);

/* Bytes of commands that wait. */
size_t relay_waiting_bytes(const struct relay *relay);

/* Why the relay does not do all that it should; NULL when it does. */
const char *relay_trouble(const struct relay *relay);

#endif
