/*
 * control - what the sidecar and frond.js say to each other, beside the app's
 * messages.
 *
 * On the subprotocol frond.1 a text message that begins with U+0000 is a control
 * frame: a verb follows, then its words. An app's text that begins so gets one
 * more U+0000 in front, in both directions. Verbs that are not known are ignored,
 * so that both sides can grow. Clients of other subprotocols get the app's
 * messages as they are. frond(3) lists the verbs.
 */
#ifndef SIDECAR_CONTROL_H
#define SIDECAR_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "shared/wire.h"
#include "sidecar/hub/position.h"

struct frame;

/* What is said: each returns NULL when out of memory. */
struct frame *control_resumed(bool whole);    /* r: what was missed has been sent, or not */
struct frame *control_have(struct mark mark); /* p: you have this message */
/* p: you are there, and are called and were called this */
struct frame *control_position(const struct position *position, const uint64_t names[], uint32_t n);
struct frame *control_next(struct mark mark);                             /* n: this message comes next */
struct frame *control_next_of_all(const struct mark marks[], uint32_t n); /* n: these come next */
struct frame *control_next_number(void);                                  /* n: the number after the last one */

struct frame *control_here(struct span members); /* =: all who are here, or how many */
struct frame *control_came(struct span member);  /* +: this one came, or has changed */
struct frame *control_left(struct span id);      /* -: this one left */
/* k: you are this one now, and what to come back with, to be taken for the same one */
struct frame *control_key(uint64_t key, struct span id);

/* Borrows the words of one of them, without the U+0000. */
struct span control_words(const struct frame *control);

/* a: the answer to a request, text or binary; or that it was handled without one; or why it was not. */
struct frame *control_answer(uint64_t number, struct span data, bool binary);
struct frame *control_answered(uint64_t number);
struct frame *control_not_answered(uint64_t number, const char *why);
struct frame *control_memory(uint64_t name); /* o: what is remembered of your requests is called so; 0: nothing is */

/* What a request of a client's says of itself. */
struct control_question {
	uint64_t number; /* 1 or more; rises */
	uint64_t lowest; /* the lowest number that it still waits for, to be handled once; 0 for a request that may be
			    twice */
	bool binary;     /* its data comes as the next binary message */
	struct span data;
};

/* q: a request, and o: who asks. Each returns 0, or -EBADMSG when the words behind the verb are not well-formed. */
int control_read_question(struct span words, struct control_question *ret);
int control_read_key(struct span words, struct wire_id *ret);

/* A text from a client that speaks frond.1: takes off what was put in front. False for a control frame. */
bool control_take_text(struct span *text);

#endif
