#include <errno.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "sidecar/seen.h"

struct seen_request {
	UT_hash_handle hh;
	struct wire_id id;
	uint64_t deadline_ms;
	struct wire_reply reply;
	struct seen_request *prev, *next;
};

struct wire_reply *
seen_find(struct seen *seen, const struct wire_id *id)
{
	struct seen_request *request;

	HASH_FIND(hh, seen->by_id, id, sizeof(*id), request);
	return request == NULL ? NULL : &request->reply;
}

static void
forget(struct seen *seen, struct seen_request *request)
{
	HASH_DELETE(hh, seen->by_id, request);
	DL_DELETE(seen->oldest, request);
	seen->n--;
	free(request);
}

int
seen_add(struct seen *seen, const struct wire_request *request, const struct wire_reply *reply)
{
	struct seen_request *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	if (seen->n >= SEEN_MAX)
		forget(seen, seen->oldest);
	new->id = request->id;
	new->deadline_ms = request->deadline_ms;
	new->reply = *reply;
	new->reply.text = (struct span){ 0 };
	HASH_ADD(hh, seen->by_id, id, sizeof(new->id), new);
	DL_APPEND(seen->oldest, new);
	seen->n++;
	return 0;
}

void
seen_expire(struct seen *seen, uint64_t now_ms)
{
	struct seen_request *request, *next;

	DL_FOREACH_SAFE(seen->oldest, request, next) {
		if (request->deadline_ms >= now_ms)
			return; /* those behind it came later: a few may stay a little longer */
		forget(seen, request);
	}
}

void
seen_close(struct seen *seen)
{
	seen_expire(seen, UINT64_MAX);
}
