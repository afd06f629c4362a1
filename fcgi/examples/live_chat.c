#include <string.h>

#include "demo.h"

static const char *
username(const struct tina4_conn *conn)
{
	const char *name = tina4_conn_get(conn, "username");

	return name != NULL ? name : "Anonymous";
}

static int
set_username(struct tina4_conn *conn, const cJSON *json)
{
	const char *name = demo_name(json, "username", NULL);
	int r;

	if (name == NULL)
		return demo_refuse(conn, "username must be a short string");
	r = tina4_conn_broadcast_jsonf(
	    conn, 0, "{'type':'system','message':'%s is now known as %s'}", username(conn), name);
	return r < 0 ? r : tina4_conn_set(conn, "username", name);
}

static int
say(struct tina4_conn *conn, const cJSON *json)
{
	const char *text = demo_field(json, "text", "");
	char now[DEMO_TIMESTAMP_BYTES];

	if (text == NULL)
		return demo_refuse(conn, "text must be a string");
	demo_timestamp(now);
	return tina4_conn_broadcast_jsonf(conn, 0, "{'type':'message','from':%s,'from_id':%s,'text':%s,'timestamp':%s}",
	    username(conn), tina4_conn_id(conn), text, now);
}

static int
hear(struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json = demo_parse(conn, data, len);
	const char *type = demo_field(json, "type", "message");
	int r = 0;

	if (json == NULL || type == NULL)
		r = demo_refuse(conn, "Send a JSON object with a type");
	else if (strcmp(type, "set-username") == 0)
		r = set_username(conn, json);
	else if (strcmp(type, "message") == 0)
		r = say(conn, json);
	else if (strcmp(type, "typing") == 0)
		r = tina4_conn_broadcast_jsonf(
		    conn, TINA4_EXCLUDE_SENDER | TINA4_TRANSIENT, "{'type':'typing','username':%s}", username(conn));
	else if (strcmp(type, "count") == 0) /* a page asks as it comes, and so the others learn of it */
		r = tina4_conn_broadcast_jsonf(
		    conn, TINA4_TRANSIENT, "{'type':'count','online':%u}", tina4_conn_count(conn));
	cJSON_Delete(json);
	return r;
}

/* The last messages, and then who you are. */
static int
welcome(struct tina4_conn *conn)
{
	int r = tina4_conn_replay(conn, DEMO_CHAT_HISTORY);

	if (r < 0)
		return r;
	return tina4_conn_send_jsonf(conn, 0,
	    "{'type':'welcome','message':'Connected to room: %s','your_id':%s,'online':%u}",
	    tina4_conn_param(conn, "room"), tina4_conn_id(conn), tina4_conn_count(conn));
}

/* A chat with names and typing indicators, that shows what was said before. */
int
demo_live_chat(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		return welcome(conn);
	case TINA4_MESSAGE:
		return hear(conn, data, len);
	case TINA4_CLOSE:
		return tina4_conn_broadcast_jsonf(conn, TINA4_TRANSIENT,
		    "{'type':'system','message':'%s left the chat','online':%u}", username(conn),
		    tina4_conn_count(conn));
	}
	return 0;
}
