/*
 * answering - what becomes of an event that is a client's request.
 *
 * Its client hears of it once the handler's commands have been applied: with the
 * handler's answer, without one, or why there is none.
 */
#ifndef SIDECAR_ANSWERING_H
#define SIDECAR_ANSWERING_H

#include "sidecar/hub/question.h"

struct event;
struct hub;
struct once;

/* The question that the event asks, whose outcome it then knows no more. */
struct question answering_begin(struct hub *hub, struct event *event);

/* It has been handled: why is NULL, or what the client is told if there is no answer. */
void answering_end(struct hub *hub, struct once *once, struct question *question, const char *why);

/* No handler gets the event. Its client asks again, when it comes back or, if it is back already, when it is told. */
void answering_drop(struct hub *hub, struct once *once, struct question *question, const struct client *sender);

#endif
