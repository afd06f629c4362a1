#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/feed/supervisors.h"

struct supervisor *
supervisors_find(const struct supervisors *supervisors, const struct bus_peer *peer)
{
	struct supervisor *supervisor;

	HASH_FIND(hh, supervisors->by_peer, peer, sizeof(*peer), supervisor);
	return supervisor;
}

struct supervisor *
supervisors_find_id(const struct supervisors *supervisors, const struct wire_id *id)
{
	struct supervisor *supervisor, *next;

	HASH_ITER(hh, supervisors->by_peer, supervisor, next)
		if (memcmp(&supervisor->id, id, sizeof(*id)) == 0)
			return supervisor;
	return NULL;
}

int
supervisors_add(struct supervisors *supervisors, const struct bus_peer *peer, const struct wire_id *id, uint64_t now_ms)
{
	struct supervisor *supervisor = supervisors_find(supervisors, peer);

	if (supervisor == NULL) {
		if (HASH_COUNT(supervisors->by_peer) >= SUPERVISORS_MAX)
			return -EBUSY;
		supervisor = calloc(1, sizeof(*supervisor));
		if (supervisor == NULL)
			return -ENOMEM;
		supervisor->peer = *peer;
		HASH_ADD(hh, supervisors->by_peer, peer, sizeof(supervisor->peer), supervisor);
		if (!HASH_ADDED(supervisor)) {
			free(supervisor);
			return -ENOMEM;
		}
	}
	supervisor->id = *id;
	supervisor->heard_ms = now_ms;
	return 0;
}

void
supervisors_remove(struct supervisors *supervisors, struct supervisor *supervisor)
{
	HASH_DELETE(hh, supervisors->by_peer, supervisor);
	free(supervisor);
}

void
supervisors_close(struct supervisors *supervisors)
{
	struct supervisor *supervisor, *next;

	HASH_ITER(hh, supervisors->by_peer, supervisor, next)
		supervisors_remove(supervisors, supervisor);
}
