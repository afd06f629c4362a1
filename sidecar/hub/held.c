#include <utlist.h>

#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/held.h"
#include "sidecar/hub/paths.h"

void
held_add(struct path *path, struct client *client)
{
	DL_APPEND2(path->past.waiting, client, coming->prev, coming->next);
}

void
held_remove(struct path *path, struct client *client)
{
	if (client->coming == NULL || client->coming->prev == NULL)
		return;
	DL_DELETE2(path->past.waiting, client, coming->prev, coming->next);
	client->coming->prev = client->coming->next = NULL;
}

struct client *
held_next(struct path *path)
{
	struct client *client = path->past.waiting;

	if (client != NULL)
		held_remove(path, client);
	return client;
}
