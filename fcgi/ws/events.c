#include <errno.h>
#include <string.h>

#include "fcgi/ws/conn.h"
#include "fcgi/ws/conns.h"
#include "fcgi/ws/events.h"
#include "shared/log.h"

int
events_open(struct events *events, struct tina4_app *app)
{
	*events = (struct events){ .app = app, .conns = conns_new() };
	return events->conns != NULL ? 0 : -ENOMEM;
}

void
events_close(struct events *events)
{
	conns_free(events->conns);
	buf_free(&events->text);
}

void
events_forget(struct events *events)
{
	conns_clear(events->conns);
}

bool
events_want_record(const struct wire_event *event)
{
	return event->kind != WIRE_ATTACH && event->kind != WIRE_DETACH;
}

/* Makes the connection known, or known anew. What fails here makes its next event fail. */
static void
attach(struct events *events, const struct wire_event *event)
{
	struct tina4_conn *conn = NULL;
	char id[WIRE_ID_HEX];
	int r;

	conns_remove(events->conns, &event->conn);
	r = conn_new(&conn, events->app, event);
	if (r == 0)
		r = conns_add(events->conns, &conn);
	if (r < 0) {
		wire_id_format(&event->conn, id);
		log_limited(LOG_LEVEL_ERROR, "connection not taken conn=%s error=%s", id, strerror(-r));
	}
}

/* Of a connection that could not be attached, or whose ATTACH the sidecar forgot. */
static void
refuse(const struct wire_event *event, struct buf *out)
{
	char id[WIRE_ID_HEX];

	wire_id_format(&event->conn, id);
	log_limited(
	    LOG_LEVEL_ERROR, "event of an unknown connection event=%s conn=%s", wire_event_name(event->kind), id);
	conn_put_failure(event, out);
}

static void
log_failure(const struct tina4_conn *conn, const struct wire_event *event, int error)
{
	log_limited(LOG_LEVEL_ERROR, "handler failed event=%s path=%s conn=%s error=%s", wire_event_name(event->kind),
	    tina4_conn_path(conn), tina4_conn_id(conn), tina4_strerror(error));
}

/* Copies the message to where a NUL follows it. */
static int
terminate_data(struct events *events, struct wire_event *event)
{
	buf_clear(&events->text);
	buf_bytes(&events->text, event->data.data, event->data.len);
	event->data.data = buf_cstr(&events->text);
	return event->data.data != NULL ? 0 : -ENOMEM;
}

static int
handle(struct events *events, struct wire_event *event, const struct wire_welcome *limits, struct buf *out,
    int *ret_result)
{
	struct tina4_conn *conn = conns_find(events->conns, &event->conn);
	int r;

	if (conn == NULL) {
		refuse(event, out);
		*ret_result = -ENOENT;
		return 0;
	}
	r = terminate_data(events, event);
	if (r < 0)
		return r;
	*ret_result = conn_handle(conn, event, limits, out);
	log_debug("event handled event=%s path=%s conn=%s bytes=%zu outcome=%s", wire_event_name(event->kind),
	    tina4_conn_path(conn), tina4_conn_id(conn), event->data.len,
	    *ret_result < 0 ? tina4_strerror(*ret_result) : "ok");
	if (*ret_result < 0)
		log_failure(conn, event, *ret_result);
	return 0;
}

void
events_meet(struct events *events, const struct wire_event *event)
{
	if (event->kind == WIRE_ATTACH || event->kind == WIRE_OPEN)
		attach(events, event);
	else if (event->kind == WIRE_DETACH)
		conns_remove(events->conns, &event->conn);
}

struct tina4_conn *
events_conn(const struct events *events, const struct wire_id *id)
{
	return conns_find(events->conns, id);
}

int
events_handle(struct events *events, struct wire_event *event, const struct wire_welcome *limits, struct buf *out,
    int *ret_result)
{
	int r = handle(events, event, limits, out, ret_result);

	if (event->kind == WIRE_CLOSE)
		conns_remove(events->conns, &event->conn);
	return r;
}
