#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zmq.h>

#include "fcgi/ws/exchange.h"
#include "fcgi/ws/reach.h"
#include "shared/bus.h"
#include "shared/clock.h"

enum {
	MAX_HELLOS = 3,  /* in one request; then it makes no sense */
	LINGER_MS = 100, /* for the farewell */
};

struct exchange {
	struct exchange_options options;
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
say_bye(struct exchange *exchange)
{
	buf_clear(&exchange->out);
	wire_put_header(&exchange->out, WIRE_BYE, 0);
	bus_send(exchange->bus, NULL, &exchange->out);
}

static void
exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->known)
		say_bye(exchange);
	bus_free_after(exchange->bus, exchange->known ? LINGER_MS : 0);
	buf_free(&exchange->out);
	free(exchange);
}

static void
end_of_thread(void *exchange)
{
	exchange_free(exchange);
}

static void
make_key(void)
{
	key_error = -pthread_key_create(&key, end_of_thread);
}

static int
exchange_new(struct exchange **ret, const struct exchange_options *options)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	int r;

	if (exchange == NULL)
		return -ENOMEM;
	exchange->options = *options;
	r = bus_connect(&exchange->bus, options->zmq, options->endpoint, false);
	if (r == 0)
		r = -pthread_setspecific(key, exchange);
	if (r < 0) {
		exchange_free(exchange);
		return r;
	}
	*ret = exchange;
	return 0;
}

int
exchange_of_thread(struct exchange **ret, const struct exchange_options *options)
{
	struct exchange *exchange;

	pthread_once(&key_once, make_key);
	if (key_error < 0)
		return key_error;
	exchange = pthread_getspecific(key);
	if (exchange != NULL && exchange->options.zmq == options->zmq) {
		*ret = exchange;
		return 0;
	}
	pthread_setspecific(key, NULL);
	exchange_free(exchange);
	return exchange_new(ret, options);
}

void
exchange_close(const void *zmq)
{
	struct exchange *exchange;

	pthread_once(&key_once, make_key);
	exchange = key_error == 0 ? pthread_getspecific(key) : NULL;
	if (exchange == NULL || exchange->options.zmq != zmq)
		return;
	pthread_setspecific(key, NULL);
	exchange_free(exchange);
}

/* --- one request ---------------------------------------------------------------- */

/* Waits until the bus is ready for events. Returns 1, 0 when the deadline has passed, or a negative errno. */
static int
wait_bus(struct exchange *exchange, short events, int64_t deadline_ms)
{
	zmq_pollitem_t item = { .socket = bus_socket(exchange->bus), .events = events };
	int64_t rest;
	int n;

	do {
		rest = deadline_ms - clock_ms();
		n = zmq_poll(&item, 1, rest > 0 ? rest : 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Sends exchange->out as soon as there is a sidecar. */
static int
send_out(struct exchange *exchange, int64_t deadline_ms)
{
	int r;

	do {
		r = wait_bus(exchange, ZMQ_POLLOUT, deadline_ms);
		if (r == 0)
			return -ENOTCONN;
		if (r > 0)
			r = bus_send(exchange->bus, NULL, &exchange->out);
	} while (r == -EAGAIN);
	return r;
}

static int
send_request(struct exchange *exchange, const struct wire_request *request, int64_t deadline_ms)
{
	buf_clear(&exchange->out);
	wire_put_header(&exchange->out, WIRE_REQUEST, exchange->last_id);
	wire_put_request(&exchange->out, request);
	return send_out(exchange, deadline_ms);
}

static int
send_hello(struct exchange *exchange, int64_t deadline_ms)
{
	buf_clear(&exchange->out);
	exchange->options.put_hello(&exchange->out, exchange->options.who, exchange->last_id);
	exchange->known = true;
	return send_out(exchange, deadline_ms);
}

/* Returns 1 for the reply to our request, 0 for a message that is not for us, -EAGAIN when it was UNKNOWN, -EPROTO. */
static int
read_reply(const struct exchange *exchange, const struct bus_message *message, struct wire_reply *ret)
{
	struct wire_reader body = bus_message_reader(message);
	struct wire_header header;

	if (wire_get_header(&body, &header) < 0)
		return -EPROTO;
	if (header.id != exchange->last_id)
		return 0;
	if (header.type == WIRE_UNKNOWN)
		return -EAGAIN;
	if (header.type != WIRE_REPLY)
		return 0;
	if (wire_get_reply(&body, ret) < 0)
		return -EPROTO;
	if (exchange->text != NULL)
		buf_bytes(exchange->text, ret->text.data, ret->text.len);
	ret->text = (struct span){ NULL, 0 }; /* it goes with the message */
	return 1;
}

/* Returns 0, -EAGAIN when the sidecar wants a HELLO, -ETIMEDOUT, or another negative errno. */
static int
await_reply(struct exchange *exchange, int64_t deadline_ms, struct wire_reply *ret)
{
	struct bus_message message;
	int r;

	do {
		r = wait_bus(exchange, ZMQ_POLLIN, deadline_ms);
		if (r <= 0)
			return r == 0 ? -ETIMEDOUT : r;
		r = bus_recv(exchange->bus, NULL, &message);
		if (r == -EAGAIN)
			r = 0;
		else if (r == 0) {
			r = read_reply(exchange, &message, ret);
			bus_message_close(&message);
		}
	} while (r == 0);
	return r < 0 ? r : 0;
}

static int
try_once(struct exchange *exchange, const struct wire_request *request, int64_t deadline_ms, struct wire_reply *ret)
{
	int r;

	r = send_request(exchange, request, deadline_ms);
	return r < 0 ? r : await_reply(exchange, deadline_ms, ret);
}

static int
ask(struct exchange *exchange, const struct wire_request *request, int64_t deadline_ms, struct wire_reply *ret)
{
	int r;

	exchange->last_id++;
	r = try_once(exchange, request, deadline_ms, ret);
	for (int hellos = 0; r == -EAGAIN && hellos < MAX_HELLOS; hellos++) {
		r = send_hello(exchange, deadline_ms);
		if (r == 0)
			r = try_once(exchange, request, deadline_ms, ret);
	}
	return r == -EAGAIN ? -EPROTO : r;
}

/* --- one that is away ------------------------------------------------------------- */

/* An empty message is answered by whoever takes messages at all (UNKNOWN, tina4-wire(7)). Returns 0 or a negative
 * errno. */
static int
probe(struct exchange *exchange, int64_t deadline_ms)
{
	struct bus_message message;
	int r;

	buf_clear(&exchange->out);
	r = send_out(exchange, deadline_ms);
	if (r < 0)
		return r;
	do {
		r = wait_bus(exchange, ZMQ_POLLIN, deadline_ms);
		if (r <= 0)
			return r == 0 ? -ENOTCONN : r;
		r = bus_recv(exchange->bus, NULL, &message);
	} while (r == -EAGAIN);
	if (r == 0)
		bus_message_close(&message);
	return r;
}

/* Returns 0 when it makes sense to ask, or -ENOTCONN. */
static int
look(struct exchange *exchange, int64_t deadline_ms)
{
	struct reach *reach = exchange->options.reach;
	int64_t now_ms = clock_ms();
	int64_t end_ms = now_ms + REACH_PROBE_MS < deadline_ms ? now_ms + REACH_PROBE_MS : deadline_ms;

	switch (reach_advise(reach, now_ms)) {
	case REACH_ASK:
		return 0;
	case REACH_FAIL:
		return -ENOTCONN;
	case REACH_PROBE:
		break;
	}
	if (probe(exchange, end_ms) < 0)
		return -ENOTCONN;
	reach_answered(reach, clock_ms());
	return 0;
}

int
exchange_ask(struct exchange *exchange, const struct wire_request *request, int64_t deadline_ms, struct wire_reply *ret,
    struct buf *text)
{
	struct reach *reach = exchange->options.reach;
	int64_t begun_ms = clock_ms();
	int r;

	r = look(exchange, deadline_ms);
	if (r < 0)
		return r;
	exchange->text = text;
	r = ask(exchange, request, deadline_ms, ret);
	exchange->text = NULL;
	if (r == -ENOTCONN || r == -ETIMEDOUT)
		reach_failed(reach, begun_ms, clock_ms());
	else if (r == 0)
		reach_answered(reach, clock_ms());
	return r == 0 && text != NULL && text->failed ? -ENOMEM : r;
}
