#include <utlist.h>

#include "sidecar/hub/ahead.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/paths.h"

static bool
is_ahead(const struct history *history, const struct position *position)
{
	for (uint32_t i = 0; i < position->n; i++)
		if (history == NULL || !history_has(history, position->marks[i]))
			return true;
	return false;
}

bool
ahead_add(struct path *path, struct client *client, uint64_t now_ms)
{
	if (!is_ahead(path->past.history, &client->coming->position))
		return false;
	client->coming->joined_ms = now_ms;
	DL_APPEND2(path->past.ahead, client, coming->prev, coming->next);
	return true;
}

void
ahead_remove(struct path *path, struct client *client)
{
	if (client->coming == NULL || client->coming->prev == NULL)
		return;
	DL_DELETE2(path->past.ahead, client, coming->prev, coming->next);
	client->coming->prev = client->coming->next = NULL;
}

/* The list is in the order in which they came. */
void
ahead_expire(struct path *path, uint64_t now_ms)
{
	struct client *client;

	while ((client = path->past.ahead) != NULL && client->coming->joined_ms + AHEAD_MS <= now_ms) {
		struct coming *coming = client->coming;

		ahead_remove(path, client);
		client->coming = NULL;
		coming_free(coming);
	}
}

bool
ahead_has(const struct client *client, struct mark mark)
{
	return client->coming != NULL && position_covers(&client->coming->position, mark);
}
