#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <zmq.h>

#include "fcgi/ws/exchange.h"
#include "shared/clock.h"
#include "tests/tap.h"
#include "tests/unit/fake_sidecar.h"

/* A thread asks; the main one plays the sidecar, step by step. */

enum { SHORT_MS = 50 };

static struct fake_sidecar fake;
static struct fake_message message;
static void *zmq;

/* What a thread asks, and what became of it. */
struct asking {
	pthread_t thread;
	struct buf *text;
	int r;
	struct wire_reply reply;
	bool same; /* a second look found the same exchange */
};

static void
put_hello(struct buf *buf, const void *who, uint64_t id)
{
	struct wire_hello hello = { .role = WIRE_ROLE_APP, .app = span_of(who) };

	wire_put_header(buf, WIRE_HELLO, id);
	wire_put_hello(buf, &hello);
}

static struct exchange_options
options(void)
{
	return (
	    struct exchange_options){ .zmq = zmq, .endpoint = fake.endpoint, .put_hello = put_hello, .who = "test" };
}

static int
ask_within(int64_t timeout_ms, struct wire_reply *ret, struct buf *text)
{
	struct exchange_options how = options();
	struct wire_request request = { .command = { .type = WIRE_COUNT, .key = span_of("/a") } };
	struct exchange *exchange;
	int r;

	r = exchange_of_thread(&exchange, &how);
	return r < 0 ? r : exchange_ask(exchange, &request, clock_ms() + timeout_ms, ret, text);
}

static void *
ask(void *data)
{
	struct exchange_options how = options();
	struct exchange *first = NULL, *second = NULL;
	struct asking *asking = data;

	asking->r = ask_within(FAKE_PATIENCE_MS, &asking->reply, asking->text);
	exchange_of_thread(&first, &how);
	exchange_of_thread(&second, &how);
	asking->same = first != NULL && first == second;
	return NULL;
}

static void
begin(struct asking *asking, struct buf *text)
{
	*asking = (struct asking){ .text = text };
	pthread_create(&asking->thread, NULL, ask, asking);
}

static void
send_reply(uint64_t id, uint32_t connections)
{
	struct wire_reply reply = { .status = WIRE_OK, .connections = connections, .text = span_of("words") };
	struct buf buf = BUF_INIT;

	wire_put_header(&buf, WIRE_REPLY, id);
	wire_put_reply(&buf, &reply);
	fake_send(&fake, &buf);
}

static void
nobody_to_ask_is_no_connection(void)
{
	struct wire_reply reply;

	OK(ask_within(SHORT_MS, &reply, NULL) == -ENOTCONN, "without a sidecar there is nobody to ask");
	exchange_close(zmq);
}

static void
a_request_gets_its_own_reply(void)
{
	struct buf text = BUF_INIT;
	struct asking asking;

	begin(&asking, &text);
	OK(fake_expect(&fake, &message, WIRE_REQUEST), "a request arrives");
	send_reply(message.header.id + 1, 1);
	send_reply(message.header.id, 2);
	pthread_join(asking.thread, NULL);
	OK(asking.r == 0 && asking.reply.connections == 2, "and gets the reply that has its number");
	OK(asking.reply.text.len == 0 && strcmp(buf_cstr(&text), "words") == 0,
	    "whose text is copied where it is wanted");
	OK(asking.same, "a thread has one socket");
	buf_free(&text);
}

static void
who_asks_is_told_on_demand(void)
{
	struct wire_hello hello;
	struct asking asking;

	begin(&asking, NULL);
	fake_expect(&fake, &message, WIRE_REQUEST);
	fake_send_header(&fake, WIRE_UNKNOWN, message.header.id);
	OK(fake_expect(&fake, &message, WIRE_HELLO) && wire_get_hello(&message.body, &hello) == 0 &&
		hello.app.len == 4 && memcmp(hello.app.data, "test", 4) == 0,
	    "a sidecar that wants to know who asks gets a HELLO");
	OK(fake_expect(&fake, &message, WIRE_REQUEST), "and the request again");
	send_reply(message.header.id, 3);
	pthread_join(asking.thread, NULL);
	OK(asking.r == 0 && asking.reply.connections == 3, "which it then answers");
	OK(fake_expect(&fake, &message, WIRE_BYE), "a thread that said HELLO says BYE at its end");
}

static void
a_sidecar_that_never_learns_makes_no_sense(void)
{
	struct asking asking;
	int requests = 0;

	begin(&asking, NULL);
	while (fake_recv(&fake, &message, FAKE_PATIENCE_MS) && message.header.type != WIRE_BYE) {
		if (message.header.type != WIRE_REQUEST)
			continue;
		requests++;
		fake_send_header(&fake, WIRE_UNKNOWN, message.header.id);
	}
	pthread_join(asking.thread, NULL);
	OK(asking.r == -EPROTO && requests == 4, "three HELLOs in one request are enough");
}

static void
contexts_do_not_share_a_socket(void)
{
	struct exchange_options how = options(), other = options();
	struct exchange *exchange = NULL;

	other.zmq = zmq_ctx_new();
	OK(exchange_of_thread(&exchange, &how) == 0 && exchange_of_thread(&exchange, &other) == 0,
	    "a thread may change to another context");
	OK(zmq_ctx_shutdown(zmq) == 0 && zmq_ctx_term(zmq) == 0, "and holds the first one no longer");
	exchange_close(other.zmq);
	zmq_ctx_term(other.zmq);
}

int
main(void)
{
	zmq = zmq_ctx_new();
	fake_prepare(&fake);
	nobody_to_ask_is_no_connection();
	fake_start(&fake);
	a_request_gets_its_own_reply();
	who_asks_is_told_on_demand();
	a_sidecar_that_never_learns_makes_no_sense();
	fake_release(&message);
	fake_stop(&fake);
	contexts_do_not_share_a_socket();
	fake_cleanup(&fake);
	return tap_done();
}
