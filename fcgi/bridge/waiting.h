/*
 * waiting - an event that waits for its answer, in a copy.
 *
 * The sidecar sends a worker no more than TINA4_WORKER_QUEUE_BYTES of them that are
 * not acknowledged, so that many bytes of messages wait here at most.
 */
#ifndef FCGI_BRIDGE_WAITING_H
#define FCGI_BRIDGE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

struct waiting {
	struct waiting *prev, *next; /* in a list of utlist.h */
	struct wire_event event;     /* its data is here */
	bool forgotten;              /* nobody wants its answer any more */
	unsigned deaths;             /* of those who were to answer */
	int64_t due_ms;              /* not before */
	char data[];
};

/* Copies what a handler needs. Returns NULL when out of memory; the caller frees it with free(). */
struct waiting *waiting_new(const struct wire_event *event);

#endif
