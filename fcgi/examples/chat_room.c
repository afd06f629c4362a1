#include <string.h>
#include <time.h>

#include "demo.h"

static const char *
name_of(const struct tina4_conn *conn)
{
	const char *name = tina4_conn_get(conn, "name");

	return name != NULL ? name : "Anonymous";
}

/* The one who comes is welcomed, the others are told. */
static int
welcome(struct tina4_conn *conn)
{
	int r;

	r = tina4_conn_send_jsonf(conn, 0,
	    "{'type':'system','message':'Welcome to room: %s. Set your name with: %s','online':%u}",
	    tina4_conn_param(conn, "roomName"), "{\"type\": \"set-name\", \"name\": \"YourName\"}",
	    tina4_conn_count(conn));
	if (r < 0)
		return r;
	return tina4_conn_broadcast_jsonf(conn, TINA4_EXCLUDE_SENDER,
	    "{'type':'system','message':'A new user joined','online':%u}", tina4_conn_count(conn));
}

static int
set_name(struct tina4_conn *conn, const cJSON *json)
{
	const char *name = demo_name(json, "name", "Anonymous");
	int r;

	if (name == NULL)
		return demo_refuse(conn, "name must be a short string");
	r = tina4_conn_broadcast_jsonf(
	    conn, 0, "{'type':'system','message':'%s changed their name to %s'}", name_of(conn), name);
	return r < 0 ? r : tina4_conn_set(conn, "name", name);
}

static int
say(struct tina4_conn *conn, const cJSON *json)
{
	const char *text = demo_field(json, "text", "");
	time_t now = time(NULL);
	char clock[sizeof("23:59:60")];
	struct tm utc;

	if (text == NULL)
		return demo_refuse(conn, "text must be a string");
	strftime(clock, sizeof(clock), "%H:%M:%S", gmtime_r(&now, &utc));
	return tina4_conn_broadcast_jsonf(
	    conn, 0, "{'type':'chat','from':%s,'text':%s,'timestamp':%s}", name_of(conn), text, clock);
}

static int
hear(struct tina4_conn *conn, const char *data, size_t len)
{
	cJSON *json = demo_parse(conn, data, len);
	const char *type = demo_field(json, "type", "chat");
	int r = 0;

	if (json == NULL || type == NULL)
		r = demo_refuse(conn, "Send a JSON object with a type");
	else if (strcmp(type, "set-name") == 0)
		r = set_name(conn, json);
	else if (strcmp(type, "chat") == 0)
		r = say(conn, json);
	cJSON_Delete(json);
	return r;
}

int
demo_chat_room(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		return welcome(conn);
	case TINA4_MESSAGE:
		return hear(conn, data, len);
	case TINA4_CLOSE:
		return tina4_conn_broadcast_jsonf(conn, 0, "{'type':'system','message':'%s left the room','online':%u}",
		    name_of(conn), tina4_conn_count(conn));
	}
	return 0;
}

int
demo_room_page(struct tina4_request *req, struct tina4_response *res)
{
	return demo_page(res, "room.html", "room", tina4_request_param(req, "roomName"));
}
