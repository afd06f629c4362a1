#include <errno.h>
#include <stdio.h>

#include "shared/take.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/roll.h"
#include "sidecar/hub/users.h"

/* --- cursors ------------------------------------------------------------------------ */

int
roll_cursor_parse(struct span text, struct roll_cursor *ret)
{
	uint64_t host, slot;

	if (!take_hex(&text, 8, &host) || !take_char(&text, '.') || !take_decimal(&text, &slot) || text.len > 0 ||
	    slot >= SLOTS_NONE)
		return -EINVAL;
	*ret = (struct roll_cursor){ (uint32_t)host, (uint32_t)slot };
	return 0;
}

void
roll_cursor_format(struct roll_cursor cursor, char ret[static ROLL_CURSOR_BYTES])
{
	snprintf(ret, ROLL_CURSOR_BYTES, "%08x.%u", cursor.host, cursor.slot);
}

/* --- pages ---------------------------------------------------------------------------- */

static bool
is_listed(const struct client *client)
{
	return client->place.state == CLIENT_OPENING || client->place.state == CLIENT_JOINED;
}

static bool
matches(struct span wanted, struct span found)
{
	return wanted.len == 0 || span_equal(wanted, found);
}

/* Returns true when it is one that is asked for. */
static bool
put(const struct client *client, const struct roll_asked *asked, struct buf *ret)
{
	struct wire_conn conn = {
		.id = client->id,
		.since_ms = client->listed.since_ms,
		.queued = client->socket.outq.bytes + client->memory.partial,
		.messages = client->reading.n_messages,
		.path = path_span(client->place.path),
		.user = users_span(client->user.of),
	};
	struct wire_meta meta = { 0 };

	if (!matches(asked->path, conn.path) || !matches(asked->user, conn.user))
		return false;
	wire_get_meta(span_of_buf(&client->feed.meta), &meta);
	conn.ip = meta.ip;
	wire_put_conn(ret, &conn);
	return true;
}

uint32_t
roll_put(const struct hub *hub, const struct roll_asked *asked, struct buf *ret)
{
	const struct slots *slots = &hub->slots;
	uint32_t n = 0, slot = asked->slot, end = slots->n;
	size_t begin = ret->len;

	if (end > slot && end - slot > ROLL_SLOTS)
		end = slot + ROLL_SLOTS;
	for (; slot < end; slot++) {
		const struct client *client = slots_at(slots, slot);

		if (ret->len - begin >= ROLL_BYTES || (asked->max > 0 && n >= asked->max))
			return slot;
		n += client != NULL && is_listed(client) && put(client, asked, ret);
	}
	return slot < slots->n ? slot : SLOTS_NONE;
}
