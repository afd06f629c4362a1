/*
 * A chat with rooms: the path is the wall between them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"

enum { TEXT_BYTES = 1280 }; /* room for a sentence with the longest path in it */

/* Tells the room that someone joined or left, and how many there are now. */
static int
announce(struct tina4_conn *conn, const char *what)
{
	const char *room = tina4_conn_param(conn, "room");
	cJSON *json = cJSON_CreateObject();
	char text[TEXT_BYTES];

	snprintf(text, sizeof(text), "Someone %s room %s", what, room);
	if (!cJSON_AddStringToObject(json, "type", "system") || !cJSON_AddStringToObject(json, "message", text) ||
	    !cJSON_AddStringToObject(json, "room", room) ||
	    !cJSON_AddNumberToObject(json, "online", tina4_conn_count(conn))) {
		cJSON_Delete(json);
		return -ENOMEM;
	}
	return tina4_conn_broadcast_json(conn, &json, 0);
}

static int
say(struct tina4_conn *conn, const char *from, const char *text)
{
	cJSON *json = cJSON_CreateObject();
	char now[DEMO_TIMESTAMP_BYTES];

	demo_timestamp(now);
	if (!cJSON_AddStringToObject(json, "type", "message") ||
	    !cJSON_AddStringToObject(json, "room", tina4_conn_param(conn, "room")) ||
	    !cJSON_AddStringToObject(json, "from", from) || !cJSON_AddStringToObject(json, "text", text) ||
	    !cJSON_AddStringToObject(json, "timestamp", now)) {
		cJSON_Delete(json);
		return -ENOMEM;
	}
	return tina4_conn_broadcast_json(conn, &json, 0);
}

/* Junk is its sender's business only. */
static int
refuse(struct tina4_conn *conn, const char *why)
{
	return tina4_conn_sendf(conn, "{\"type\":\"error\",\"message\":\"%s\"}", why);
}

/* The string under a name, `otherwise` when there is none, NULL when it is no string. */
static const char *
field(const cJSON *json, const char *name, const char *otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

	if (item == NULL || cJSON_IsNull(item))
		return otherwise;
	return cJSON_GetStringValue(item);
}

static int
hear(struct tina4_conn *conn, const char *data, size_t len)
{
	const char *from, *text;
	cJSON *json = NULL;
	int r;

	/* cJSON takes a NUL for blank space, and bytes for text. */
	if (!tina4_conn_is_binary(conn) && memchr(data, '\0', len) == NULL)
		json = cJSON_ParseWithLengthOpts(data, len + 1, NULL, true);
	if (!cJSON_IsObject(json)) {
		r = refuse(conn, "Send a JSON object");
		goto out;
	}

	from = field(json, "username", "Anonymous");
	text = field(json, "text", "");
	if (from == NULL || text == NULL)
		r = refuse(conn, "username and text must be strings");
	else
		r = say(conn, from, text);
out:
	cJSON_Delete(json);
	return r;
}

int
demo_chat(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		return announce(conn, "joined");
	case TINA4_MESSAGE:
		return hear(conn, data, len);
	case TINA4_CLOSE:
		return announce(conn, "left");
	}
	return 0;
}
