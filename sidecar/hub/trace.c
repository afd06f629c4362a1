#include <inttypes.h>
#include <string.h>

#include "shared/wire.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/paths.h"
#include "sidecar/hub/trace.h"

/* The connection that a command is for, or comes from; "-" when there is none. */
static void
name_conn(const struct client *sender, const struct wire_command *command, char ret[static WIRE_ID_HEX])
{
	if (command->flags & WIRE_OTHER_CONN)
		wire_id_format(&command->conn, ret);
	else if (sender != NULL)
		wire_id_format(&sender->id, ret);
	else
		memcpy(ret, "-", sizeof("-"));
}

static struct span
path_of(const struct client *sender, const struct wire_command *command)
{
	if (command->type == WIRE_PUSH || command->type == WIRE_COUNT || command->type == WIRE_KICK)
		return command->key;
	return span_of(sender != NULL ? path_name(sender->place.path) : "-");
}

void
trace_write(
    const char *from, const struct client *sender, const struct wire_command *command, const struct wire_reply *reply)
{
	struct span path = path_of(sender, command);
	char conn[WIRE_ID_HEX];

	name_conn(sender, command, conn);
	log_debug("command taken from=%s command=%s path=%.*s conn=%s bytes=%zu connections=%" PRIu32 " outcome=%s",
	    from, wire_command_name(command->type), (int)path.len, path.data, conn, command->data.len,
	    reply->connections, wire_status_name(reply->status));
}
