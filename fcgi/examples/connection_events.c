#include <stdio.h>
#include <string.h>

#include "demo.h"

static int
answer(struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json = demo_parse(conn, data, len);
	const char *type = demo_field(json, "type", "");
	char now[DEMO_TIMESTAMP_BYTES];
	int r = 0;

	if (type != NULL && strcmp(type, "ping") == 0) {
		demo_timestamp(now);
		r = tina4_conn_send_jsonf(conn, 0, "{'type':'pong','timestamp':%s}", now);
	}
	cJSON_Delete(json);
	return r;
}

/* Each of the three events of a connection's life. */
int
demo_connection_events(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		fprintf(stderr, "Client connected: %s\n", tina4_conn_id(conn));
		return tina4_conn_send_jsonf(conn, 0,
		    "{'type':'welcome','message':'Connected to notifications','connection_id':%s}",
		    tina4_conn_id(conn));
	case TINA4_MESSAGE:
		return answer(conn, data, len);
	case TINA4_CLOSE:
		fprintf(stderr, "Client disconnected: %s\n", tina4_conn_id(conn));
		return 0;
	}
	return 0;
}
