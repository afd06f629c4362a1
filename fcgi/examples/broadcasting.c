#include "demo.h"

static int
announce(struct tina4_conn *conn, const char *what)
{
	return tina4_conn_broadcast_jsonf(
	    conn, 0, "{'type':'system','message':'A %s','online_count':%u}", what, tina4_conn_count(conn));
}

static int
pass_on(struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json = demo_parse(conn, data, len);
	const char *text = demo_field(json, "text", "");
	char now[DEMO_TIMESTAMP_BYTES];
	int r;

	demo_timestamp(now);
	if (json == NULL || text == NULL)
		r = demo_refuse(conn, "Send a JSON object whose text is a string");
	else
		r = tina4_conn_broadcast_jsonf(conn, 0, "{'type':'announcement','from':%s,'text':%s,'timestamp':%s}",
		    tina4_conn_id(conn), text, now);
	cJSON_Delete(json);
	return r;
}

/* Everyone on the path hears of it, the sender too. */
int
demo_broadcasting(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		return announce(conn, "new user joined");
	case TINA4_MESSAGE:
		return pass_on(conn, data, len);
	case TINA4_CLOSE:
		return announce(conn, "user left");
	}
	return 0;
}
