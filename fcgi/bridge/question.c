#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fcgi/bridge/description.h"
#include "shared/jsonput.h"
#include "fcgi/bridge/question.h"
#include "fcgi/ws/attributes.h"
#include "fcgi/ws/conn.h"
#include "shared/buf.h"

/* True when a message has to be base64: it is binary, or its text has a NUL, which few languages take from JSON. */
static bool
is_encoded(const struct wire_event *event)
{
	return (event->flags & WIRE_BINARY) || memchr(event->data.data, '\0', event->data.len) != NULL;
}

/* A handler may have changed it since the last event. */
static void
put_user_id(struct buf *buf, const char *user)
{
	buf_string(buf, ",\"user_id\":");
	if (user != NULL)
		jsonput_string(buf, span_of(user));
	else
		buf_string(buf, "null");
}

void
question_attributes(struct buf *buf, const struct tina4_conn *conn)
{
	struct buf pairs = BUF_INIT;
	struct wire_reader reader;
	struct span name, value;
	bool any = false;

	attributes_save(conn_attributes(conn), &pairs);
	reader = wire_reader(pairs.data, pairs.len);
	buf_u8(buf, '{');
	for (; wire_get_pair(&reader, &name, &value) > 0; any = true) {
		if (any)
			buf_u8(buf, ',');
		jsonput_string(buf, name);
		buf_u8(buf, ':');
		jsonput_string(buf, value);
	}
	buf_u8(buf, '}');
	buf->failed |= pairs.failed;
	buf_free(&pairs);
}

static void
put_message(struct buf *buf, const struct wire_event *event)
{
	buf_string(buf, event->flags & WIRE_BINARY ? ",\"binary\":true" : ",\"binary\":false");
	buf_string(buf, event->flags & WIRE_ASKS ? ",\"asks\":true" : ",\"asks\":false");
	if (is_encoded(event)) {
		buf_string(buf, ",\"base64\":");
		jsonput_base64(buf, event->data);
	} else {
		buf_string(buf, ",\"text\":");
		jsonput_string(buf, event->data);
	}
}

/* It is made when the connection is asked about first. */
static int
put_description(struct buf *buf, struct tina4_conn *conn)
{
	struct buf *description = conn_description(conn);
	int r = 0;

	if (description->len == 0)
		r = description_put(description, conn_meta(conn));
	if (r < 0) {
		buf_free(description);
		return r;
	}
	buf_bytes(buf, description->data, description->len);
	return 0;
}

int
question_put(struct buf *buf, struct tina4_conn *conn, const struct wire_event *event)
{
	char id[WIRE_ID_HEX];
	int r;

	conn_format_event_id(event, id);
	buf_string(buf, "{\"event\":\"");
	buf_string(buf, wire_event_name(event->kind));
	buf_string(buf, "\",\"id\":\"");
	buf_string(buf, id);
	buf_string(buf, "\",\"attempt\":");
	buf_decimal(buf, event->attempt);
	buf_string(buf, ",\"connection\":\"");
	buf_string(buf, tina4_conn_id(conn));
	buf_string(buf, "\",\"count\":");
	buf_decimal(buf, event->count);
	if (event->kind == WIRE_MESSAGE)
		put_message(buf, event);
	if (event->kind == WIRE_CLOSE) {
		buf_string(buf, ",\"code\":");
		buf_decimal(buf, event->code);
	}
	buf_string(buf, ",\"attributes\":");
	question_attributes(buf, conn);
	put_user_id(buf, tina4_conn_user_id(conn));
	buf_u8(buf, ',');
	r = put_description(buf, conn);
	buf_string(buf, "}\n");
	return r < 0 ? r : buf->failed ? -ENOMEM : 0;
}
