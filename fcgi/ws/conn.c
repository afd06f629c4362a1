#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/ws/attributes.h"
#include "fcgi/ws/command.h"
#include "fcgi/ws/conn.h"
#include "fcgi/convert.h"
#include "fcgi/format.h"
#include "fcgi/ws/meta.h"
#include "fcgi/session/session.h"
#include "shared/closecode.h"
#include "shared/log.h"
#include "shared/username.h"

enum { COMMAND_OVERHEAD = 32 }; /* bytes of a command beside its key and data */

/* What a handler has done so far. */
struct run {
	const struct wire_welcome *limits;
	struct buf *out;
	size_t record; /* where the event's record begins in out */
	int error;     /* of the first command that failed */
	char *user;    /* whose it was before, when that is set */
	bool sets_user;
	bool closes;
	bool replied;
};

struct tina4_conn {
	struct tina4_app *app;
	const struct ws_route *route;
	struct wire_id id;
	char id_text[WIRE_ID_HEX];
	struct meta *meta;
	struct attributes attributes;
	char *user;  /* whose it is, or NULL */
	bool closed; /* by its handler: gets no more messages */
	struct buf description;

	/* of the event that was handled last */
	enum wire_event_kind kind;
	uint8_t flags;
	uint16_t code;
	uint32_t count;
	char event_id[WIRE_ID_HEX];
	struct cJSON *session; /* its values, when the handler asked for them */

	struct run *run; /* NULL when no handler runs */
};

/* By thread, because a program's own threads may push while a handler runs. */
static _Thread_local struct tina4_conn *running;

static int
load_user(struct tina4_conn *conn, struct span name)
{
	if (name.len == 0)
		return 0;
	conn->user = strndup(name.data, name.len);
	return conn->user != NULL ? 0 : -ENOMEM;
}

int
conn_new(struct tina4_conn **ret, struct tina4_app *app, const struct wire_event *event)
{
	struct tina4_conn *conn = NULL;
	const struct ws_route *route;
	struct wire_meta meta;
	int r;

	r = wire_get_meta(event->meta, &meta);
	if (r < 0)
		return r;
	route = app_ws_route(app, meta.pattern.data, meta.pattern.len);
	if (route == NULL || route->handler == NULL)
		return -ENOENT;
	if (route->secure && meta.claims.len == 0) /* a sidecar that is too old for secure routes */
		return -EACCES;

	conn = calloc(1, sizeof(*conn));
	if (conn == NULL)
		return -ENOMEM;
	conn->app = app;
	conn->route = route;
	conn->id = event->conn;
	wire_id_format(&conn->id, conn->id_text);
	r = meta_new(&conn->meta, route->pattern, &meta);
	if (r == 0)
		r = attributes_load(&conn->attributes, event->attributes);
	if (r == 0)
		r = load_user(conn, meta.user);
	if (r < 0) {
		conn_free(conn);
		return r;
	}
	*ret = conn;
	return 0;
}

void
conn_free(struct tina4_conn *conn)
{
	if (conn == NULL)
		return;
	cJSON_Delete(conn->session);
	free(conn->user);
	attributes_free(&conn->attributes);
	buf_free(&conn->description);
	meta_free(conn->meta);
	free(conn);
}

const struct wire_id *
conn_wire_id(const struct tina4_conn *conn)
{
	return &conn->id;
}

struct meta *
conn_meta(const struct tina4_conn *conn)
{
	return conn->meta;
}

const struct attributes *
conn_attributes(const struct tina4_conn *conn)
{
	return &conn->attributes;
}

bool
conn_wants(const struct tina4_conn *conn, const struct wire_event *event)
{
	return event->kind != WIRE_MESSAGE || !conn->closed;
}

struct buf *
conn_description(struct tina4_conn *conn)
{
	return &conn->description;
}

/* --- handling an event ------------------------------------------------------ */

static size_t
begin_record(const struct wire_event *event, bool failed, struct buf *out)
{
	struct wire_record record = {
		.conn = event->conn,
		.epoch = event->epoch,
		.event = event->id,
		.attempt = event->attempt,
		.failed = failed,
	};

	return wire_begin_record(out, &record);
}

void
conn_put_failure(const struct wire_event *event, struct buf *out)
{
	wire_end_record(out, begin_record(event, true, out));
}

void
conn_format_event_id(const struct wire_event *event, char ret[static WIRE_ID_HEX])
{
	struct wire_id id;

	for (size_t i = 0; i < 8; i++) {
		id.bytes[i] = (uint8_t)(event->epoch >> (56 - 8 * i));
		id.bytes[8 + i] = (uint8_t)(event->id >> (56 - 8 * i));
	}
	wire_id_format(&id, ret);
}

static void
note_event(struct tina4_conn *conn, const struct wire_event *event)
{
	conn->kind = event->kind;
	conn->flags = event->flags;
	conn->code = event->code;
	conn->count = event->count;
	conn_format_event_id(event, conn->event_id);
	cJSON_Delete(conn->session);
	conn->session = NULL;
}

static enum tina4_event
public_kind(enum wire_event_kind kind)
{
	if (kind == WIRE_OPEN)
		return TINA4_OPEN;
	return kind == WIRE_MESSAGE ? TINA4_MESSAGE : TINA4_CLOSE;
}

/* Runs the handler. Returns 0 when it and all its commands succeeded. */
static int
call_handler(struct tina4_conn *conn, const struct wire_event *event, struct run *run)
{
	bool has_data = event->kind == WIRE_MESSAGE;
	int r;

	note_event(conn, event);
	conn->run = run;
	running = conn;
	r = conn->route->handler(
	    conn, public_kind(event->kind), has_data ? event->data.data : NULL, has_data ? event->data.len : 0);
	running = NULL;
	conn->run = NULL;

	if (r > 0)
		return -EINVAL; /* not a result that we promised to understand */
	return r == 0 ? run->error : r;
}

static void
undo_user(struct tina4_conn *conn, struct run *run)
{
	if (!run->sets_user)
		return;
	free(conn->user);
	conn->user = run->user;
}

int
conn_handle(struct tina4_conn *conn, const struct wire_event *event, const struct wire_welcome *limits, struct buf *out)
{
	struct run run = { .limits = limits, .out = out };
	int r = 0;

	run.record = begin_record(event, false, out);
	if (conn_wants(conn, event))
		r = call_handler(conn, event, &run);

	if (r < 0) {
		undo_user(conn, &run);
		attributes_undo(&conn->attributes);
		out->len = run.record;
		out->failed = false;
		conn_put_failure(event, out);
		conn->closed |= event->kind == WIRE_OPEN; /* the sidecar closes it */
		return r;
	}
	free(run.user);
	attributes_settle(&conn->attributes);
	conn->closed |= run.closes;
	wire_end_record(out, run.record);
	return 0;
}

struct tina4_conn *
conn_running(const struct tina4_app *app)
{
	return running != NULL && running->app == app ? running : NULL;
}

int
conn_fail(struct tina4_conn *conn, int error)
{
	if (conn->run != NULL && conn->run->error == 0)
		conn->run->error = error;
	return error;
}

size_t
conn_max_message(const struct tina4_conn *conn)
{
	return conn->run != NULL ? conn->run->limits->max_message : 0;
}

static int
append(struct run *run, const struct wire_command *command)
{
	size_t before = run->out->len - run->record;

	if (before + COMMAND_OVERHEAD + command->key.len + command->data.len > WIRE_MAX_RECORD_BYTES)
		return -ENOBUFS;
	wire_put_command(run->out, command);
	return run->out->failed ? -ENOMEM : 0;
}

/* What a handler wants; nothing of it happens should it fail. */
static void
trace(const struct tina4_conn *conn, const struct wire_command *command)
{
	bool names_path = command->type == WIRE_PUSH || command->type == WIRE_KICK;
	struct span path = names_path ? command->key : span_of(tina4_conn_path(conn));
	char id[WIRE_ID_HEX];

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	wire_id_format(command->flags & WIRE_OTHER_CONN ? &command->conn : &conn->id, id);
	log_debug("command given command=%s path=%.*s conn=%s bytes=%zu", wire_command_name(command->type),
	    (int)path.len, path.data, id, command->data.len);
}

static bool
closes_itself(const struct tina4_conn *conn, const struct wire_command *command)
{
	if (command->type == WIRE_KICK)
		return span_is(command->key, tina4_conn_path(conn));
	return command->type == WIRE_DISCONNECT && !(command->flags & WIRE_OTHER_CONN);
}

/* An answer is for a message that asks, and for each one only. */
static int
check_answer(const struct tina4_conn *conn)
{
	if (!tina4_conn_asks(conn))
		return -ENOMSG;
	return conn->run->replied ? -EALREADY : 0;
}

int
conn_add(struct tina4_conn *conn, const struct wire_command *command)
{
	struct wire_command own = *command;
	int r;

	if (conn->run == NULL)
		return -EINVAL;
	if ((own.flags & WIRE_OTHER_CONN) && memcmp(&own.conn, &conn->id, sizeof(own.conn)) == 0)
		own.flags &= (uint8_t)~WIRE_OTHER_CONN;

	r = own.type == WIRE_ANSWER ? check_answer(conn) : 0;
	if (r == 0)
		r = append(conn->run, &own);
	if (r < 0)
		return conn_fail(conn, r);
	conn->run->replied |= own.type == WIRE_ANSWER;
	conn->run->closes |= closes_itself(conn, &own);
	trace(conn, &own);
	return 0;
}

/* --- what it is --------------------------------------------------------------- */

struct tina4_app *
tina4_conn_app(const struct tina4_conn *conn)
{
	return conn->app;
}

const char *
tina4_conn_id(const struct tina4_conn *conn)
{
	return conn->id_text;
}

const char *
tina4_conn_path(const struct tina4_conn *conn)
{
	return meta_path(conn->meta);
}

const char *
tina4_conn_ip(const struct tina4_conn *conn)
{
	return meta_ip(conn->meta);
}

const char *
tina4_conn_param(const struct tina4_conn *conn, const char *name)
{
	return meta_param(conn->meta, name, 0);
}

const char *
tina4_conn_param_at(const struct tina4_conn *conn, const char *name, size_t i)
{
	return meta_param(conn->meta, name, i);
}

int
tina4_conn_param_int(const struct tina4_conn *conn, const char *name, int64_t min, int64_t max, int64_t *ret)
{
	return convert_int(meta_param(conn->meta, name, 0), min, max, ret);
}

int
tina4_conn_param_float(const struct tina4_conn *conn, const char *name, double min, double max, double *ret)
{
	return convert_float(meta_param(conn->meta, name, 0), min, max, ret);
}

const char *
tina4_conn_header(const struct tina4_conn *conn, const char *name)
{
	return meta_header(conn->meta, name);
}

const char *
tina4_conn_header_at(const struct tina4_conn *conn, const char *name, size_t i)
{
	return meta_header_at(conn->meta, name, i);
}

const char *
tina4_conn_cookie(const struct tina4_conn *conn, const char *name)
{
	return meta_cookie(conn->meta, name, 0);
}

const char *
tina4_conn_cookie_at(const struct tina4_conn *conn, const char *name, size_t i)
{
	return meta_cookie(conn->meta, name, i);
}

const char *
tina4_conn_protocol(const struct tina4_conn *conn)
{
	return meta_protocol(conn->meta);
}

const struct cJSON *
tina4_conn_user(const struct tina4_conn *conn)
{
	return meta_user(conn->meta);
}

const struct cJSON *
tina4_conn_session(struct tina4_conn *conn)
{
	struct tina4_app *app = conn->app;
	const char *cookie;
	int r;

	if (conn->session != NULL)
		return conn->session;
	cookie = app->sessions != NULL ? tina4_conn_cookie(conn, app->conf.session_name) : NULL;
	r = session_read(app, cookie, &conn->session);
	if (r < 0 && r != -ENOENT)
		conn_fail(conn, r);
	return conn->session;
}

const struct cJSON *
tina4_conn_require(struct tina4_conn *conn, const char *name)
{
	const struct cJSON *value = cJSON_GetObjectItemCaseSensitive(tina4_conn_session(conn), name);

	if (value == NULL)
		tina4_conn_close(conn, CLOSE_LOGIN, "login required");
	return value;
}

uint32_t
tina4_conn_count(const struct tina4_conn *conn)
{
	return conn->count;
}

bool
tina4_conn_is_binary(const struct tina4_conn *conn)
{
	return conn->kind == WIRE_MESSAGE && (conn->flags & WIRE_BINARY);
}

bool
tina4_conn_asks(const struct tina4_conn *conn)
{
	return conn->kind == WIRE_MESSAGE && (conn->flags & WIRE_ASKS);
}

int
tina4_conn_close_code(const struct tina4_conn *conn)
{
	return conn->kind == WIRE_CLOSE ? conn->code : 0;
}

const char *
tina4_conn_event_id(const struct tina4_conn *conn)
{
	return conn->event_id;
}

/* --- what its handler does ------------------------------------------------------ */

int
tina4_conn_set(struct tina4_conn *conn, const char *name, const char *value)
{
	struct wire_command command = {
		.type = WIRE_SET,
		.flags = value != NULL ? 0 : WIRE_UNSET,
		.data = span_of(value != NULL ? value : ""),
	};
	int r;

	if (conn->run == NULL || name == NULL || *name == '\0')
		return conn_fail(conn, -EINVAL);
	command.key = span_of(name);
	r = attributes_set(&conn->attributes, name, value, conn->run->limits->attribute_bytes);
	if (r < 0)
		return conn_fail(conn, r);
	return conn_add(conn, &command);
}

const char *
tina4_conn_user_id(const struct tina4_conn *conn)
{
	return conn->user;
}

/* The first change keeps what was before. */
static void
change_user(struct tina4_conn *conn, char *user)
{
	if (conn->run->sets_user)
		free(conn->user);
	else
		conn->run->user = conn->user;
	conn->run->sets_user = true;
	conn->user = user;
}

int
tina4_conn_set_user(struct tina4_conn *conn, const char *user)
{
	const struct wire_command command = { .type = WIRE_USER, .key = span_of(user != NULL ? user : "") };
	char *copy = NULL;
	int r;

	if (conn->run == NULL || conn->kind == WIRE_CLOSE || (user != NULL && !username_is_valid(command.key)))
		return conn_fail(conn, -EINVAL);
	if (user != NULL)
		copy = strdup(user);
	r = user != NULL && copy == NULL ? conn_fail(conn, -ENOMEM) : conn_add(conn, &command);
	if (r < 0) {
		free(copy);
		return r;
	}
	change_user(conn, copy);
	return 0;
}

const char *
tina4_conn_get(const struct tina4_conn *conn, const char *name)
{
	return attributes_get(&conn->attributes, name);
}

static int
add_data(struct tina4_conn *conn, enum wire_command_type type, const void *data, size_t len, unsigned flags)
{
	struct wire_command command;
	int r;

	if (conn->run == NULL)
		return -EINVAL;
	r = command_data(&command, type, data, len, flags, conn_max_message(conn));
	if (r < 0)
		return conn_fail(conn, r);
	return conn_add(conn, &command);
}

static int __attribute__((format(printf, 4, 0)))
add_format(struct tina4_conn *conn, enum wire_command_type type, unsigned flags, const char *format, va_list args)
{
	struct buf text = BUF_INIT;
	int r;

	r = format_text(&text, format, args);
	r = r < 0 ? conn_fail(conn, r) : add_data(conn, type, text.data, text.len, flags);
	buf_free(&text);
	return r;
}

static int add_jsonf(struct tina4_conn *conn, enum wire_command_type type, unsigned flags, const char *format,
    va_list args) __attribute__((format(printf, 4, 0)));

static int
add_jsonf(struct tina4_conn *conn, enum wire_command_type type, unsigned flags, const char *format, va_list args)
{
	struct buf text = BUF_INIT;
	int r;

	r = format_json(&text, format, args);
	r = r < 0 ? conn_fail(conn, r) : add_data(conn, type, text.data, text.len, flags);
	buf_free(&text);
	return r;
}

static int
add_json(struct tina4_conn *conn, enum wire_command_type type, struct cJSON **json, unsigned flags)
{
	char *text = NULL;
	int r;

	r = command_take_json(json, &text);
	if (r < 0)
		return conn_fail(conn, r);
	r = add_data(conn, type, text, strlen(text), flags);
	free(text);
	return r;
}

int
tina4_conn_send(struct tina4_conn *conn, const void *data, size_t len, unsigned flags)
{
	return add_data(conn, WIRE_SEND, data, len, flags);
}

int
tina4_conn_broadcast(struct tina4_conn *conn, const void *data, size_t len, unsigned flags)
{
	return add_data(conn, WIRE_BROADCAST, data, len, flags);
}

int
tina4_conn_sendf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = add_format(conn, WIRE_SEND, flags, format, args);
	va_end(args);
	return r;
}

int
tina4_conn_broadcastf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = add_format(conn, WIRE_BROADCAST, flags, format, args);
	va_end(args);
	return r;
}

int
tina4_conn_send_jsonf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = add_jsonf(conn, WIRE_SEND, flags, format, args);
	va_end(args);
	return r;
}

int
tina4_conn_broadcast_jsonf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = add_jsonf(conn, WIRE_BROADCAST, flags, format, args);
	va_end(args);
	return r;
}

int
tina4_conn_send_json(struct tina4_conn *conn, struct cJSON **json, unsigned flags)
{
	return add_json(conn, WIRE_SEND, json, flags);
}

int
tina4_conn_broadcast_json(struct tina4_conn *conn, struct cJSON **json, unsigned flags)
{
	return add_json(conn, WIRE_BROADCAST, json, flags);
}

int
tina4_conn_reply(struct tina4_conn *conn, const void *data, size_t len, unsigned flags)
{
	return add_data(conn, WIRE_ANSWER, data, len, flags);
}

int
tina4_conn_replyf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = add_format(conn, WIRE_ANSWER, flags, format, args);
	va_end(args);
	return r;
}

int
tina4_conn_reply_jsonf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = add_jsonf(conn, WIRE_ANSWER, flags, format, args);
	va_end(args);
	return r;
}

int
tina4_conn_reply_json(struct tina4_conn *conn, struct cJSON **json, unsigned flags)
{
	return add_json(conn, WIRE_ANSWER, json, flags);
}

int
tina4_conn_replay(struct tina4_conn *conn, uint32_t max)
{
	const struct wire_command command = { .type = WIRE_REPLAY, .code = (uint16_t)max };

	if (max < 1 || max > UINT16_MAX || conn->route->history == 0)
		return conn_fail(conn, -EINVAL);
	return conn_add(conn, &command);
}

int
tina4_conn_present(struct tina4_conn *conn, const char *json)
{
	struct wire_command command;
	int r = command_present(&command, json);

	return r < 0 ? conn_fail(conn, r) : conn_add(conn, &command);
}

int
tina4_conn_close(struct tina4_conn *conn, int code, const char *reason)
{
	struct wire_command command;
	int r;

	r = command_close(&command, code, reason);
	if (r < 0)
		return conn_fail(conn, r);
	return conn_add(conn, &command);
}
