#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "shared/hash.h"
#include "sidecar/feed/dedup.h"

struct dedup_request {
	UT_hash_handle hh;
	struct wire_id id;
	uint64_t deadline_ms;
	struct wire_reply reply;
	struct dedup_request *prev, *next;
};

struct wire_reply *
dedup_find(struct dedup *dedup, const struct wire_id *id)
{
	struct dedup_request *request;

	HASH_FIND(hh, dedup->by_id, id, sizeof(*id), request);
	return request == NULL ? NULL : &request->reply;
}

static void
forget(struct dedup *dedup, struct dedup_request *request)
{
	HASH_DELETE(hh, dedup->by_id, request);
	DL_DELETE(dedup->oldest, request);
	dedup->n--;
	free(request);
}

int
dedup_add(struct dedup *dedup, const struct wire_request *request, const struct wire_reply *reply)
{
	struct dedup_request *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	if (dedup->n >= DEDUP_MAX)
		forget(dedup, dedup->oldest);
	new->id = request->id;
	new->deadline_ms = request->deadline_ms;
	new->reply = *reply;
	new->reply.text = (struct span){ 0 };
	HASH_ADD(hh, dedup->by_id, id, sizeof(new->id), new);
	if (!HASH_ADDED(new)) {
		free(new);
		return -ENOMEM;
	}
	DL_APPEND(dedup->oldest, new);
	dedup->n++;
	return 0;
}

void
dedup_expire(struct dedup *dedup, uint64_t now_ms)
{
	struct dedup_request *request, *next;

	DL_FOREACH_SAFE(dedup->oldest, request, next) {
		if (request->deadline_ms >= now_ms)
			return; /* those behind it came later: a few may stay a little longer */
		forget(dedup, request);
	}
}

void
dedup_close(struct dedup *dedup)
{
	dedup_expire(dedup, UINT64_MAX);
}
