/*
 * rolls - who asks who is connected, by the bus or by HTTP.
 *
 * An answer is a page of one host: this one, or another that is asked for it, whereupon
 * who asks waits. The cursor of an answer leads on to the next page and, behind the last
 * one of a host, to the host with the next number. It means the same on every host.
 */
#ifndef SIDECAR_ROLLS_H
#define SIDECAR_ROLLS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

struct buf;
struct hub;
struct roll_waiting;

/* What they ask of who listens to them. */
struct rolls_events {
	/* The least number of another host that is there, from this one on. False when there is none. */
	bool (*next_host)(void *context, uint64_t from, uint32_t *ret);
	/* Asks that host: rolls_answered() follows. Returns 0, -ENOTCONN when it is not there, -EBUSY or -ENOMEM. */
	int (*ask)(void *context, uint32_t host, const struct wire_command *command, uint64_t token);
};

struct rolls {
	const struct hub *hub;
	const struct rolls_events *events; /* NULL while there is no other host */
	void *context;                     /* of the events */
	uint32_t host;                     /* our own number */
	uint64_t token;                    /* of the latest question */
	struct roll_waiting *waiting;
};

/* Is given the reply to a WIRE_CONNS, whose text is borrowed. */
typedef void rolls_answer(void *whom, const struct wire_reply *reply);

/* host is the first 32 bits of the ids of our connections. */
void rolls_open(struct rolls *rolls, const struct hub *hub, uint32_t host);

/* Who still waits is told that the host does not answer. */
void rolls_close(struct rolls *rolls);

/* Says who is asked: borrowed. events is NULL for nobody. */
void rolls_listen(struct rolls *rolls, const struct rolls_events *events, void *context);

/* Answers a command WIRE_CONNS, now or later. */
void rolls_ask(struct rolls *rolls, const struct wire_command *command, rolls_answer *answer, void *whom);

/* A host has answered, or has not: then reply is NULL. */
void rolls_answered(struct rolls *rolls, uint64_t token, const struct wire_reply *reply);

/* Who waits there is gone, and is not answered. */
void rolls_forget(struct rolls *rolls, const void *whom);

/* Answers another host, which asks for connections of this one: *ret borrows from text. */
void rolls_tell(struct rolls *rolls, const struct wire_command *command, struct buf *text, struct wire_reply *ret);

#endif
