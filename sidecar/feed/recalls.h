/*
 * recalls - who asks for what is kept of a path, or who is there, by the bus or by HTTP.
 *
 * A host that does not hear a path yet has to ask first what others know of it; who
 * asks waits for that.
 */
#ifndef SIDECAR_RECALLS_H
#define SIDECAR_RECALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "shared/wire.h"

struct recalling;
struct requests;

enum { RECALLS_MAX = 1024 }; /* that wait; one more is told what is known here */

/* What they ask of who listens to them. */
struct recalls_events {
	/* True when more will be known soon of what is asked: recalls_known() says when. */
	bool (*is_awaited)(void *context, const struct wire_command *command);
};

struct recalls {
	struct requests *requests;
	const struct recalls_events *events; /* NULL while nobody listens */
	void *context;                       /* of the events */
	struct recalling *waiting;
	uint32_t n_waiting;
};

/* Is given the reply to a WIRE_HISTORY or WIRE_MEMBERS, whose text is borrowed. */
typedef void recalls_answer(void *whom, const struct wire_reply *reply);

void recalls_open(struct recalls *recalls, struct requests *requests);

/* Who still waits is told what is known. */
void recalls_close(struct recalls *recalls);

/* Says who is asked: borrowed. events is NULL for nobody. */
void recalls_listen(struct recalls *recalls, const struct recalls_events *events, void *context);

/* Answers a command WIRE_HISTORY or WIRE_MEMBERS, now or later. */
void recalls_ask(struct recalls *recalls, const struct wire_command *command, recalls_answer *answer, void *whom);

/* All that will be known of the path for now is known. */
void recalls_known(struct recalls *recalls, struct span path);

/* Who waits there is gone, and is not answered. */
void recalls_forget(struct recalls *recalls, const void *whom);

#endif
