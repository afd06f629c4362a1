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

/* A text from a client that speaks frond.1: takes off what was put in front. False for a control frame. */
bool control_take_text(struct span *text);

#endif
