#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/ws/exchange.h"
#include "fcgi/ws/presence.h"
#include "shared/clock.h"
#include "tests/tap.h"
#include "tests/unit/fake_sidecar.h"

/*
 * A thread plays the sidecar. What it does with a request is told by the path
 * or the data; what it got is read after it has ended.
 */

enum { SHORT_MS = 100, N_THREADS = 2, N_PUSHES = 50, MAX_REQUESTS = 16 };

struct seen_request {
	uint64_t header_id;
	struct wire_id id;
	enum wire_command_type type;
	uint8_t flags;
	uint16_t code;
	struct wire_id conn;
	char key[32], data[32];
};

struct script {
	struct fake_sidecar fake;
	struct fake_message message;
	pthread_t thread;
	int stop; /* an eventfd(2) */

	struct seen_request requests[MAX_REQUESTS];
	size_t n_requests;
	int n_hellos;
	bool app_hello; /* the last HELLO was an app's, with its routes */
	uint64_t offset;
};

static struct script script;
static struct tina4_app *app;

/* --- the sidecar's thread ----------------------------------------------------------- */

static void
copy_span(struct span span, char *ret, size_t size)
{
	snprintf(ret, size, "%.*s", (int)span.len, span.data);
}

static void
keep(const struct wire_header *header, const struct wire_request *request)
{
	struct seen_request *seen = &script.requests[script.n_requests % MAX_REQUESTS];

	script.n_requests++;
	*seen = (struct seen_request){
		.header_id = header->id,
		.id = request->id,
		.type = request->command.type,
		.flags = request->command.flags,
		.code = request->command.code,
		.conn = request->command.conn,
	};
	copy_span(request->command.key, seen->key, sizeof(seen->key));
	copy_span(request->command.data, seen->data, sizeof(seen->data));
}

static void
reply(uint64_t id, enum wire_status status)
{
	struct wire_reply answer = {
		.status = status,
		.relayed = true,
		.connections = 3,
		.epoch = 8,
		.offset = ++script.offset,
		.text = span_of("not for the program"),
	};
	struct buf buf = BUF_INIT;

	wire_put_header(&buf, WIRE_REPLY, id);
	wire_put_reply(&buf, &answer);
	fake_send(&script.fake, &buf);
}

static void
take_request(uint64_t id, const struct wire_request *request)
{
	char path[32];

	copy_span(request->command.key, path, sizeof(path));
	if (strcmp(path, "/silent") == 0)
		return;
	if (strcmp(path, "/unknown") == 0 || (strcmp(path, "/announced") == 0 && script.n_hellos == 0)) {
		fake_send_header(&script.fake, WIRE_UNKNOWN, id);
		return;
	}
	if (strcmp(path, "/late") == 0)
		reply(id - 1, WIRE_BUSY);
	if (strcmp(path, "/nonsense") == 0)
		fake_send_header(&script.fake, WIRE_REPLY, id);
	reply(id, strncmp(path, "/status/", 8) == 0 ? (enum wire_status)atoi(path + 8) : WIRE_OK);
}

static void
take_message(struct fake_message *message)
{
	struct wire_request request;
	struct wire_hello hello;

	if (message->header.type == WIRE_HELLO) {
		script.n_hellos++;
		script.app_hello =
		    wire_get_hello(&message->body, &hello) == 0 && hello.role == WIRE_ROLE_APP && hello.n_routes == 1;
		fake_send_welcome(&script.fake);
	}
	if (message->header.type != WIRE_REQUEST || wire_get_request(&message->body, &request) < 0)
		return;
	keep(&message->header, &request);
	take_request(message->header.id, &request);
}

static void *
play(void *unused)
{
	zmq_pollitem_t items[] = {
		{ .socket = bus_socket(script.fake.bus), .events = ZMQ_POLLIN },
		{ .fd = script.stop, .events = ZMQ_POLLIN },
	};

	(void)unused;
	while (zmq_poll(items, 2, FAKE_PATIENCE_MS) > 0 && items[1].revents == 0)
		if (fake_recv(&script.fake, &script.message, 0))
			take_message(&script.message);
	fake_release(&script.message);
	return NULL;
}

static void
start_sidecar(void)
{
	script.n_requests = 0;
	script.n_hellos = 0;
	script.offset = 0;
	script.stop = eventfd(0, EFD_CLOEXEC);
	fake_start(&script.fake);
	pthread_create(&script.thread, NULL, play, NULL);
}

/* The thread's socket goes too: it would take a moment to notice that nobody reads any more. */
static void
stop_sidecar(void)
{
	exchange_close(app->zmq);
	eventfd_write(script.stop, 1);
	pthread_join(script.thread, NULL);
	close(script.stop);
	fake_stop(&script.fake);
}

/* --- tests --------------------------------------------------------------------------- */

static int
push_to(const char *path)
{
	return tina4_push(app, path, "x", 1, NULL, NULL);
}

static void
a_receipt_tells_what_became_of_a_push(void)
{
	struct tina4_receipt receipt = { 0 };
	char id[WIRE_ID_HEX];

	start_sidecar();
	OK(tina4_push(app, "/ws/chat", "hello", 5, NULL, &receipt) == 0, "a push is received");
	OK(receipt.connections == 3 && receipt.relayed && receipt.epoch == 8 && receipt.offset == 1,
	    "the receipt says what the sidecar said");
	stop_sidecar();
	wire_id_format(&script.requests[0].id, id);
	OK(strcmp(receipt.id, id) == 0, "and the id that the request had");
	OK(script.n_requests == 1 && script.requests[0].type == WIRE_PUSH && script.requests[0].flags == 0,
	    "one request was made, a push of text");
	OK(strcmp(script.requests[0].key, "/ws/chat") == 0 && strcmp(script.requests[0].data, "hello") == 0,
	    "with path and data");
	OK(script.n_hellos == 0, "without a HELLO");
}

static void
options_are_heeded(void)
{
	struct tina4_push_options options = { .flags = TINA4_BINARY, .id = "00112233445566778899aabbccddeeff" };
	struct tina4_receipt receipt;
	struct cJSON *json = cJSON_CreateString("hi");

	start_sidecar();
	OK(tina4_push(app, "/ws/chat", "\xff", 1, &options, &receipt) == 0, "a binary push with an id of one's own");
	OK(strcmp(receipt.id, options.id) == 0, "is received under that id");
	OK(tina4_push_json(app, "/ws/chat", &json, NULL, NULL) == 0 && json == NULL, "JSON is pushed, and taken");
	stop_sidecar();
	OK(script.requests[0].flags == WIRE_BINARY, "binary says so");
	OK(strcmp(script.requests[1].data, "\"hi\"") == 0, "JSON is text");
	OK(memcmp(&script.requests[0].id, &script.requests[1].id, WIRE_ID_BYTES) != 0, "each push has its own id");
}

static void
wrong_arguments_reach_nobody(void)
{
	struct tina4_push_options bad_flags = { .flags = TINA4_EXCLUDE_SENDER };
	struct tina4_push_options later = { .reserved = { [3] = 1 } };
	struct tina4_push_options bad_time = { .timeout_ms = 60001 };
	struct tina4_push_options bad_id = { .id = "xyz" };
	uint32_t count;

	start_sidecar();
	OK(push_to("ws") == -EINVAL, "what is no path");
	OK(tina4_push(app, "/", "\xff", 1, NULL, NULL) == -EILSEQ, "text that is not UTF-8");
	OK(tina4_push(app, "/", "x", WIRE_MAX_RECORD_BYTES + 1, NULL, NULL) == -EMSGSIZE, "more than anyone takes");
	OK(tina4_push(app, "/", "x", 1, &bad_flags, NULL) == -EINVAL, "wrong flags");
	OK(tina4_push(app, "/", "x", 1, &later, NULL) == -EINVAL, "options of a later version");
	OK(tina4_send_to(app, "00112233445566778899aabbccddeeff", "x", 1, TINA4_EXCLUDE_SENDER) == -EINVAL,
	    "flags that mean nothing to one connection");
	OK(tina4_push(app, "/", "x", 1, &bad_time, NULL) == -EINVAL, "too long a wait");
	OK(tina4_push(app, "/", "x", 1, &bad_id, NULL) == -EINVAL, "a wrong id");
	OK(tina4_send_to(app, "xyz", "x", 1, 0) == -EINVAL, "a connection that cannot be");
	OK(tina4_disconnect(app, "xyz", 1005, NULL) == -EINVAL, "a code that no server sends");
	OK(tina4_path_close(app, "ws", 0, NULL) == -EINVAL, "an end of no path");
	OK(tina4_path_close(app, "/ws", 1006, NULL) == -EINVAL, "or with such a code");
	OK(tina4_path_close(app, "/ws", 0, "\xff") == -EILSEQ, "or with a reason that is not UTF-8");
	OK(tina4_count(app, "ws", &count) == -EINVAL, "a count of no path");
	stop_sidecar();
	OK(script.n_requests == 0, "nothing was asked");
}

static void
without_a_sidecar_nothing_is_sent(void)
{
	struct tina4_push_options options = { .timeout_ms = SHORT_MS };
	struct tina4_receipt receipt = { .connections = 9 };
	int64_t start_ms = clock_ms();

	OK(tina4_push(app, "/ws/chat", "x", 1, &options, &receipt) == -ENOTCONN, "nobody is there");
	OK(clock_ms() - start_ms >= SHORT_MS, "not before the deadline");
	OK(strlen(receipt.id) == WIRE_ID_HEX - 1 && receipt.connections == 0, "the receipt has the id to try again");
}

static void *
start_later(void *unused)
{
	(void)unused;
	poll(NULL, 0, SHORT_MS);
	start_sidecar();
	return NULL;
}

static void
a_sidecar_may_come_late(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, start_later, NULL);
	OK(push_to("/ws/chat") == 0, "a push waits for a sidecar that restarts");
	pthread_join(thread, NULL);
	stop_sidecar();
	OK(script.n_requests == 1, "which gets it once");
}

static void
a_silent_sidecar_times_out(void)
{
	struct tina4_push_options options = { .timeout_ms = SHORT_MS };

	start_sidecar();
	OK(tina4_push(app, "/silent", "x", 1, &options, NULL) == -ETIMEDOUT, "no receipt in time");
	OK(push_to("/ws/chat") == 0, "the next push is answered");
	stop_sidecar();
}

static void
late_replies_are_ignored(void)
{
	struct tina4_receipt receipt;

	start_sidecar();
	OK(tina4_push(app, "/late", "x", 1, NULL, &receipt) == 0, "a reply to an earlier request is not ours");
	OK(receipt.offset == 2, "the one that follows is");
	stop_sidecar();
}

static void
unknown_is_answered_with_hello(void)
{
	start_sidecar();
	OK(push_to("/announced") == 0, "a sidecar that does not know the app is told its routes");
	OK(push_to("/unknown") == -EPROTO, "one that never learns is given up");
	stop_sidecar();
	OK(script.n_requests >= 2 && memcmp(&script.requests[0], &script.requests[1], sizeof(script.requests[0])) == 0,
	    "the same request came twice");
	OK(script.app_hello, "after the HELLO of an app");
}

static void
statuses_are_errors(void)
{
	uint32_t count = 0;

	start_sidecar();
	OK(push_to("/status/1") == -EPROTO, "malformed");
	OK(push_to("/status/2") == -EPROTO, "another version");
	OK(push_to("/status/3") == -ENOENT, "no route");
	OK(push_to("/status/4") == -ENOENT, "no connection");
	OK(push_to("/status/5") == -EMSGSIZE, "too large");
	OK(push_to("/status/6") == -ETIMEDOUT, "expired");
	OK(push_to("/status/7") == -EINVAL, "invalid");
	OK(push_to("/status/8") == -EBUSY, "busy");
	OK(push_to("/status/9") == -ENETDOWN, "not relayed");
	OK(push_to("/status/10") == -EAGAIN, "not ready");
	OK(push_to("/status/11") == -EPROTO, "one of a later version");
	OK(tina4_count(app, "/status/3", &count) == -ENOENT && count == 0, "a count that fails changes nothing");
	OK(push_to("/nonsense") == -EPROTO, "a reply that is none");
	stop_sidecar();
}

static void
single_connections_are_reached(void)
{
	static const char id[] = "00112233445566778899aabbccddeeff";
	struct wire_id conn;
	uint32_t count = 0;

	start_sidecar();
	OK(tina4_send_to(app, id, "psst", 4, TINA4_TEXT) == 0, "a message to one connection");
	OK(tina4_disconnect(app, id, 4000, "enough") == 0, "its end");
	OK(tina4_count(app, "/ws/chat", &count) == 0 && count == 3, "a count");
	stop_sidecar();
	wire_id_parse(id, &conn);
	OK(script.requests[0].type == WIRE_SEND && script.requests[0].flags == WIRE_OTHER_CONN &&
		memcmp(&script.requests[0].conn, &conn, sizeof(conn)) == 0 &&
		strcmp(script.requests[0].data, "psst") == 0,
	    "a send names its connection");
	OK(script.requests[1].type == WIRE_DISCONNECT && script.requests[1].code == 4000 &&
		strcmp(script.requests[1].data, "enough") == 0,
	    "a close has code and reason");
	OK(script.requests[2].type == WIRE_COUNT && strcmp(script.requests[2].key, "/ws/chat") == 0,
	    "a count names its path");
}

static void
a_path_is_closed(void)
{
	start_sidecar();
	OK(tina4_path_close(app, "/ws/chat", 1012, "again") == 0, "all of a path are closed");
	OK(tina4_path_close(app, "/ws/chat", 0, NULL) == 0, "also without a reason");
	stop_sidecar();
	OK(script.requests[0].type == WIRE_KICK && script.requests[0].code == 1012 &&
		strcmp(script.requests[0].key, "/ws/chat") == 0 && strcmp(script.requests[0].data, "again") == 0,
	    "which names path, code and reason");
	OK(script.requests[1].code == 1000 && script.requests[1].data[0] == '\0', "or 1000 and none");
}

static void *
push_many(void *ret_good)
{
	for (int i = 0; i < N_PUSHES; i++)
		*(int *)ret_good += push_to("/ws/chat") == 0;
	return NULL;
}

static void
threads_push_at_once(void)
{
	pthread_t threads[N_THREADS];
	int good[N_THREADS] = { 0 };

	start_sidecar();
	for (int i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, push_many, &good[i]);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	OK(good[0] == N_PUSHES && good[1] == N_PUSHES, "two threads push at once, each with its receipts");
	stop_sidecar();
	OK(script.n_requests == (size_t)N_THREADS * N_PUSHES, "all of it came");
}

/* --- announcing -------------------------------------------------------------------------- */

static void *
announce(void *ret)
{
	*(int *)ret = presence_keep(app, script.stop);
	return NULL;
}

static void
a_server_announces_its_routes(void)
{
	struct fake_sidecar *fake = &script.fake;
	struct fake_message *message = &script.message;
	struct wire_hello hello;
	pthread_t thread;
	int r = -1;

	script.stop = eventfd(0, EFD_CLOEXEC);
	fake_start(fake);
	pthread_create(&thread, NULL, announce, &r);
	OK(fake_expect(fake, message, WIRE_HELLO) && wire_get_hello(&message->body, &hello) == 0 &&
		hello.role == WIRE_ROLE_APP && hello.n_routes == 1,
	    "a server says HELLO as an app");
	fake_send_welcome(fake);
	OK(fake_expect(fake, message, WIRE_HEARTBEAT), "then heartbeats");
	fake_send_header(fake, WIRE_UNKNOWN, 0);
	OK(fake_expect(fake, message, WIRE_HELLO), "and HELLO again to a sidecar that does not know it");
	eventfd_write(script.stop, 1);
	pthread_join(thread, NULL);
	OK(r == 0, "it ends when its descriptor is readable");
	OK(fake_expect(fake, message, WIRE_BYE), "with a BYE");
	fake_release(message);
	fake_stop(fake);
	close(script.stop);
}

static void
without_routes_there_is_nothing_to_announce(void)
{
	struct tina4_app *empty = tina4_app_new();
	int stop = eventfd(1, EFD_CLOEXEC);

	OK(presence_keep(empty, stop) == 0 && empty->zmq == NULL, "no route, no word");
	close(stop);
	tina4_app_free(empty);
}

int
main(void)
{
	fake_prepare(&script.fake);
	app = tina4_app_new();
	tina4_websocket(app, "/ws/{room}", NULL);
	app->name = "test";
	OK(push_to("/ws/chat") == -ENOTCONN, "before the settings are read there is no sidecar");
	app->conf.bus = strdup(script.fake.endpoint);
	app->conf.push_timeout_ms = FAKE_PATIENCE_MS;

	without_a_sidecar_nothing_is_sent();
	a_receipt_tells_what_became_of_a_push();
	options_are_heeded();
	wrong_arguments_reach_nobody();
	a_sidecar_may_come_late();
	a_silent_sidecar_times_out();
	late_replies_are_ignored();
	unknown_is_answered_with_hello();
	statuses_are_errors();
	single_connections_are_reached();
	a_path_is_closed();
	threads_push_at_once();
	a_server_announces_its_routes();
	without_routes_there_is_nothing_to_announce();
	exchange_close(app->zmq);
	tina4_app_free(app);
	fake_cleanup(&script.fake);
	return tap_done();
}
