#include <errno.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/reading.h"

int
reading_add(struct hub *hub, struct client *client, const void *data, size_t len)
{
	buf_bytes(&client->reading.message, data, len);
	if (client->reading.message.failed) {
		reading_forget(hub, client);
		return -ENOMEM;
	}
	client_recount(client);
	if (client->reading.prev == NULL)
		DL_APPEND2(hub->unfinished, client, reading.prev, reading.next);
	return 0;
}

void
reading_forget(struct hub *hub, struct client *client)
{
	if (client->reading.prev == NULL && client->reading.message.data == NULL)
		return;
	buf_free(&client->reading.message);
	client_recount(client);
	client->reading.seconds = 0;
	if (client->reading.prev == NULL)
		return;
	DL_DELETE2(hub->unfinished, client, reading.prev, reading.next);
	client->reading.prev = client->reading.next = NULL;
}

static bool
is_late(const struct client *client)
{
	return client->reading.seconds >= READING_SECONDS + client->reading.message.len / READING_BYTES_A_SECOND;
}

void
reading_tick(struct hub *hub)
{
	struct client *client, *next;

	DL_FOREACH_SAFE2(hub->unfinished, client, next, reading.next) {
		if (client->reading.paused)
			continue;
		client->reading.seconds++;
		if (!is_late(client))
			continue;
		reading_forget(hub, client);
		hub_disconnect(hub, client, CLOSE_POLICY, "message-timeout", SPAN_EMPTY);
	}
}
