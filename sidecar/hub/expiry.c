#include <string.h>
#include <utlist.h>

#include "shared/closecode.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/expiry.h"
#include "sidecar/hub/hub.h"

void
expiry_open(struct expiry *expiry, struct hub *hub)
{
	*expiry = (struct expiry){ .hub = hub };
}

void
expiry_add(struct expiry *expiry, struct client *client)
{
	DL_APPEND2(expiry->clients, client, expiry.prev, expiry.next);
}

void
expiry_remove(struct expiry *expiry, struct client *client)
{
	if (client->expiry.prev == NULL)
		return;
	DL_DELETE2(expiry->clients, client, expiry.prev, expiry.next);
	client->expiry.prev = client->expiry.next = NULL;
}

void
expiry_tick(struct expiry *expiry, int64_t now)
{
	static const char reason[] = "token expired";
	struct client *client;

	DL_FOREACH2(expiry->clients, client, expiry.next)
		if (now >= client->expiry.at)
			hub_disconnect(expiry->hub, client, CLOSE_LOGIN, "token-expired", span_of(reason));
}
