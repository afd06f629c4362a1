#include "sidecar/hub/announce.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/control.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/paths.h"

/* True for the number that a client expects after the mark. */
static bool
follows(const struct batch_entry *entry, const struct mark *last)
{
	return last != NULL && entry->mark.origin == last->origin && entry->mark.number == last->number + 1;
}

bool
announce_to_members(struct path *path)
{
	const struct mark *last = NULL;

	for (uint32_t i = 0; i < path->batch.n; i++) {
		struct batch_entry *entry = &path->batch.entries[i];

		if (entry->mark.number == 0)
			continue;
		if (entry->shared == NULL)
			entry->shared = follows(entry, last) ? control_next_number() : control_next(entry->mark);
		if (entry->shared == NULL)
			return false;
		last = &entry->mark;
	}
	return true;
}

static bool
announce_entry(struct batch_entry *entry, const struct client *client)
{
	struct frame **frame = entry->except == client ? &entry->have : &entry->own;

	if (*frame == NULL)
		*frame = entry->except == client ? control_have(entry->mark) : control_next(entry->mark);
	return *frame != NULL;
}

bool
announce_to(struct path *path, const struct client *client)
{
	uint32_t end = client->batch.to < path->batch.n ? client->batch.to : path->batch.n;

	if (!client->ping.frond)
		return true;
	for (uint32_t i = client->batch.from; i < end; i++)
		if (path->batch.entries[i].mark.number > 0 && !announce_entry(&path->batch.entries[i], client))
			return false;
	return true;
}
