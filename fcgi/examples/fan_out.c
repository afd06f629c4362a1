#include "demo.h"

/* Every message goes as it came, text or binary, to everyone on the path, the sender too. */
int
demo_fan_out(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	if (event == TINA4_MESSAGE)
		return tina4_conn_broadcast(conn, data, len, tina4_conn_is_binary(conn) ? TINA4_BINARY : TINA4_TEXT);
	return 0;
}
