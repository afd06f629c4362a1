/*
 * routetext - a route with its options as settings and options of commands write it:
 * the pattern, then each option behind a mark.
 *
 *     /ws/orders/{id:int},secure,history=100,history_seconds=3600,protocols=mqtt:stomp
 */
#ifndef SHARED_ROUTETEXT_H
#define SHARED_ROUTETEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"

struct routetext {
	struct span pattern;
	bool secure, push_only;
	uint32_t history, history_seconds; /* 0 when it does not say */
	struct span protocols;             /* see protocols.h: between colons; empty when it does not say */
};

/* Reads text[len], whose options stand behind `mark`. Returns 0 or -EINVAL. Spans borrow from the text. */
int routetext_parse(struct span text, char mark, struct routetext *ret);

#endif
