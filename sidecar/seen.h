/*
 * seen - the requests of late, so that a retry is answered and not applied again.
 *
 * A request is remembered at least until its deadline, after which a retry is
 * refused as expired anyway. When there are more than SEEN_MAX, the oldest are forgotten
 * first.
 */
#ifndef SIDECAR_SEEN_H
#define SIDECAR_SEEN_H

#include <stdint.h>

#include "shared/wire.h"

enum { SEEN_MAX = 262144 };

struct seen_request;

struct seen {
	struct seen_request *by_id;
	struct seen_request *oldest; /* in the order of arrival */
	uint32_t n;
};

/* Borrows the reply (without its text) that a request of this id got; NULL when it is new. */
struct wire_reply *seen_find(struct seen *seen, const struct wire_id *id);

/* Remembers a reply. Returns 0 or -ENOMEM. */
int seen_add(struct seen *seen, const struct wire_request *request, const struct wire_reply *reply);

/* Forgets the oldest, as far as their deadline has passed. */
void seen_expire(struct seen *seen, uint64_t now_ms);

void seen_close(struct seen *seen);

#endif
