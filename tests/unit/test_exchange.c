#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <zmq.h>

#include "fcgi/ws/exchange.h"
#include "fcgi/ws/reach.h"
#include "shared/clock.h"
#include "tests/tap.h"
#include "tests/unit/fake_sidecar.h"

/* A thread asks; the main one plays the sidecar, step by step. */

enum { SHORT_MS = 50 };

static struct fake_sidecar fake;
static struct fake_message message;
static void *zmq;
static struct reach reach;

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
	return (struct exchange_options){
		.zmq = zmq, .endpoint = fake.endpoint, .put_hello = put_hello, .who = "test", .reach = &reach
	};
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

/* Makes the threads believe what a long wait in vain would have taught them. */
static void
let_it_be_away(void)
{
	int64_t now_ms = clock_ms();

	reach_answered(&reach, now_ms - REACH_PATIENCE_MS);
	reach_failed(&reach, now_ms - REACH_PATIENCE_MS, now_ms);
}

static void
one_that_is_away_costs_no_time(void)
{
	struct wire_reply reply;
	int64_t begun_ms = clock_ms();
	int n = 0;

	let_it_be_away();
	while (n < 100 && ask_within(FAKE_PATIENCE_MS, &reply, NULL) == -ENOTCONN)
		n++;
	OK(n == 100, "while the sidecar is away there is nobody to ask");
	OK(clock_ms() - begun_ms < FAKE_PATIENCE_MS, "and it does not take a single request's patience to learn that");
	exchange_close(zmq);
}

static void
silence_is_found_by_asking(void)
{
	struct wire_reply reply;

	reach_answered(&reach, clock_ms());
	OK(ask_within(REACH_PATIENCE_MS, &reply, NULL) == -ENOTCONN, "a request that waited long in vain");
	OK(reach_advise(&reach, clock_ms()) == REACH_PROBE, "has found the sidecar away");
	exchange_close(zmq);
}

/* Asks until its probe was answered in time: a busy machine may take several. */
static void *
ask_until_it_is_back(void *data)
{
	struct asking *asking = data;

	do {
		let_it_be_away();
		atomic_store(&reach.next_probe_ms, 0);
		asking->r = ask_within(FAKE_PATIENCE_MS, &asking->reply, NULL);
	} while (asking->r == -ENOTCONN);
	return NULL;
}

/* Answers each empty message until something else comes. Returns how many there were. */
static int
answer_probes(void)
{
	zmq_pollitem_t item = { .socket = bus_socket(fake.bus), .events = ZMQ_POLLIN };
	int n = 0;

	fake_release(&message);
	while (zmq_poll(&item, 1, FAKE_PATIENCE_MS) == 1 && bus_recv(fake.bus, &fake.peer, &message.message) == 0) {
		if (bus_message_bytes(&message.message) > 0) {
			message.held = true;
			message.body = bus_message_reader(&message.message);
			wire_get_header(&message.body, &message.header);
			break;
		}
		bus_message_close(&message.message);
		fake_send_header(&fake, WIRE_UNKNOWN, 0);
		n++;
	}
	return n;
}

static void
an_answered_probe_is_followed_by_the_request(void)
{
	struct asking asking = { 0 };

	fake_start(&fake);
	pthread_create(&asking.thread, NULL, ask_until_it_is_back, &asking);
	OK(answer_probes() > 0, "who looks whether the sidecar is back says an empty message");
	OK(message.held && message.header.type == WIRE_REQUEST, "the request follows its answer");
	send_reply(message.header.id, 4);
	pthread_join(asking.thread, NULL);
	OK(asking.r == 0 && asking.reply.connections == 4, "and is answered");
	OK(reach_advise(&reach, clock_ms()) == REACH_ASK, "then all ask again");
	fake_release(&message);
	fake_stop(&fake);
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
	one_that_is_away_costs_no_time();
	silence_is_found_by_asking();
	an_answered_probe_is_followed_by_the_request();
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
