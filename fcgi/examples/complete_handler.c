#include <stdio.h>
#include <string.h>

#include "demo.h"

/* What is no JSON object is taken for the text itself. */
static int
say_back(struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json = demo_parse(conn, data, len);
	const char *text = json != NULL ? demo_field(json, "text", data) : data;
	char now[DEMO_TIMESTAMP_BYTES];
	int r;

	demo_timestamp(now);
	if (tina4_conn_is_binary(conn) || text == NULL || strlen(data) != len)
		r = demo_refuse(conn, "text must be a string");
	else
		r = tina4_conn_send_jsonf(
		    conn, 0, "{'type':'message','from':%s,'text':%s,'timestamp':%s}", tina4_conn_id(conn), text, now);
	cJSON_Delete(json);
	return r;
}

int
demo_complete_handler(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		fprintf(stderr, "[Chat] New connection: %s\n", tina4_conn_id(conn));
		return tina4_conn_send_jsonf(
		    conn, 0, "{'type':'system','message':'Welcome to the chat!','your_id':%s}", tina4_conn_id(conn));
	case TINA4_MESSAGE:
		return say_back(conn, data, len);
	case TINA4_CLOSE:
		fprintf(stderr, "[Chat] Disconnected: %s\n", tina4_conn_id(conn));
		return 0;
	}
	return 0;
}
