#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/conf.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/pings.h"
#include "sidecar/hub/resume.h"

static struct frame *
make_heartbeat(const struct frame *ping)
{
	struct frame *beat = frame_new_control((struct span){ 0 });
	struct frame *both = beat == NULL ? NULL : frame_alloc(ping->len + beat->len);

	if (both != NULL) {
		memcpy(both->data, ping->data, ping->len);
		memcpy(both->data + ping->len, beat->data, beat->len);
	}
	frame_unref(beat);
	return both;
}

int
pings_open(struct pings *pings, const struct conf *conf, struct hub *hub)
{
	static const char payload[] = "tina4"; /* libwebsockets keeps an empty pong to itself */

	*pings = (struct pings){ .conf = conf, .hub = hub };
	if (conf->ws_ping_seconds == 0)
		return 0;
	pings->slots = calloc(conf->ws_ping_seconds, sizeof(struct client *));
	pings->ping = frame_new(FRAME_PING, payload, strlen(payload));
	if (pings->ping != NULL)
		pings->heartbeat = make_heartbeat(pings->ping);
	if (pings->slots == NULL || pings->heartbeat == NULL) {
		pings_close(pings);
		return -ENOMEM;
	}
	return 0;
}

void
pings_close(struct pings *pings)
{
	frame_unref(pings->ping);
	frame_unref(pings->heartbeat);
	free(pings->slots);
	*pings = (struct pings){ 0 };
}

/* Many come in the same second, after a restart all of them: each gets the next slot, so that no second is full. */
void
pings_add(struct pings *pings, struct client *client)
{
	if (pings->slots == NULL)
		return;
	client->ping.slot = pings->next;
	pings->next = (pings->next + 1) % pings->conf->ws_ping_seconds;
	DL_APPEND2(pings->slots[client->ping.slot], client, ping.prev, ping.next);
}

void
pings_remove(struct pings *pings, struct client *client)
{
	if (client->ping.prev == NULL)
		return;
	DL_DELETE2(pings->slots[client->ping.slot], client, ping.prev, ping.next);
	client->ping.prev = client->ping.next = NULL;
}

static void
ping(struct pings *pings, struct client *client)
{
	if (client->place.state != CLIENT_JOINED || client_close_code(client) != 0)
		return;
	if (client->socket.stream) {
		if (resume_heartbeat(pings->hub, client) < 0)
			client_drop(client, "out-of-memory");
		return;
	}
	if (client->ping.quiet && !client->reading.paused) {
		client_drop(client, "ping-timeout");
		return;
	}
	client->ping.quiet = !client->reading.paused;
	client_write(client, client->ping.frond ? pings->heartbeat : pings->ping, pings->conf->ws_queue_bytes);
}

void
pings_tick(struct pings *pings)
{
	struct client *client, *next;

	if (pings->slots == NULL)
		return;
	pings->now = (pings->now + 1) % pings->conf->ws_ping_seconds;
	DL_FOREACH_SAFE2(pings->slots[pings->now], client, next, ping.next)
		ping(pings, client);
}
