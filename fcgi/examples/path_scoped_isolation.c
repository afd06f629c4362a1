#include "demo.h"

/* Tells the room that someone joined or left, and how many there are now. */
static int
announce(struct tina4_conn *conn, const char *what)
{
	const char *room = tina4_conn_param(conn, "room");

	return tina4_conn_broadcast_jsonf(conn, 0,
	    "{'type':'system','message':'Someone %s room %s','room':%s,'online':%u}", what, room, room,
	    tina4_conn_count(conn));
}

static int
pass_on(struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json = demo_parse(conn, data, len);
	const char *from = demo_name(json, "username", "Anonymous");
	const char *text = demo_field(json, "text", "");
	char now[DEMO_TIMESTAMP_BYTES];
	int r;

	demo_timestamp(now);
	if (json == NULL)
		r = demo_refuse(conn, "Send a JSON object");
	else if (from == NULL || text == NULL)
		r = demo_refuse(conn, "username must be a short string, text a string");
	else
		r = tina4_conn_broadcast_jsonf(conn, 0,
		    "{'type':'message','room':%s,'from':%s,'text':%s,'timestamp':%s}", tina4_conn_param(conn, "room"),
		    from, text, now);
	cJSON_Delete(json);
	return r;
}

/* The path is the wall between rooms. */
int
demo_isolation(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		return announce(conn, "joined");
	case TINA4_MESSAGE:
		return pass_on(conn, data, len);
	case TINA4_CLOSE:
		return announce(conn, "left");
	}
	return 0;
}
