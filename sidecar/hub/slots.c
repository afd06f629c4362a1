#include <stdlib.h>

#include "sidecar/hub/array.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/slots.h"

struct slot {
	struct client *client; /* NULL while it is free */
	uint32_t next_free;
};

void
slots_open(struct slots *slots)
{
	*slots = (struct slots){ .next_free = SLOTS_NONE };
}

static uint32_t
take_free(struct slots *slots)
{
	uint32_t slot = slots->next_free;

	slots->next_free = slots->all[slot].next_free;
	return slot;
}

int
slots_add(struct slots *slots, struct client *client)
{
	int r = 0;

	if (slots->next_free != SLOTS_NONE)
		client->listed.slot = take_free(slots);
	else if ((r = ARRAY_RESERVE(slots->all, slots->n, slots->cap)) == 0)
		client->listed.slot = slots->n++;
	if (r < 0)
		return r;
	slots->all[client->listed.slot] = (struct slot){ client, SLOTS_NONE };
	slots->n_taken++;
	return 0;
}

/* The last one leaves nothing behind. */
void
slots_remove(struct slots *slots, struct client *client)
{
	uint32_t slot = client->listed.slot;

	slots->all[slot] = (struct slot){ NULL, slots->next_free };
	slots->next_free = slot;
	if (--slots->n_taken > 0)
		return;
	free(slots->all);
	slots_open(slots);
}

struct client *
slots_at(const struct slots *slots, uint32_t slot)
{
	return slots->all[slot].client;
}
