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

#include "shared/span.h"

struct batches;
struct path;

/* Tells all members of the path who speak frond.1 that messages are gone for good, in their order with the others. */
void control_tell_gap(struct batches *batches, struct path *path);

/* A text from a client that speaks frond.1: takes off what was put in front. False for a control frame. */
bool control_take_text(struct span *text);

#endif
