/*
 * envelope - what sidecars of several hosts tell each other through the relay.
 *
 *     COMMAND  push, send or disconnect: as an app gave it, but for who gave it
 *     COUNT    so many connections are on this path at this host
 *     ALIVE    this host is there
 *     REPAIR   tell me again what I have missed of your commands on a channel
 *     REPAIRED that was all, or all for now
 *     QUESTION a command that only asks, for this one host
 *     ANSWER   what came of it
 *     PRESENCE members have come to this path at this host, changed or left; or all of them
 *     CALL     tell me again who is there
 *
 * tina4-wire(7) tells the layout in prose. The sequences of a host's commands
 * and of its other messages are two; each grows, so that what arrives twice or
 * too late is known by it. A command also names the one before it on its channel,
 * so that what does not arrive is known too. Pure.
 */
#ifndef SHARED_ENVELOPE_H
#define SHARED_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

enum envelope_limits {
	ENVELOPE_VERSION = 1,
	ENVELOPE_HEADER_BYTES = 20,
	ENVELOPE_ANSWER_BYTES = 256 << 10, /* of an answer's text */
};

enum envelope_type {
	ENVELOPE_COMMAND = 1,
	ENVELOPE_COUNT = 2,
	ENVELOPE_ALIVE = 3,
	ENVELOPE_REPAIR = 4,
	ENVELOPE_REPAIRED = 5,
	ENVELOPE_QUESTION = 8,
	ENVELOPE_ANSWER = 9,
	ENVELOPE_PRESENCE = 6,
	ENVELOPE_CALL = 7,
};

enum envelope_flags {
	ENVELOPE_ASKS = 1,   /* count: tell me yours; always of a question */
	ENVELOPE_LEAVES = 2, /* alive: not any more */
	ENVELOPE_AGAIN = 4,  /* command: it has been told before, on the channel that it names */
	ENVELOPE_MORE = 8,   /* repaired: ask for the rest; presence: the next part follows */
	ENVELOPE_LOST = 16,  /* repaired: something of it is kept no more */
	ENVELOPE_DEAF = 32,  /* alive: but it does not hear what it is told */

	ENVELOPE_MEMBERS = 64,  /* count: tell me yours, and who they are; in the answer: that was told before */
	ENVELOPE_LIST = 128,    /* presence: all members, or a part of them */
	ENVELOPE_COUNTED = 256, /* presence: too many to be told */
};

struct envelope {
	enum envelope_type type;
	uint16_t flags;
	uint64_t origin;   /* the instance of a sidecar, see envelope_instance(), and 32 random bits */
	uint64_t sequence; /* greater than in any earlier one of this origin, for commands and for the others */
	uint64_t previous; /* of COMMAND: the sequence of the one before it on its channel; 0: none, or not known */
	struct wire_command command; /* of COMMAND and QUESTION */
	uint32_t count;              /* of COUNT, and of PRESENCE: all members */
	uint64_t question;           /* of COUNT, REPAIRED and ANSWER: the sequence of what it answers, or 0 */
	struct span path;            /* of COUNT, PRESENCE, CALL, REPAIR and REPAIRED, where none is who asks */
	uint64_t since;              /* of ALIVE: counts of an earlier sequence hold no more */
	uint64_t after;              /* of REPAIR: the latest command that has arrived; 0: none has */
	uint32_t age_ms;             /* of REPAIR: when none has arrived, it wants nothing older */
	enum wire_status status;     /* of ANSWER */
	struct span text;            /* the same */
	uint64_t version; /* of PRESENCE: of what the host has there then, 0 for nobody; of CALL: what is known of it */
	uint64_t base;    /* of PRESENCE: the version before these changes */
	uint32_t part;    /* of PRESENCE with LIST: the first one is 0 */
	struct span members; /* of PRESENCE: envelope_get_member() has all of them */
};

/* One of the members that PRESENCE tells of. */
struct envelope_member {
	bool left;
	uint64_t key;     /* by which only hosts call it */
	uint64_t was;     /* the key of the one whose place it has; 0 for none */
	struct span text; /* member_is_valid(); empty of one that has left */
};

/* Appends one to what becomes the members of an envelope. */
void envelope_put_member(struct buf *buf, const struct envelope_member *member);

/* Returns 1 and the next member, 0 at the end, or -EPROTO, which an envelope that was read has not. */
int envelope_get_member(struct wire_reader *reader, struct envelope_member *ret);

void envelope_put(struct buf *buf, const struct envelope *envelope);

/* Puts an encoded command as one that is told again; without its previous one when that is not to be had any more. */
void envelope_put_again(struct buf *buf, struct span command, bool previous_known);

/*
 * Reads what is no more than one envelope; spans borrow from data. Returns 0,
 * -EPROTO, or -EPROTONOSUPPORT for another version.
 */
int envelope_get(const void *data, size_t len, struct envelope *ret);

/* The first 32 bits of the id of every connection that this sidecar holds. */
uint32_t envelope_instance(uint64_t origin);

#endif
