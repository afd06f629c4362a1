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
#include <stdint.h>

#include "shared/buf.h"
#include "shared/wire.h"
#include "sidecar/hosts.h"

struct bus_peer;
struct channel;
struct client;
struct conf;
struct hub;
struct inquiry;
struct path;
struct transport;

enum relay_limits {
	RELAY_HOLD_MS = 250, /* for an open event, and for a count that is asked for */
	RELAY_TICK_MS = 25,
	RELAY_AWAIT_MS = 3000,   /* for the other hosts, before what has waited goes out */
	RELAY_INQUIRIES = 1024,  /* counts asked for at once */
	RELAY_CHANNEL_NAME = 64, /* bytes of a channel's name before the path */
};

/* What the relay tells who has opened it. */
struct relay_events {
	/* The path was held; elsewhere is all that will be known now, so its events may go on. */
	void (*released)(void *context, struct path *path);
	/* The count of a path on all hosts, as inquiry_begin() was asked. */
	void (*counted)(void *context, const struct bus_peer *peer, uint64_t id, uint32_t count);
};

struct relay {
	const struct conf *conf;
	struct hub *hub; /* NULL while it is not open */
	const struct relay_events *events;
	void *context; /* of the events */
	uint64_t origin;
	struct hosts hosts;
	struct transport *transport;
	struct channel *changed;   /* whose count is to be told */
	struct channel *asking;    /* whose other counts are not all in, oldest first */
	struct inquiry *inquiries; /* oldest first */
	uint32_t n_inquiries;
	uint32_t n_late; /* channels that ask for longer than they may */
	uint64_t command_sequence, state_sequence;
	uint64_t up_since_ms; /* 0 while the transport is not up */
	struct buf out;
	bool waits; /* an open event is held or a count awaited: relay_tick() is due */

	uint64_t n_published, n_received;
	uint64_t n_duplicates; /* received again, and not applied */
	uint64_t n_refused;    /* the outbox was full */
	uint64_t n_malformed;
};

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

/* --- from its parts --------------------------------------------------------------------- */

/* Something waits for other hosts. Returns until when: channels_tick() and inquiries_tick() will see. */
uint64_t relay_hold(struct relay *relay);

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
