#include <errno.h>
#include <utlist.h>

#include "sidecar/hub/client.h"
#include "sidecar/hub/reading.h"

int
reading_add(struct readings *readings, struct client *client, const void *data, size_t len)
{
	buf_bytes(&client->reading.message, data, len);
	if (client->reading.message.failed) {
		reading_forget(readings, client);
		return -ENOMEM;
	}
	client_recount(client);
	if (client->reading.prev == NULL)
		DL_APPEND2(readings->unfinished, client, reading.prev, reading.next);
	return 0;
}

void
reading_forget(struct readings *readings, struct client *client)
{
	if (client->reading.prev == NULL && client->reading.message.data == NULL) {
		client->reading.message.failed = false;
		return;
	}
	buf_free(&client->reading.message);
	client_recount(client);
	client->reading.seconds = 0;
	if (client->reading.prev == NULL)
		return;
	DL_DELETE2(readings->unfinished, client, reading.prev, reading.next);
	client->reading.prev = client->reading.next = NULL;
}

void
readings_tick(struct readings *readings)
{
	struct client *client;

	DL_FOREACH2(readings->unfinished, client, reading.next)
		if (!client->reading.paused)
			client->reading.seconds++;
}

static bool
is_late(const struct client *client)
{
	return client->reading.seconds >= READING_SECONDS + client->reading.message.len / READING_BYTES_A_SECOND;
}

struct client *
readings_take_late(struct readings *readings)
{
	struct client *client;

	DL_FOREACH2(readings->unfinished, client, reading.next)
		if (is_late(client)) {
			reading_forget(readings, client);
			return client;
		}
	return NULL;
}
