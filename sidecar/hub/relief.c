#include <malloc.h>

#include "shared/log.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/relief.h"

enum { SEARCHES = 16 }; /* in a turn: each for those with half as much as the fullest */

void
relief_open(struct relief *relief, struct hub *hub)
{
	*relief = (struct relief){ .hub = hub };
}

static size_t
find_most(const struct hub *hub)
{
	const struct client *client, *next;
	size_t most = 0;

	HASH_ITER(hh, hub->clients, client, next)
		if (!client->socket.broken && client_held(client) > most)
			most = client_held(client);
	return most;
}

/* Drops those who hold so much, until there is enough. */
static void
drop(struct relief *relief, size_t least)
{
	struct client *client, *next;

	HASH_ITER(hh, relief->hub->clients, client, next) {
		if (!memory_is_scarce())
			return;
		if (client->socket.wsi == NULL || client->socket.broken || client_held(client) < least)
			continue;
		reading_forget(&relief->hub->readings, client);
		client_drop(client, "memory");
		relief->n_dropped++;
	}
}

void
relief_turn(struct relief *relief, uint64_t now_ms)
{
	uint64_t before = relief->n_dropped;

	if (memory.bytes > relief->peak)
		relief->peak = memory.bytes;
	histories_relieve(&relief->hub->histories);
	if (!memory_is_scarce() || now_ms < relief->rest_until_ms)
		return;
	for (int i = 0; i < SEARCHES && memory_is_scarce(); i++) {
		size_t most = find_most(relief->hub);

		if (most < RELIEF_MIN_BYTES)
			break;
		drop(relief, most / 2);
	}
	if (relief->n_dropped > before)
		log_limited(LOG_LEVEL_WARN, "memory is scarce held=%zu limit=%zu dropped=%llu", memory.bytes,
		    memory.limit, (unsigned long long)(relief->n_dropped - before));
	else
		relief->rest_until_ms = now_ms + RELIEF_REST_MS;
}

/* True when so much has been let go that the system can do something with it. */
static bool
pays(const struct relief *relief)
{
	size_t let_go = relief->peak > memory.bytes ? relief->peak - memory.bytes : 0;

	return let_go >= RELIEF_TRIM_BYTES && let_go >= relief->peak / 4;
}

void
relief_tick(struct relief *relief, uint64_t now_ms)
{
	if (!pays(relief) || (relief->n_trims > 0 && now_ms - relief->trimmed_ms < RELIEF_TRIM_MS))
		return;
	malloc_trim(0);
	relief->n_trims++;
	relief->trimmed_ms = now_ms;
	relief->peak = memory.bytes;
}
