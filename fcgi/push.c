#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "fcgi/app.h"
#include "fcgi/command.h"
#include "fcgi/conn.h"
#include "fcgi/jsonf.h"
#include "fcgi/link.h"
#include "fcgi/push.h"
#include "shared/bus.h"
#include "shared/clock.h"

enum {
	MAX_HELLOS = 3,  /* in one request; then it makes no sense */
	LINGER_MS = 100, /* for the farewell */
};

/* A thread's socket. */
struct pusher {
	struct tina4_app *app;
	struct bus *bus;
	uint64_t last_id; /* of a message: tells its reply from late ones */
	struct buf out;
	struct buf *text; /* where a reply's text is wanted, or NULL */
	bool known;       /* has said HELLO */
};

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;

/* Out of courtesy: one that said HELLO is forgotten sooner. */
static void
say_bye(struct pusher *pusher)
{
	buf_clear(&pusher->out);
	wire_put_header(&pusher->out, WIRE_BYE, 0);
	bus_send(pusher->bus, NULL, &pusher->out);
}

static void
pusher_free(struct pusher *pusher)
{
	if (pusher == NULL)
		return;
	if (pusher->known)
		say_bye(pusher);
	bus_free_after(pusher->bus, pusher->known ? LINGER_MS : 0);
	buf_free(&pusher->out);
	free(pusher);
}

static void
end_of_thread(void *pusher)
{
	pusher_free(pusher);
}

static void
make_key(void)
{
	key_error = -pthread_key_create(&key, end_of_thread);
}

static int
pusher_new(struct pusher **ret, struct tina4_app *app)
{
	void *context = app_zmq(app);
	struct pusher *pusher = NULL;
	int r;

	if (context == NULL)
		return -ENOMEM;
	pusher = calloc(1, sizeof(*pusher));
	if (pusher == NULL)
		return -ENOMEM;
	pusher->app = app;
	r = bus_connect(&pusher->bus, context, app->conf.bus, false);
	if (r == 0)
		r = -pthread_setspecific(key, pusher);
	if (r < 0) {
		pusher_free(pusher);
		return r;
	}
	*ret = pusher;
	return 0;
}

/* Borrows the calling thread's pusher, which is made when there is none. */
static int
pusher_of_thread(struct pusher **ret, struct tina4_app *app)
{
	struct pusher *pusher;

	if (app->conf.bus == NULL) /* before tina4_app_run() nobody knows where it would be */
		return -ENOTCONN;
	pthread_once(&key_once, make_key);
	if (key_error < 0)
		return key_error;
	pusher = pthread_getspecific(key);
	if (pusher != NULL && pusher->app == app) {
		*ret = pusher;
		return 0;
	}
	pthread_setspecific(key, NULL);
	pusher_free(pusher);
	return pusher_new(ret, app);
}

void
push_close(struct tina4_app *app)
{
	struct pusher *pusher;

	pthread_once(&key_once, make_key);
	pusher = key_error == 0 ? pthread_getspecific(key) : NULL;
	if (pusher == NULL || pusher->app != app)
		return;
	pthread_setspecific(key, NULL);
	pusher_free(pusher);
}

/* --- one request ---------------------------------------------------------------- */

/* Waits until the bus is ready for events. Returns 1, 0 when the deadline has passed, or a negative errno. */
static int
wait_bus(struct pusher *pusher, short events, int64_t deadline_ms)
{
	zmq_pollitem_t item = { .socket = bus_socket(pusher->bus), .events = events };
	int64_t rest;
	int n;

	do {
		rest = deadline_ms - clock_ms();
		n = zmq_poll(&item, 1, rest > 0 ? rest : 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Sends pusher->out as soon as there is a sidecar. */
static int
send_out(struct pusher *pusher, int64_t deadline_ms)
{
	int r;

	do {
		r = wait_bus(pusher, ZMQ_POLLOUT, deadline_ms);
		if (r == 0)
			return -ENOTCONN;
		if (r > 0)
			r = bus_send(pusher->bus, NULL, &pusher->out);
	} while (r == -EAGAIN);
	return r;
}

static int
send_request(struct pusher *pusher, const struct wire_request *request, int64_t deadline_ms)
{
	buf_clear(&pusher->out);
	wire_put_header(&pusher->out, WIRE_REQUEST, pusher->last_id);
	wire_put_request(&pusher->out, request);
	return send_out(pusher, deadline_ms);
}

static int
send_hello(struct pusher *pusher, int64_t deadline_ms)
{
	buf_clear(&pusher->out);
	link_put_hello(&pusher->out, pusher->app, WIRE_ROLE_APP, pusher->last_id);
	pusher->known = true;
	return send_out(pusher, deadline_ms);
}

/* Returns 1 for the reply to our request, 0 for a message that is not for us, -EAGAIN when it was UNKNOWN, -EPROTO. */
static int
read_reply(const struct pusher *pusher, const struct bus_message *message, struct wire_reply *ret)
{
	struct wire_reader body = bus_message_reader(message);
	struct wire_header header;

	if (wire_get_header(&body, &header) < 0)
		return -EPROTO;
	if (header.id != pusher->last_id)
		return 0;
	if (header.type == WIRE_UNKNOWN)
		return -EAGAIN;
	if (header.type != WIRE_REPLY)
		return 0;
	if (wire_get_reply(&body, ret) < 0)
		return -EPROTO;
	if (pusher->text != NULL)
		buf_bytes(pusher->text, ret->text.data, ret->text.len);
	ret->text = (struct span){ NULL, 0 }; /* it goes with the message */
	return 1;
}

/* Returns 0, -EAGAIN when the sidecar wants a HELLO, -ETIMEDOUT, or another negative errno. */
static int
await_reply(struct pusher *pusher, int64_t deadline_ms, struct wire_reply *ret)
{
	struct bus_message message;
	int r;

	do {
		r = wait_bus(pusher, ZMQ_POLLIN, deadline_ms);
		if (r <= 0)
			return r == 0 ? -ETIMEDOUT : r;
		r = bus_recv(pusher->bus, NULL, &message);
		if (r == -EAGAIN)
			r = 0;
		else if (r == 0) {
			r = read_reply(pusher, &message, ret);
			bus_message_close(&message);
		}
	} while (r == 0);
	return r < 0 ? r : 0;
}

static int
try_once(struct pusher *pusher, const struct wire_request *request, int64_t deadline_ms, struct wire_reply *ret)
{
	int r;

	r = send_request(pusher, request, deadline_ms);
	return r < 0 ? r : await_reply(pusher, deadline_ms, ret);
}

/*
 * A request whose sidecar vanished is not sent again: the old sidecar may have
 * relayed it to other hosts, and the new one cannot know.
 */
static int
exchange(struct pusher *pusher, const struct wire_request *request, int64_t deadline_ms, struct wire_reply *ret)
{
	int r;

	pusher->last_id++;
	r = try_once(pusher, request, deadline_ms, ret);
	for (int hellos = 0; r == -EAGAIN && hellos < MAX_HELLOS; hellos++) {
		r = send_hello(pusher, deadline_ms);
		if (r == 0)
			r = try_once(pusher, request, deadline_ms, ret);
	}
	return r == -EAGAIN ? -EPROTO : r;
}

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
	}
	return -EPROTO;
}

static int
ask(struct tina4_app *app, const struct wire_command *command, const struct wire_id *id, int timeout_ms,
    struct wire_reply *ret)
{
	int64_t deadline_ms = clock_ms() + timeout_ms;
	struct wire_request request = {
		.id = *id,
		.deadline_ms = clock_unix_ms() + (uint64_t)timeout_ms,
		.command = *command,
	};
	struct pusher *pusher;
	int r;

	r = pusher_of_thread(&pusher, app);
	if (r == 0)
		r = exchange(pusher, &request, deadline_ms, ret);
	return r < 0 ? r : error_of(ret->status);
}

/* A request of which only the reply matters. */
static int
ask_simply(struct tina4_app *app, const struct wire_command *command, struct wire_reply *ret)
{
	struct wire_id id;
	int r;

	r = wire_id_random(&id);
	if (r < 0)
		return r;
	return ask(app, command, &id, (int)app->conf.push_timeout_ms, ret);
}

/* What is wrong with a command also fails the handler that the calling thread runs. */
static int
refuse(struct tina4_app *app, int error)
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
check_options(const struct tina4_push_options *options)
{
	if (options->flags & ~(unsigned)TINA4_BINARY)
		return -EINVAL;
	return options->timeout_ms < 0 || options->timeout_ms > WIRE_MAX_DEADLINE_MS ? -EINVAL : 0;
}

static int
make_push(
    struct wire_command *ret, struct tina4_app *app, const char *path, const void *data, size_t len, unsigned flags)
{
	int r;

	if (path[0] != '/')
		return -EINVAL;
	r = command_data(ret, WIRE_PUSH, data, len, flags, max_message(app));
	if (r == 0)
		ret->key = span_of(path);
	return r;
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
	r = ask(app, command, &id, timeout_ms, &reply);
	if (ret != NULL)
		fill_receipt(ret, &id, &reply);
	return r;
}

int
tina4_push(struct tina4_app *app, const char *path, const void *data, size_t len,
    const struct tina4_push_options *options, struct tina4_receipt *ret)
{
	static const struct tina4_push_options defaults;
	struct tina4_conn *running = conn_running(app);
	struct wire_command command;
	int r;

	if (options == NULL)
		options = &defaults;
	r = check_options(options);
	if (r == 0)
		r = make_push(&command, app, path, data, len, options->flags);
	if (r < 0)
		return refuse(app, r);
	return running != NULL ? push_from_handler(running, &command, ret) : push_and_wait(app, &command, options, ret);
}

int
tina4_push_json(struct tina4_app *app, const char *path, struct cJSON **json, const struct tina4_push_options *options,
    struct tina4_receipt *ret)
{
	char *text = command_take_json(json);
	int r;

	if (text == NULL)
		return refuse(app, -ENOMEM);
	r = tina4_push(app, path, text, strlen(text), options, ret);
	free(text);
	return r;
}

int
tina4_push_jsonf(struct tina4_app *app, const char *path, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;
	int r;

	va_start(args, format);
	r = vjsonf(&text, format, args);
	va_end(args);
	r = r < 0 ? refuse(app, r) : tina4_push(app, path, text.data, text.len, options, ret);
	buf_free(&text);
	return r;
}

/* --- send, close, count ------------------------------------------------------------- */

/* To one connection: with what the running handler sends, or on its own. */
static int
to_conn(struct tina4_app *app, const char *conn_id, struct wire_command *command)
{
	struct tina4_conn *running = conn_running(app);
	struct wire_reply reply;
	int r;

	r = command_set_conn(command, conn_id);
	if (r < 0)
		return refuse(app, r);
	return running != NULL ? conn_add(running, command) : ask_simply(app, command, &reply);
}

int
tina4_send(struct tina4_app *app, const char *conn_id, const void *data, size_t len, unsigned flags)
{
	struct wire_command command;
	int r;

	r = command_data(&command, WIRE_SEND, data, len, flags & TINA4_BINARY, max_message(app));
	if (r < 0)
		return refuse(app, r);
	return to_conn(app, conn_id, &command);
}

int
tina4_close(struct tina4_app *app, const char *conn_id, int code, const char *reason)
{
	struct wire_command command;
	int r;

	r = command_close(&command, code, reason);
	if (r < 0)
		return refuse(app, r);
	return to_conn(app, conn_id, &command);
}

int
tina4_count(struct tina4_app *app, const char *path, uint32_t *ret)
{
	struct wire_command command = { .type = WIRE_COUNT, .key = span_of(path) };
	struct wire_reply reply;
	int r;

	if (conn_running(app) != NULL)
		return -EDEADLK;
	if (path[0] != '/')
		return -EINVAL;
	r = ask_simply(app, &command, &reply);
	if (r == 0)
		*ret = reply.connections;
	return r;
}

int
push_stats(struct tina4_app *app, struct buf *ret)
{
	struct wire_command command = { .type = WIRE_STATS };
	struct wire_reply reply;
	struct pusher *pusher;
	int r;

	r = pusher_of_thread(&pusher, app);
	if (r < 0)
		return r;
	pusher->text = ret;
	r = ask_simply(app, &command, &reply);
	pusher->text = NULL;
	return r == 0 && ret->failed ? -ENOMEM : r;
}
