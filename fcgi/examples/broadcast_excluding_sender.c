#include "demo.h"

/* A confirmation for the sender, the message for everyone else. */
static int
pass_on(struct tina4_conn *conn, const char *from, const char *text)
{
	char now[DEMO_TIMESTAMP_BYTES];
	int r;

	demo_timestamp(now);
	r = tina4_conn_send_jsonf(conn, 0, "{'type':'sent','text':%s}", text);
	if (r < 0)
		return r;
	return tina4_conn_broadcast_jsonf(
	    conn, TINA4_EXCLUDE_SENDER, "{'type':'message','from':%s,'text':%s,'timestamp':%s}", from, text, now);
}

int
demo_excluding_sender(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	cJSON *json;
	const char *from, *text;
	int r;

	if (event != TINA4_MESSAGE)
		return 0;
	json = demo_parse(conn, data, len);
	from = demo_name(json, "username", "Anonymous");
	text = demo_field(json, "text", NULL);
	if (json == NULL || from == NULL || text == NULL)
		r = demo_refuse(conn, "Send a JSON object with text, and a username if you like");
	else
		r = pass_on(conn, from, text);
	cJSON_Delete(json);
	return r;
}
