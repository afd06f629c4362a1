/*
 * dedup - the requests of late, so that a retry is answered and not applied again.
 *
 * A request is remembered at least until its deadline, after which a retry is
 * refused as expired anyway. When there are more than DEDUP_MAX, the oldest are forgotten
 * first.
 */
#ifndef SIDECAR_DEDUP_H
#define SIDECAR_DEDUP_H

#include <stdint.h>

#include "shared/wire.h"

enum { DEDUP_MAX = 262144 };

struct dedup_request;

struct dedup {
	struct dedup_request *by_id;
	struct dedup_request *oldest; /* in the order of arrival */
	uint32_t n;
};

/* Borrows the reply (without its text) that a request of this id got; NULL when it is new. */
struct wire_reply *dedup_find(struct dedup *dedup, const struct wire_id *id);

/* Remembers a reply. Returns 0 or -ENOMEM. */
int dedup_add(struct dedup *dedup, const struct wire_request *request, const struct wire_reply *reply);

/* Forgets the oldest, as far as their deadline has passed. */
void dedup_expire(struct dedup *dedup, uint64_t now_ms);

void dedup_close(struct dedup *dedup);

#endif
