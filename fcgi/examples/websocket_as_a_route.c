#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"

/* The simplest handler: what you say comes back, text as text and binary as binary. */
int
demo_echo(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	static const char prefix[] = "Echo: ";
	size_t prefix_len = strlen(prefix);
	char *reply;
	int r;

	if (event != TINA4_MESSAGE)
		return 0;

	reply = malloc(prefix_len + len);
	if (reply == NULL)
		return -ENOMEM;
	memcpy(reply, prefix, prefix_len);
	memcpy(reply + prefix_len, data, len);
	r = tina4_conn_send(conn, reply, prefix_len + len, tina4_conn_is_binary(conn) ? TINA4_BINARY : TINA4_TEXT);
	free(reply);
	return r;
}
