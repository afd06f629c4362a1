/*
 * protocols - the subprotocols that a route speaks (RFC 6455 section 1.9): a list of
 * names between blanks, commas or colons, the last for where a comma ends the list.
 * Pure.
 */
#ifndef SHARED_PROTOCOLS_H
#define SHARED_PROTOCOLS_H

#include <stdbool.h>

#include "shared/span.h"

enum protocols_limits {
	PROTOCOLS_MAX = 16,         /* names of a route */
	PROTOCOLS_NAME_BYTES = 64,  /* of each */
	PROTOCOLS_LIST_BYTES = 2048 /* with what is between them */
};

/* Offered before a token, which is the next name of the offer. */
#define PROTOCOLS_BEARER "bearer"

/* Steps through it. Returns false at the end. */
bool protocols_next(struct span *list, struct span *ret_name);

/* What is wrong with it, as a sentence's end; NULL when it will do. An empty one does. */
const char *protocols_fault(struct span list);

/* A name has its case. */
bool protocols_have(struct span list, struct span name);

#endif
