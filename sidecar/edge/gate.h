/*
 * gate - the first moments of a connection, and all of one that wants no WebSocket.
 *
 * It reads the head of a request from the socket, strictly and until a
 * deadline, and asks its keeper what becomes of whoever sent it. The keeper
 * answers, or waits for a body and answers then, or takes the socket away. What
 * is no request, comes too late or is too many is answered here: nobody is cut
 * off without a word, and libwebsockets sees none of it.
 *
 * A gate has a budget of connections under way. Where it is used up, the next
 * one costs another its place: the oldest of an address that has more than its
 * share, or else the oldest. Addresses of IPv6 count by their network of 64 bits,
 * and who has its answer and stays counts until it closes. Each listener that must
 * not suffer from another one has a gate of its own.
 */
#ifndef SIDECAR_GATE_H
#define SIDECAR_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "shared/address.h"
#include "shared/buf.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/refusal.h"
#include "sidecar/edge/target.h"

struct counters;
struct gate;

enum gate_limits {
	GATE_MAX = 512,        /* connections under way */
	GATE_SHARE = 64,       /* of these one address keeps, when the gate is full */
	GATE_ADDRESSES = 256,  /* that are told apart for that */
	GATE_HEAD_MS = 5000,   /* until a head must be there */
	GATE_BODY_MS = 10000,  /* and a body after it */
	GATE_ANSWER_MS = 5000, /* for an answer to be known or taken, and for what was still coming to end */
	GATE_READ_BYTES = 4096,
};

/* Somebody at the gate. */
struct guest {
	struct gate *gate;
	char ip[ADDRESS_TEXT_MAX];     /* of the peer, "" on a unix socket */
	char client[ADDRESS_TEXT_MAX]; /* the same, until the keeper knows better */
	struct head head;              /* read, once the keeper is asked */
	struct target target;          /* the same */
	struct buf body;               /* whole, once the keeper is asked about it */
	void *data;                    /* the keeper's, see keeper.gone */

	/* gate.c's own */
	uv_poll_t poll;
	int fd; /* -1 once it is not ours any more */
	enum { GUEST_ASKS, GUEST_SENDS_BODY, GUEST_WAITS, GUEST_IS_ANSWERED, GUEST_LEAVES } state;
	bool polled;    /* poll is a handle of the loop: the guest goes when that has been closed */
	bool linked;    /* is one of the gate's */
	uint16_t *held; /* by its address, while it is linked */
	uint64_t by_ms; /* when that must be over, in loop ms */
	struct buf bytes;
	size_t sent; /* of bytes, which are the answer then */
	struct guest *prev, *next;
};

/* What decides. All but asked may be NULL. */
struct gate_keeper {
	/* A head is there. It ends in one of the functions about a guest below. */
	void (*asked)(void *context, struct guest *guest);
	/* Its body is there; the same. */
	void (*sent)(void *context, struct guest *guest);
	/* The guest goes, with its data. */
	void (*gone)(void *context, struct guest *guest);
};

struct gate {
	uv_loop_t *loop;
	const struct gate_keeper *keeper;
	void *context;
	struct counters *counters;
	bool for_browsers; /* whose answers are counted by status, too */
	struct guest *guests;
	uint32_t n;
	uint16_t held[GATE_ADDRESSES]; /* guests by a hash of address_network() */
	char scratch[GATE_READ_BYTES];
};

/* Borrows all of it. */
void gate_open(struct gate *gate, uv_loop_t *loop, const struct gate_keeper *keeper, void *context,
    struct counters *counters, bool for_browsers);

/* Cuts off who is under way; their memory goes once the loop has run again. */
void gate_close(struct gate *gate);

/* The sidecar stops: who has not asked yet is told so. Others get their answer. */
void gate_stop(struct gate *gate);

/* True when somebody is owed an answer. */
bool gate_owes(const struct gate *gate);

/* An acceptor_take: takes fd. */
void gate_begin(void *gate, int fd, const char *ip);

/* Each 100 ms while there are guests: ends what takes too long. */
void gate_tick(struct gate *gate);

/* --- what a keeper does with a guest, once ------------------------------------ */

/* Answers, and closes; takes the bytes of reply, see reply.h. The guest must not be used after it. */
void guest_reply(struct guest *guest, struct buf *reply);

/* Answers a refusal, counts it and logs it; why is NULL for its own words. The same. */
void guest_refuse(struct guest *guest, enum refusal refusal, const char *why);

/* Waits for the body that the head promises, of a length that it says. */
void guest_await_body(struct guest *guest);

/*
 * Lets the guest wait for an answer that the keeper does not know yet, GATE_ANSWER_MS at
 * most. Returns false when the guest is gone.
 */
bool guest_wait(struct guest *guest);

/*
 * Takes the socket away, of which the loop no longer knows. The guest and what
 * came behind its head (guest_rest()) stay until guest_free().
 */
int guest_take(struct guest *guest);
struct span guest_rest(const struct guest *guest);
void guest_free(struct guest *guest);

/* Counts and logs a refusal that somebody else answers. */
void gate_note(struct gate *gate, enum refusal refusal, const char *why, const char *path, const char *ip);

#endif
