/*
 * relay_state - what the files of the relay share: its state, and its time.
 */
#ifndef SIDECAR_RELAY_STATE_H
#define SIDECAR_RELAY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/wire.h"
#include "sidecar/relay/hosts.h"
#include "sidecar/relay/kept.h"
#include "sidecar/relay/line.h"

struct bus_peer;
struct channel;
struct conf;
struct fetch;
struct hub;
struct inbox;
struct inquiry;
struct path;
struct question;
struct muster;
struct transport;
struct user;

enum relay_limits {
	RELAY_HOLD_MS = 250, /* for an open event, and for a count that is asked for */
	RELAY_TICK_MS = 25,
	RELAY_AWAIT_MS = 3000,    /* for the other hosts, before what has waited goes out */
	RELAY_INQUIRIES = 1024,   /* counts asked for at once */
	RELAY_QUESTIONS = 256,    /* to other hosts, at once */
	RELAY_QUESTION_MS = 1000, /* for an answer to one */
	RELAY_CHANNEL_NAME = 64,  /* bytes of a channel's name before the path */

	RELAY_STORE_SECONDS = 120, /* for which the store keeps a path longer than hosts do */

	RELAY_REPAIR_MS = 1000,         /* for an answer, then it is asked again */
	RELAY_REPAIR_WAY_MS = 500,      /* that a question may need to its host, which looks at its own clock */
	RELAY_REPAIR_TRIES = 10,        /* in a row without a new command, then it is a gap */
	RELAY_REPAIRS = 256,            /* channels that one host is asked for at once */
	RELAY_RETELL_BYTES = 256 << 10, /* of one answer, and what the last command has more */
	RELAY_HELD = 65536,             /* commands held back */
};

/* What the relay tells who has opened it. */
struct relay_events {
	/* The path was held; elsewhere is all that will be known now, so its events may go on. */
	void (*released)(void *context, struct path *path);
	/* The user was held; what other hosts have for him is heard now, as far as it will be: his connections go on.
	 */
	void (*heard_for)(void *context, struct user *user);
	/* The count of a path or a user on all hosts, as inquiry_begin() was asked. */
	void (*counted)(void *context, const struct bus_peer *peer, uint64_t id, uint32_t count);
	/* Another host asks something of this one: *ret borrows from text. */
	void (*asked)(void *context, const struct wire_command *question, struct buf *text, struct wire_reply *ret);
};

struct relay {
	const struct conf *conf;
	struct hub *hub; /* NULL while it is not open */
	struct transport *transport;
	const struct relay_events *events;
	void *context; /* of the events */
	uint64_t origin;
	struct hosts hosts;
	bool waits; /* an open event is held or a count awaited: relay_tick() is due */

	/* what it says: relay_tell.c */
	uint64_t state_sequence;
	uint64_t since; /* counts that we have told before hold no more */
	struct buf out;

	/* the paths: relay_channel.c */
	struct channel *changed; /* whose count is to be told */
	struct channel *asking;  /* whose other counts are not all in, oldest first */
	uint32_t n_late;         /* channels that ask for longer than they may */

	/* members: muster.c */
	struct muster *musters;         /* of paths where somebody has some, the longest unchecked first */
	struct muster *musters_changed; /* whose changes are to be told */
	uint64_t muster_version;
	uint32_t muster_round;
	uint64_t n_muster_calls; /* times that a host was asked for its members again */

	struct inbox *inboxes; /* that hold connections: relay_inbox.c */

	/* what is stored: fetch.c */
	struct fetch *fetches; /* those that were asked for come first */
	uint32_t n_fetching;
	uint64_t fetch_token;

	/* counts that apps ask for: relay_inquiry.c */
	struct inquiry *inquiries; /* oldest first */
	uint32_t n_inquiries;

	/* what other hosts are asked: question.c */
	struct question *questions; /* oldest first */
	uint32_t n_questions;

	/* commands: relay.c */
	uint64_t up_since_ms; /* 0 while the transport is not up */
	uint64_t n_published, n_received;
	uint64_t n_duplicates; /* received again, and not applied */
	uint64_t n_refused;    /* the outbox was full */
	uint64_t n_malformed;

	/* those that others may ask for again: retell.c */
	struct kept kept;

	/* those of others that did not arrive: repair.c */
	struct lines own;    /* of the channel of this host */
	uint64_t own_ticket; /* of its subscription */
	bool own_subscribed; /* it is confirmed */
	uint32_t n_wanting, n_asked;
	uint32_t n_held;
	size_t held_bytes;
	uint64_t n_repaired; /* commands that were told again, and applied */
	uint64_t n_gaps;     /* times that something of a line is gone for good */
};

/* The transport's time. */
uint64_t relay_now_ms(const struct relay *relay);

/* Something waits for other hosts. Returns until when: relay_tick() will see. */
uint64_t relay_hold(struct relay *relay);

#endif
