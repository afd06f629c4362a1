#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/ws/command.h"
#include "fcgi/ws/conn.h"
#include "fcgi/ws/exchange.h"
#include "fcgi/ws/hello.h"
#include "fcgi/format.h"
#include "fcgi/ws/mark.h"
#include "fcgi/ws/push.h"
#include "fcgi/reserved.h"
#include "shared/clock.h"
#include "shared/log.h"

enum { CONNS_TIMEOUT_MS = 5000 }; /* the sidecar gives another host one second to answer it */

static int
error_of(enum wire_status status)
{
	switch (status) {
	case WIRE_OK:
		return 0;
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
		return -EPROTO;
	case WIRE_NO_ROUTE:
	case WIRE_NO_CONN:
		return -ENOENT;
	case WIRE_TOO_LARGE:
		return -EMSGSIZE;
	case WIRE_EXPIRED:
		return -ETIMEDOUT;
	case WIRE_INVALID:
		return -EINVAL;
	case WIRE_BUSY:
		return -EBUSY;
	case WIRE_NOT_RELAYED:
		return -ENETDOWN;
	case WIRE_NOT_READY:
		return -EAGAIN;
	}
	return -EPROTO;
}

static void
put_hello(struct buf *buf, const void *app, uint64_t id)
{
	hello_put(buf, app, WIRE_ROLE_APP, id);
}

/* Borrows the calling thread's way to the sidecar. */
static int
exchange_of(struct tina4_app *app, struct exchange **ret)
{
	struct exchange_options options = {
		.endpoint = app->conf.bus,
		.put_hello = put_hello,
		.who = app,
		.reach = &app->reach,
	};

	if (options.endpoint == NULL) /* before tina4_app_run() nobody knows where it would be */
		return -ENOTCONN;
	options.zmq = app_zmq(app);
	return options.zmq != NULL ? exchange_of_thread(ret, &options) : -ENOMEM;
}

/* What is wanted of the sidecar, but for its reply. */
struct question {
	const struct wire_command *command;
	const struct wire_id *id;
	int timeout_ms;
	struct buf *text; /* where the reply's text goes, or NULL */
};

static void
trace(const struct wire_command *command, int error, const struct wire_reply *reply)
{
	char conn[WIRE_ID_HEX] = "-";

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	if (command->flags & WIRE_OTHER_CONN)
		wire_id_format(&command->conn, conn);
	log_debug("request answered command=%s path=%.*s conn=%s bytes=%zu connections=%" PRIu32 " outcome=%s",
	    wire_command_name(command->type), (int)command->key.len, command->key.data, conn, command->data.len,
	    error < 0 ? 0 : reply->connections, error < 0 ? tina4_strerror(error) : wire_status_name(reply->status));
}

static int
ask(struct tina4_app *app, const struct question *question, struct wire_reply *ret)
{
	int64_t deadline_ms = clock_ms() + question->timeout_ms;
	struct wire_request request = {
		.id = *question->id,
		.deadline_ms = clock_unix_ms() + (uint64_t)question->timeout_ms,
		.command = *question->command,
	};
	const struct app_standin *standin = &app->standin;
	struct exchange *exchange;
	int r;

	if (standin->ask != NULL) {
		r = standin->ask(standin->context, &request, ret, question->text);
	} else {
		r = exchange_of(app, &exchange);
		if (r == 0)
			r = exchange_ask(exchange, &request, deadline_ms, ret, question->text);
	}
	trace(question->command, r, ret);
	return r < 0 ? r : error_of(ret->status);
}

int
push_ask(struct tina4_app *app, const struct wire_command *command, struct wire_reply *ret, struct buf *text)
{
	struct wire_id id;
	int r;

	r = wire_id_random(&id);
	if (r < 0)
		return r;
	return ask(app, &(struct question){ command, &id, (int)app->conf.push_timeout_ms, text }, ret);
}

int
push_refuse(struct tina4_app *app, int error)
{
	struct tina4_conn *running = conn_running(app);

	return running != NULL ? conn_fail(running, error) : error;
}

static size_t
max_message(struct tina4_app *app)
{
	const struct tina4_conn *running = conn_running(app);

	return running != NULL ? conn_max_message(running) : WIRE_MAX_RECORD_BYTES;
}

/* --- push ------------------------------------------------------------------------ */

static int
check_options(const struct tina4_push_options *options, unsigned flags)
{
	if (!RESERVED_IS_ZERO(options) || (options->flags & ~flags))
		return -EINVAL;
	return options->timeout_ms < 0 || options->timeout_ms > WIRE_MAX_DEADLINE_MS ? -EINVAL : 0;
}

static void
fill_receipt(struct tina4_receipt *ret, const struct wire_id *id, const struct wire_reply *reply)
{
	*ret = (struct tina4_receipt){
		.connections = reply->connections,
		.relayed = reply->relayed,
		.epoch = reply->epoch,
		.offset = reply->offset,
	};
	wire_id_format(id, ret->id);
	if (reply->number > 0)
		mark_format(reply->origin, reply->number, ret->position);
}

static int
push_from_handler(struct tina4_conn *running, const struct wire_command *command, struct tina4_receipt *ret)
{
	int r;

	r = conn_add(running, command);
	if (r == 0 && ret != NULL)
		*ret = (struct tina4_receipt){ 0 };
	return r;
}

static int
push_and_wait(struct tina4_app *app, const struct wire_command *command, const struct tina4_push_options *options,
    struct tina4_receipt *ret)
{
	int timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : (int)app->conf.push_timeout_ms;
	struct wire_reply reply = { 0 };
	struct wire_id id;
	int r;

	r = options->id != NULL ? wire_id_parse(options->id, &id) : wire_id_random(&id);
	if (r < 0)
		return r;
	r = ask(app, &(struct question){ command, &id, timeout_ms, NULL }, &reply);
	if (ret != NULL)
		fill_receipt(ret, &id, &reply);
	return r;
}

int
push_to(struct tina4_app *app, const struct push_target *target, struct span data,
    const struct tina4_push_options *options, struct tina4_receipt *ret)
{
	static const struct tina4_push_options defaults;
	struct tina4_conn *running = conn_running(app);
	struct wire_command command;
	int r;

	if (options == NULL)
		options = &defaults;
	r = target->key.data == NULL ? -EINVAL : check_options(options, target->flags);
	if (r == 0)
		r = command_data(&command, target->type, data.data, data.len, options->flags, max_message(app));
	if (r < 0)
		return push_refuse(app, r);
	command.key = target->key;
	return running != NULL ? push_from_handler(running, &command, ret) : push_and_wait(app, &command, options, ret);
}

int
push_json_to(struct tina4_app *app, const struct push_target *target, struct cJSON **json,
    const struct tina4_push_options *options, struct tina4_receipt *ret)
{
	char *text = NULL;
	int r;

	r = command_take_json(json, &text);
	if (r < 0)
		return push_refuse(app, r);
	r = push_to(app, target, span_of(text), options, ret);
	free(text);
	return r;
}

int
push_jsonf_to(struct tina4_app *app, const struct push_target *target, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, va_list args)
{
	struct buf text = BUF_INIT;
	int r;

	r = format_json(&text, format, args);
	r = r < 0 ? push_refuse(app, r) : push_to(app, target, span_of_buf(&text), options, ret);
	buf_free(&text);
	return r;
}

static struct push_target
target_of(const char *path)
{
	struct push_target target = { .type = WIRE_PUSH, .flags = TINA4_BINARY | TINA4_TRANSIENT };

	if (path != NULL && path[0] == '/')
		target.key = span_of(path);
	return target;
}

int
tina4_push(struct tina4_app *app, const char *path, const void *data, size_t len,
    const struct tina4_push_options *options, struct tina4_receipt *ret)
{
	const struct push_target target = target_of(path);

	return push_to(app, &target, (struct span){ data, len }, options, ret);
}

int
tina4_push_json(struct tina4_app *app, const char *path, struct cJSON **json, const struct tina4_push_options *options,
    struct tina4_receipt *ret)
{
	const struct push_target target = target_of(path);

	return push_json_to(app, &target, json, options, ret);
}

int
tina4_push_jsonf(struct tina4_app *app, const char *path, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, ...)
{
	const struct push_target target = target_of(path);
	va_list args;
	int r;

	va_start(args, format);
	r = push_jsonf_to(app, &target, options, ret, format, args);
	va_end(args);
	return r;
}

/* --- send, close, count ------------------------------------------------------------- */

int
push_command(struct tina4_app *app, const struct wire_command *command, struct wire_reply *ret)
{
	struct tina4_conn *running = conn_running(app);

	*ret = (struct wire_reply){ 0 };
	return running != NULL ? conn_add(running, command) : push_ask(app, command, ret, NULL);
}

static int
to_conn(struct tina4_app *app, const char *conn_id, struct wire_command *command, struct wire_reply *ret)
{
	int r;

	r = command_set_conn(command, conn_id);
	return r < 0 ? push_refuse(app, r) : push_command(app, command, ret);
}

int
tina4_send_to(struct tina4_app *app, const char *conn_id, const void *data, size_t len, unsigned flags)
{
	struct wire_command command;
	struct wire_reply reply;
	int r;

	r = command_data(&command, WIRE_SEND, data, len, flags, max_message(app));
	return r < 0 ? push_refuse(app, r) : to_conn(app, conn_id, &command, &reply);
}

int
push_disconnect(struct tina4_app *app, const char *conn_id, int code, const char *reason, struct wire_reply *ret)
{
	struct wire_command command;
	int r;

	r = command_close(&command, code, reason);
	return r < 0 ? push_refuse(app, r) : to_conn(app, conn_id, &command, ret);
}

int
tina4_disconnect(struct tina4_app *app, const char *conn_id, int code, const char *reason)
{
	struct wire_reply reply;

	return push_disconnect(app, conn_id, code, reason, &reply);
}

int
push_kick(struct tina4_app *app, const char *path, int code, const char *reason, struct wire_reply *ret)
{
	struct wire_command command;
	int r = -EINVAL;

	if (path != NULL && path[0] == '/')
		r = command_close(&command, code, reason);
	if (r < 0)
		return push_refuse(app, r);
	command.type = WIRE_KICK;
	command.key = span_of(path);
	return push_command(app, &command, ret);
}

int
tina4_path_close(struct tina4_app *app, const char *path, int code, const char *reason)
{
	struct wire_reply reply;

	return push_kick(app, path, code, reason, &reply);
}

int
tina4_count(struct tina4_app *app, const char *path, uint32_t *ret)
{
	struct wire_command command = { .type = WIRE_COUNT };
	struct wire_reply reply;
	int r;

	if (conn_running(app) != NULL)
		return -EDEADLK;
	if (path == NULL || path[0] != '/')
		return -EINVAL;
	command.key = span_of(path);
	r = push_ask(app, &command, &reply, NULL);
	if (r == 0)
		*ret = reply.connections;
	return r;
}

static int
ask_members(struct tina4_app *app, const char *path, struct buf *ret)
{
	struct wire_command command = { .type = WIRE_MEMBERS };
	struct wire_reply reply;

	if (conn_running(app) != NULL)
		return -EDEADLK;
	if (path == NULL || path[0] != '/')
		return -EINVAL;
	command.key = span_of(path);
	return push_ask(app, &command, &reply, ret);
}

int
tina4_members(struct tina4_app *app, const char *path, struct cJSON **ret)
{
	struct buf text = BUF_INIT;
	struct cJSON *members = NULL;
	int r = ask_members(app, path, &text);

	if (r == 0) {
		members = cJSON_ParseWithLength((const char *)text.data, text.len);
		r = members != NULL ? 0 : text.failed ? -ENOMEM : -EPROTO;
	}
	buf_free(&text);
	if (r == 0)
		*ret = members;
	return r;
}

int
push_history(struct tina4_app *app, const char *path, const struct wire_asked *asked, struct buf *ret)
{
	struct wire_command command = { .type = WIRE_HISTORY, .key = span_of(path) };
	struct buf data = BUF_INIT;
	struct wire_reply reply;
	int r = -ENOMEM;

	wire_put_asked(&data, asked);
	command.data = span_of_buf(&data);
	if (!data.failed)
		r = push_ask(app, &command, &reply, ret);
	buf_free(&data);
	return r;
}

int
push_stats(struct tina4_app *app, struct buf *ret)
{
	struct wire_command command = { .type = WIRE_STATS };
	struct wire_reply reply;

	return push_ask(app, &command, &reply, ret);
}

int
push_conns(struct tina4_app *app, const char *path, const struct wire_conns_asked *asked, struct buf *ret)
{
	struct wire_command command = { .type = WIRE_CONNS, .key = span_of(path) };
	struct buf data = BUF_INIT;
	struct wire_reply reply;
	struct wire_id id;
	int r;

	r = wire_id_random(&id);
	if (r < 0)
		return r;
	wire_put_conns_asked(&data, asked);
	command.data = span_of_buf(&data);
	r = data.failed ? -ENOMEM : ask(app, &(struct question){ &command, &id, CONNS_TIMEOUT_MS, ret }, &reply);
	buf_free(&data);
	return r;
}
