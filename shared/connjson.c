#include <inttypes.h>

#include "shared/connjson.h"
#include "shared/jsonput.h"
#include "shared/wire.h"

enum { HOST_DIGITS = 8 }; /* of an id, which begins with its host's number */

void
connjson_put(struct buf *buf, const struct wire_conn *conn)
{
	char id[WIRE_ID_HEX];

	wire_id_format(&conn->id, id);
	buf_printf(buf, "{\"id\":\"%s\",\"host\":\"%.*s\",\"path\":", id, HOST_DIGITS, id);
	jsonput_string(buf, conn->path);
	buf_string(buf, ",\"user\":");
	if (conn->user.len > 0)
		jsonput_string(buf, conn->user);
	else
		buf_string(buf, "null");
	buf_string(buf, ",\"address\":");
	jsonput_string(buf, conn->ip);
	buf_printf(buf, ",\"since_ms\":%" PRIu64 ",\"queued\":%" PRIu64 ",\"messages\":%" PRIu64 "}", conn->since_ms,
	    conn->queued, conn->messages);
}
