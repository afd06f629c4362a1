#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/wire.h"
#include "tests/tap.h"

static const struct wire_id id_a = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };
static const struct wire_id id_b = { { 0xff, [15] = 0xfe } };

static bool
is(struct span span, const char *text)
{
	return span.len == strlen(text) && (span.len == 0 || memcmp(span.data, text, span.len) == 0);
}

static bool
same_id(const struct wire_id *a, const struct wire_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static struct wire_reader
reader_of(const struct buf *buf)
{
	return wire_reader(buf->data, buf->len);
}

/* --- what the messages below say ---------------------------------------------------- */

static const struct wire_event *
an_event(enum wire_event_kind kind)
{
	static struct wire_event event;

	event = (struct wire_event){
		.kind = kind,
		.flags = WIRE_BINARY,
		.attempt = 2,
		.code = 1001,
		.conn = id_a,
		.epoch = 0x1122334455667788,
		.id = 0x0102030405060708,
		.count = 70000,
		.data = { "data", 4 },
		.meta = { "meta", 4 },
		.attributes = { "attributes", 10 },
	};
	return &event;
}

static const struct wire_command commands[] = {
	{ WIRE_SEND, .data = { "to me", 5 } },
	{ WIRE_SEND, .flags = WIRE_OTHER_CONN | WIRE_BINARY, .conn = { { 0xff, [15] = 0xfe } }, .data = { "\0\1", 2 } },
	{ WIRE_BROADCAST, .flags = WIRE_EXCLUDE_SENDER, .data = { "to all", 6 } },
	{ WIRE_PUSH, .key = { "/ws/news", 8 }, .data = { "news", 4 } },
	{ WIRE_DISCONNECT, .code = 4000, .data = { "bye", 3 } },
	{ WIRE_SET, .key = { "name", 4 }, .data = { "Alice", 5 } },
	{ WIRE_SET, .flags = WIRE_UNSET, .key = { "name", 4 } },
	{ WIRE_COUNT, .key = { "/ws/news", 8 } },
	{ .type = WIRE_STATS },
	{ WIRE_CONNS, .key = { "/ws/news", 8 }, .data = { "asked", 5 } },
	{ WIRE_KICK, .code = 1008, .key = { "/ws/news", 8 }, .data = { "bye", 3 } },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct wire_record a_record = {
	.conn = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } },
	.epoch = 0x1122334455667788,
	.event = 0x0102030405060708,
	.attempt = 2,
};

static void
put_header(struct buf *buf)
{
	wire_put_header(buf, WIRE_REQUEST, 0x0102030405060708);
}

static void
put_hello(struct buf *buf)
{
	wire_put_hello(buf, &(struct wire_hello){ WIRE_ROLE_WORKER, span_of("shop"), 2 });
	wire_put_route(buf, &(struct wire_route){ .pattern = span_of("/ws/{a}") });
	wire_put_route(buf,
	    &(struct wire_route){ .flags = WIRE_ROUTE_PUSH_ONLY | WIRE_ROUTE_KEEPS | WIRE_ROUTE_SPEAKS,
		.pattern = span_of("/n"),
		.history = 100,
		.history_seconds = 60,
		.protocols = span_of("mqtt") });
}

static void
put_welcome(struct buf *buf)
{
	wire_put_welcome(buf, &(struct wire_welcome){ 0x1122334455667788, 1 << 20, 4096, 1 });
	buf_blob(buf, "/n", 2);
}

static void
put_events(struct buf *buf)
{
	for (int kind = WIRE_ATTACH; kind <= WIRE_DETACH; kind++)
		wire_put_event(buf, an_event((enum wire_event_kind)kind));
}

static void
put_meta(struct buf *buf)
{
	wire_put_meta(buf,
	    &(struct wire_meta){
		.pattern = span_of("/ws/{a}"),
		.path = span_of("/ws/x"),
		.query = span_of("q=1"),
		.ip = span_of("192.0.2.7"),
		.claims = span_of("{}"),
		.user = span_of("u1"),
		.protocol = span_of("mqtt"),
	    });
	wire_put_pair(buf, span_of("host"), span_of("example.com"));
	wire_put_pair(buf, span_of("cookie"), span_of(""));
}

static void
put_batch(struct buf *buf)
{
	struct wire_record failed = a_record;
	size_t record = wire_begin_record(buf, &a_record);

	for (size_t i = 0; i < N_COMMANDS; i++)
		wire_put_command(buf, &commands[i]);
	wire_end_record(buf, record);

	failed.failed = true;
	record = wire_begin_record(buf, &failed);
	wire_end_record(buf, record);
}

static void
put_request(struct buf *buf)
{
	wire_put_request(buf, &(struct wire_request){ id_a, 0x0000018bcfe56800, commands[3] });
}

static void
put_reply(struct buf *buf)
{
	wire_put_reply(buf, &(struct wire_reply){ WIRE_NO_ROUTE, true, 70000, 5, 6, span_of("no route"), 7, 8 });
}

static void
put_stale(struct buf *buf)
{
	wire_put_delivery(buf, &(struct wire_delivery){ id_a, 7, 8, 9 });
}

static void
put_watch(struct buf *buf)
{
	wire_put_watch(buf, &(struct wire_watch){ id_a, 70000 });
}

static void
put_death(struct buf *buf)
{
	wire_put_death(buf, &(struct wire_death){ 70000, true, { id_a, 7, 8, 9 } });
}

/* --- readers: 0 when a whole message was read, else a negative errno ----------------- */

static int
get_header(struct wire_reader *reader)
{
	struct wire_header header;

	return wire_get_header(reader, &header);
}

static int
get_hello(struct wire_reader *reader)
{
	struct wire_hello hello;
	struct wire_route route;
	int r = wire_get_hello(reader, &hello);

	for (unsigned i = 0; r == 0 && i < hello.n_routes; i++)
		r = wire_get_route(reader, &route);
	return r;
}

static int
get_welcome(struct wire_reader *reader)
{
	struct wire_welcome welcome;
	struct span pattern;
	int r = wire_get_welcome(reader, &welcome);

	for (unsigned i = 0; r == 0 && i < welcome.n_refused; i++)
		r = wire_get_blob(reader, &pattern);
	return r;
}

static int
get_events(struct wire_reader *reader)
{
	struct wire_event event;
	int r;

	while ((r = wire_get_event(reader, &event)) > 0)
		;
	return r;
}

static int
get_pairs(struct wire_reader *reader)
{
	struct span name, value;
	int r;

	while ((r = wire_get_pair(reader, &name, &value)) > 0)
		;
	return r;
}

static int
get_meta(struct wire_reader *reader)
{
	struct span from = { (const char *)reader->at, (size_t)(reader->end - reader->at) };
	struct wire_reader headers;
	struct wire_meta meta;
	int r = wire_get_meta(from, &meta);

	if (r < 0)
		return r;
	reader->at = reader->end;
	headers = wire_reader(meta.headers.data, meta.headers.len);
	return get_pairs(&headers);
}

static int
get_batch(struct wire_reader *reader)
{
	struct wire_record record;
	int r;

	while ((r = wire_get_record(reader, &record)) > 0)
		;
	return r;
}

static int
get_request(struct wire_reader *reader)
{
	struct wire_request request;

	return wire_get_request(reader, &request);
}

static int
get_reply(struct wire_reader *reader)
{
	struct wire_reply reply;

	return wire_get_reply(reader, &reply);
}

static int
get_stale(struct wire_reader *reader)
{
	struct wire_delivery stale;

	return wire_get_delivery(reader, &stale);
}

static int
get_watch(struct wire_reader *reader)
{
	struct wire_watch watch;

	return reader->at == reader->end ? -EPROTO : wire_get_watch(reader, &watch);
}

static int
get_death(struct wire_reader *reader)
{
	struct wire_death death;

	return wire_get_death(reader, &death);
}

static void
put_conns_asked(struct buf *buf)
{
	wire_put_conns_asked(
	    buf, &(struct wire_conns_asked){ 7, span_of("0a0b0c0d.256"), span_of("0a0b0c0d"), span_of("alice") });
}

static int
get_conns_asked(struct wire_reader *reader)
{
	struct span from = { (const char *)reader->at, (size_t)(reader->end - reader->at) };
	struct wire_conns_asked asked;
	int r = wire_get_conns_asked(from, &asked);

	if (r == 0)
		reader->at = reader->end;
	return r;
}

static void
put_conns(struct buf *buf)
{
	wire_put_conns(buf, &(struct wire_conns){ 0x0a0b0c0d, true, span_of("0a0b0c0d.256"), { NULL, NULL } });
	for (unsigned i = 0; i < 2; i++)
		wire_put_conn(buf,
		    &(struct wire_conn){
			id_a, 0x0000018bcfe56800, 5, 6 + i, span_of("/ws/a"), span_of("alice"), span_of("192.0.2.1") });
}

static int
get_conns(struct wire_reader *reader)
{
	struct span from = { (const char *)reader->at, (size_t)(reader->end - reader->at) };
	struct wire_conns conns;
	struct wire_conn conn;
	int r = wire_get_conns(from, &conns);

	if (r < 0)
		return r;
	while ((r = wire_get_conn(&conns.conns, &conn)) > 0)
		;
	reader->at = conns.conns.at;
	return r;
}

static const struct {
	const char *name;
	void (*put)(struct buf *buf);
	int (*get)(struct wire_reader *reader);
	bool is_list; /* may end after each of its records */
} messages[] = {
	{ "header", put_header, get_header, false },
	{ "HELLO", put_hello, get_hello, false },
	{ "WELCOME", put_welcome, get_welcome, false },
	{ "EVENTS", put_events, get_events, true },
	{ "metadata", put_meta, get_meta, true },
	{ "BATCH", put_batch, get_batch, true },
	{ "REQUEST", put_request, get_request, false },
	{ "REPLY", put_reply, get_reply, false },
	{ "STALE", put_stale, get_stale, false },
	{ "watch", put_watch, get_watch, false },
	{ "DEATH", put_death, get_death, false },
	{ "the question of CONNS", put_conns_asked, get_conns_asked, false },
	{ "the answer to CONNS", put_conns, get_conns, true },
};

enum { N_MESSAGES = sizeof(messages) / sizeof(messages[0]) };

/* --- claims about all of them ---------------------------------------------------------- */

static void
whole_messages_are_read_to_their_end(void)
{
	for (size_t i = 0; i < N_MESSAGES; i++) {
		struct buf buf = BUF_INIT;
		struct wire_reader reader;
		char claim[64];

		messages[i].put(&buf);
		reader = reader_of(&buf);
		snprintf(claim, sizeof(claim), "%s is read to its last byte", messages[i].name);
		OK(messages[i].get(&reader) == 0 && reader.at == reader.end, claim);
		buf_free(&buf);
	}
}

/* Reads the first len bytes from memory that ends where they end. */
static int
read_cut(size_t message, const struct buf *buf, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct wire_reader reader;
	int r;

	memcpy(copy, buf->data, len);
	reader = wire_reader(copy, len);
	r = messages[message].get(&reader);
	free(copy);
	return r;
}

static void
cut_messages_are_refused_at_every_byte(void)
{
	for (size_t i = 0; i < N_MESSAGES; i++) {
		struct buf buf = BUF_INIT;
		size_t accepted = 0, other = 0;
		char claim[64];

		messages[i].put(&buf);
		for (size_t len = 0; len < buf.len; len++) {
			int r = read_cut(i, &buf, len);

			accepted += r == 0;
			other += r != 0 && r != -EPROTO;
		}
		snprintf(claim, sizeof(claim), "%s is refused when cut short", messages[i].name);
		OK(other == 0 && (messages[i].is_list ? accepted > 0 && accepted < 10 : accepted == 0), claim);
		buf_free(&buf);
	}
}

static void
broken_lengths_are_never_followed(void)
{
	size_t wrong = 0;

	for (size_t i = 0; i < N_MESSAGES; i++) {
		struct buf buf = BUF_INIT;

		messages[i].put(&buf);
		for (size_t at = 0; at < buf.len; at++) {
			uint8_t old = buf.data[at];
			int r;

			buf.data[at] = 0xff;
			r = read_cut(i, &buf, buf.len);
			wrong += r != 0 && r != -EPROTO && r != -EPROTONOSUPPORT;
			buf.data[at] = old;
		}
		buf_free(&buf);
	}
	OK(wrong == 0, "a message with any byte set to 0xff is read within its bounds");
}

/* --- layouts ------------------------------------------------------------------------------ */

/* Compares with hexadecimal digits, in which blanks do not count. */
static bool
bytes_are(const struct buf *buf, const char *hex)
{
	struct buf expected = BUF_INIT, got = BUF_INIT;
	bool same;

	for (; *hex != '\0'; hex++)
		if (*hex != ' ')
			buf_u8(&expected, (uint8_t)*hex);
	for (size_t i = 0; i < buf->len; i++)
		buf_printf(&got, "%02x", buf->data[i]);

	same = strcmp(buf_cstr(&expected), buf_cstr(&got)) == 0;
	if (!same)
		printf("# got %s\n", buf_cstr(&got));
	buf_free(&expected);
	buf_free(&got);
	return same;
}

static bool
layout_is(void (*put)(struct buf *buf), const char *hex)
{
	struct buf buf = BUF_INIT;
	bool same;

	put(&buf);
	same = bytes_are(&buf, hex);
	buf_free(&buf);
	return same;
}

static void
put_small_record(struct buf *buf)
{
	size_t record = wire_begin_record(buf, &a_record);

	wire_put_command(buf, &commands[0]);
	wire_put_command(buf, &commands[1]);
	wire_end_record(buf, record);
}

static void
put_message_event(struct buf *buf)
{
	wire_put_event(buf, an_event(WIRE_MESSAGE));
}

static void
put_open_event(struct buf *buf)
{
	wire_put_event(buf, an_event(WIRE_OPEN));
}

static void
layouts_stay_as_they_are(void)
{
	OK(layout_is(put_header, "01 05 0000 0102030405060708"), "header: version, type, flags, id");
	OK(layout_is(put_hello,
	       "01 00000004 73686f70 0002"
	       " 00 00000007 2f77732f7b617d"
	       " 0d 00000002 2f6e 00000064 0000003c 00000004 6d717474"),
	    "HELLO: role, app, routes, how much of one is kept, and what it speaks");
	OK(layout_is(put_watch, "000102030405060708090a0b0c0d0e0f 00011170"), "behind it: the supervisor, its number");
	OK(layout_is(put_death, "00011170 01 000102030405060708090a0b0c0d0e0f 0000000000000007 0000000000000008 0009"),
	    "DEATH: the worker's number, blame, over what");
	OK(layout_is(put_welcome, "1122334455667788 00100000 00001000 0001 00000002 2f6e"),
	    "WELCOME: epoch, limits, refused patterns");
	OK(layout_is(put_message_event,
	       "00000032 02 01 0002 03e9 000102030405060708090a0b0c0d0e0f"
	       " 1122334455667788 0102030405060708 00011170 00000004 64617461"),
	    "a message event");
	OK(layout_is(put_open_event,
	       "00000048 01 01 0002 03e9 000102030405060708090a0b0c0d0e0f"
	       " 1122334455667788 0102030405060708 00011170 00000004 64617461"
	       " 00000004 6d657461 0000000a 61747472696275746573"),
	    "an open event: metadata and attributes follow");
	OK(layout_is(put_small_record,
	       "0000005a 000102030405060708090a0b0c0d0e0f"
	       " 1122334455667788 0102030405060708 0002 00"
	       " 00000011 01 00 0000 00000000 00000005 746f206d65"
	       " 0000001e 01 05 0000 ff0000000000000000000000000000fe 00000000 00000002 0001"),
	    "a record of BATCH: acknowledgement and commands");
	OK(layout_is(put_request,
	       "000102030405060708090a0b0c0d0e0f 0000018bcfe56800"
	       " 00000018 03 00 0000 00000008 2f77732f6e657773 00000004 6e657773"),
	    "REQUEST: id, deadline, command");
	OK(layout_is(put_reply,
	       "03 01 00011170 0000000000000005 0000000000000006 00000008 6e6f20726f757465"
	       " 0000000000000007 0000000000000008"),
	    "REPLY: status, relayed, connections, epoch, offset, text, origin, number");
	OK(layout_is(put_stale, "000102030405060708090a0b0c0d0e0f 0000000000000007 0000000000000008 0009"),
	    "STALE: connection, epoch, event, attempt");
}

/* --- round trips ----------------------------------------------------------------------------- */

static void
headers_come_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_header header;

	put_header(&buf);
	reader = reader_of(&buf);
	OK(buf.len == WIRE_HEADER_BYTES, "a header has its size");
	OK(wire_get_header(&reader, &header) == 0 && header.type == WIRE_REQUEST && header.flags == 0 &&
		header.id == 0x0102030405060708,
	    "type, flags and id come back");

	buf.data[0] = WIRE_VERSION + 1;
	reader = reader_of(&buf);
	OK(wire_get_header(&reader, &header) == -EPROTONOSUPPORT, "another version is told from a broken message");
	reader = wire_reader(buf.data, 1);
	OK(wire_get_header(&reader, &header) == -EPROTONOSUPPORT, "also when it is nothing but its version");
	buf_free(&buf);
}

static void
hello_comes_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_hello hello;
	struct wire_route route;

	put_hello(&buf);
	reader = reader_of(&buf);
	OK(wire_get_hello(&reader, &hello) == 0 && hello.role == WIRE_ROLE_WORKER && is(hello.app, "shop") &&
		hello.n_routes == 2,
	    "role, app and number of routes come back");
	OK(wire_get_route(&reader, &route) == 0 && route.flags == 0 && is(route.pattern, "/ws/{a}"), "the first route");
	OK(wire_get_route(&reader, &route) == 0 &&
		route.flags == (WIRE_ROUTE_PUSH_ONLY | WIRE_ROUTE_KEEPS | WIRE_ROUTE_SPEAKS) &&
		is(route.pattern, "/n") && route.history == 100 && route.history_seconds == 60 &&
		is(route.protocols, "mqtt"),
	    "the second");
	buf_free(&buf);
}

static bool
hello_refused(unsigned role, const char *app, uint16_t n_routes)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_hello hello = { .n_routes = 77 };
	int r;

	buf_u8(&buf, (uint8_t)role);
	buf_blob(&buf, app, strlen(app));
	buf_u16(&buf, n_routes);
	reader = reader_of(&buf);
	r = wire_get_hello(&reader, &hello);
	buf_free(&buf);
	return r == -EPROTO && hello.n_routes == 77;
}

static void
senseless_hellos_are_refused(void)
{
	OK(hello_refused(0, "shop", 0) && hello_refused(4, "shop", 0), "a role that is none is refused");
	OK(hello_refused(WIRE_ROLE_APP, "", 0), "an app without a name");
	OK(hello_refused(WIRE_ROLE_APP, "shop", WIRE_MAX_ROUTES + 1), "more routes than are allowed");
}

static void
welcome_comes_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_welcome welcome;
	struct span pattern;

	put_welcome(&buf);
	reader = reader_of(&buf);
	OK(wire_get_welcome(&reader, &welcome) == 0 && welcome.epoch == 0x1122334455667788 &&
		welcome.max_message == 1 << 20 && welcome.attribute_bytes == 4096 && welcome.n_refused == 1,
	    "epoch and limits come back");
	OK(wire_get_blob(&reader, &pattern) == 0 && is(pattern, "/n"), "and the refused pattern");
	buf_free(&buf);
}

static void
events_come_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_event event;

	put_events(&buf);
	reader = reader_of(&buf);
	for (int kind = WIRE_ATTACH; kind <= WIRE_DETACH; kind++) {
		bool has_meta = kind == WIRE_ATTACH || kind == WIRE_OPEN;

		OK(wire_get_event(&reader, &event) == 1 && (int)event.kind == kind && event.flags == WIRE_BINARY &&
			event.attempt == 2 && event.code == 1001 && same_id(&event.conn, &id_a) &&
			event.epoch == 0x1122334455667788 && event.id == 0x0102030405060708 && event.count == 70000 &&
			is(event.data, "data"),
		    "an event's fields come back");
		OK(is(event.meta, has_meta ? "meta" : "") && is(event.attributes, has_meta ? "attributes" : ""),
		    has_meta ? "with metadata and attributes" : "without metadata and attributes");
	}
	OK(wire_get_event(&reader, &event) == 0, "then the message ends");
	buf_free(&buf);
}

static void
metadata_comes_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader headers;
	struct wire_meta meta;
	struct span name, value;

	put_meta(&buf);
	OK(wire_get_meta(span_of_buf(&buf), &meta) == 0 && is(meta.pattern, "/ws/{a}") && is(meta.path, "/ws/x") &&
		is(meta.query, "q=1") && is(meta.ip, "192.0.2.7") && is(meta.claims, "{}") && is(meta.user, "u1") &&
		is(meta.protocol, "mqtt"),
	    "pattern, path, query, address, claims, user and subprotocol come back");
	headers = wire_reader(meta.headers.data, meta.headers.len);
	OK(wire_get_pair(&headers, &name, &value) == 1 && is(name, "host") && is(value, "example.com"), "a header");
	OK(wire_get_pair(&headers, &name, &value) == 1 && is(name, "cookie") && is(value, ""), "an empty one");
	OK(wire_get_pair(&headers, &name, &value) == 0, "then the headers end");
	buf_free(&buf);
}

static bool
same_command(const struct wire_command *a, const struct wire_command *b)
{
	return a->type == b->type && a->flags == b->flags && a->code == b->code && same_id(&a->conn, &b->conn) &&
	    a->key.len == b->key.len && (a->key.len == 0 || memcmp(a->key.data, b->key.data, a->key.len) == 0) &&
	    a->data.len == b->data.len && (a->data.len == 0 || memcmp(a->data.data, b->data.data, a->data.len) == 0);
}

static void
records_come_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_record record;
	struct wire_command command;
	bool same = true;

	put_batch(&buf);
	reader = reader_of(&buf);
	OK(wire_get_record(&reader, &record) == 1 && same_id(&record.conn, &id_a) &&
		record.epoch == 0x1122334455667788 && record.event == 0x0102030405060708 && record.attempt == 2 &&
		!record.failed,
	    "an acknowledgement comes back");
	for (size_t i = 0; i < N_COMMANDS; i++)
		same =
		    same && wire_get_command(&record.commands, &command) == 1 && same_command(&command, &commands[i]);
	OK(same && wire_get_command(&record.commands, &command) == 0, "with each kind of command");
	OK(wire_get_record(&reader, &record) == 1 && record.failed, "the second record tells of a failure");
	OK(wire_get_command(&record.commands, &command) == 0, "and has no commands");
	OK(wire_get_record(&reader, &record) == 0, "then the message ends");
	buf_free(&buf);
}

static void
a_record_can_be_dropped(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_record record;
	size_t kept = wire_begin_record(&buf, &a_record), dropped;

	wire_end_record(&buf, kept);
	dropped = wire_begin_record(&buf, &a_record);
	wire_put_command(&buf, &commands[0]);
	buf.len = dropped;

	reader = reader_of(&buf);
	OK(wire_get_record(&reader, &record) == 1 && wire_get_record(&reader, &record) == 0,
	    "cutting the buffer back drops the record and no other");
	buf_free(&buf);
}

static void
one_bad_command_refuses_the_record(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_record record = { .attempt = 77 };
	size_t offset = wire_begin_record(&buf, &a_record), bad;

	wire_put_command(&buf, &commands[0]);
	bad = buf.len;
	wire_put_command(&buf, &commands[2]);
	wire_end_record(&buf, offset);

	buf.data[bad + 4] = WIRE_LAST_COMMAND + 1;
	reader = reader_of(&buf);
	OK(wire_get_record(&reader, &record) == -EPROTO, "a record with an unknown command is refused as a whole");
	OK(record.attempt == 77, "and leaves the result alone");
	buf_free(&buf);
}

static void
later_fields_are_skipped(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_event event;

	wire_put_event(&buf, an_event(WIRE_MESSAGE));
	buf_string(&buf, "new");
	wire_end_record(&buf, 0);
	wire_put_event(&buf, an_event(WIRE_CLOSE));

	reader = reader_of(&buf);
	OK(wire_get_event(&reader, &event) == 1 && event.kind == WIRE_MESSAGE && is(event.data, "data"),
	    "an event that a later version has made longer is read");
	OK(wire_get_event(&reader, &event) == 1 && event.kind == WIRE_CLOSE, "and so is the next");
	buf_free(&buf);
}

static void
requests_come_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_request request;

	put_request(&buf);
	reader = reader_of(&buf);
	OK(wire_get_request(&reader, &request) == 0 && same_id(&request.id, &id_a) &&
		request.deadline_ms == 0x0000018bcfe56800,
	    "id and deadline come back");
	OK(same_command(&request.command, &commands[3]), "and the command");
	buf_free(&buf);
}

static void
connections_come_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_conns_asked asked;
	struct wire_conns conns;
	struct wire_conn conn;

	put_conns_asked(&buf);
	OK(wire_get_conns_asked(span_of_buf(&buf), &asked) == 0 && asked.max == 7 && is(asked.cursor, "0a0b0c0d.256") &&
		is(asked.host, "0a0b0c0d") && is(asked.user, "alice"),
	    "what is asked of connections comes back");
	buf_clear(&buf);
	put_conns(&buf);
	OK(wire_get_conns(span_of_buf(&buf), &conns) == 0 && conns.host == 0x0a0b0c0d && conns.answered &&
		is(conns.cursor, "0a0b0c0d.256"),
	    "and a page of them");
	OK(wire_get_conn(&conns.conns, &conn) == 1 && same_id(&conn.id, &id_a) && conn.since_ms == 0x0000018bcfe56800 &&
		conn.queued == 5 && conn.messages == 6 && is(conn.path, "/ws/a") && is(conn.user, "alice") &&
		is(conn.ip, "192.0.2.1"),
	    "with all that is told of one");
	OK(wire_get_conn(&conns.conns, &conn) == 1 && conn.messages == 7 && wire_get_conn(&conns.conns, &conn) == 0,
	    "to the last");
	buf_free(&buf);
}

static void
replies_come_back(void)
{
	for (int status = WIRE_OK; status <= WIRE_BUSY; status++) {
		struct wire_reply reply = { (enum wire_status)status, status % 2, 3, 5, 6, span_of("why"), 7, 8 };
		struct buf buf = BUF_INIT;
		struct wire_reader reader;
		struct wire_reply got;

		wire_put_reply(&buf, &reply);
		reader = reader_of(&buf);
		OK(wire_get_reply(&reader, &got) == 0 && got.status == reply.status && got.relayed == reply.relayed &&
			got.connections == 3 && got.epoch == 5 && got.offset == 6 && is(got.text, "why"),
		    "a reply comes back with its status");
		buf_free(&buf);
	}
}

static void
an_unknown_status_is_refused(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_reply reply;

	put_reply(&buf);
	buf.data[0] = WIRE_NOT_READY + 1;
	reader = reader_of(&buf);
	OK(wire_get_reply(&reader, &reply) == -EPROTO, "a status that is none is refused");
	buf_free(&buf);
}

static void
stale_comes_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_delivery stale;

	put_stale(&buf);
	reader = reader_of(&buf);
	OK(wire_get_delivery(&reader, &stale) == 0 && same_id(&stale.conn, &id_a) && stale.epoch == 7 &&
		stale.event == 8 && stale.attempt == 9,
	    "what was stale comes back");
	buf_free(&buf);
}

static void
a_watch_and_a_death_come_back(void)
{
	struct buf buf = BUF_INIT;
	struct wire_reader reader;
	struct wire_watch watch;
	struct wire_death death;
	uint32_t worker;

	put_watch(&buf);
	reader = reader_of(&buf);
	OK(wire_get_watch(&reader, &watch) == 0 && same_id(&watch.supervisor, &id_a) && watch.worker == 70000 &&
		wire_is_watched(&watch),
	    "who watches over a worker comes back");
	OK(wire_get_watch(&reader, &watch) == 0 && !wire_is_watched(&watch), "where nothing is left nobody does");
	buf_clear(&buf);
	put_death(&buf);
	reader = reader_of(&buf);
	OK(wire_get_death(&reader, &death) == 0 && death.worker == 70000 && death.blames &&
		same_id(&death.over.conn, &id_a) && death.over.attempt == 9,
	    "a death comes back");
	buf_clear(&buf);
	buf_u32(&buf, 5);
	buf_u8(&buf, 0);
	reader = reader_of(&buf);
	OK(wire_get_worker(&reader, &worker) == 1 && worker == 5, "a worker that is at an event");
	OK(wire_get_worker(&reader, &worker) == -EPROTO, "half of another");
	buf_free(&buf);
}

static void
ids_have_a_text(void)
{
	char text[WIRE_ID_HEX];
	struct wire_id id = id_b, other;

	wire_id_format(&id_a, text);
	OK(strcmp(text, "000102030405060708090a0b0c0d0e0f") == 0, "an id is 32 hexadecimal digits");
	OK(wire_id_parse(text, &id) == 0 && same_id(&id, &id_a), "which read back");
	OK(wire_id_parse("FF0000000000000000000000000000fe", &id) == 0 && same_id(&id, &id_b), "in either case");
	OK(wire_id_parse("000102030405060708090a0b0c0d0e0", &id) == -EINVAL, "a digit less is refused");
	OK(wire_id_parse("000102030405060708090a0b0c0d0e0f0", &id) == -EINVAL, "a digit more");
	OK(wire_id_parse("000102030405060708090a0b0c0d0e0g", &id) == -EINVAL, "a letter that is no digit");
	OK(same_id(&id, &id_b), "a refused text leaves the result alone");
	OK(wire_id_random(&id) == 0 && wire_id_random(&other) == 0 && !same_id(&id, &other), "random ids differ");
}

static void
what_is_logged_has_names(void)
{
	OK(strcmp(wire_status_name(WIRE_NOT_RELAYED), "not-relayed") == 0, "a status");
	OK(strcmp(wire_status_name(WIRE_NOT_READY), "not-ready") == 0, "the last one");
	OK(strcmp(wire_event_name(WIRE_DETACH), "detach") == 0, "an event");
	OK(strcmp(wire_command_name(WIRE_STATS), "stats") == 0, "a command");
	OK(strcmp(wire_status_name((enum wire_status)99), "unknown") == 0 &&
		strcmp(wire_event_name((enum wire_event_kind)99), "unknown") == 0 &&
		strcmp(wire_command_name((enum wire_command_type)0), "unknown") == 0,
	    "what is none is unknown");
}

int
main(void)
{
	whole_messages_are_read_to_their_end();
	cut_messages_are_refused_at_every_byte();
	broken_lengths_are_never_followed();
	layouts_stay_as_they_are();
	headers_come_back();
	hello_comes_back();
	senseless_hellos_are_refused();
	welcome_comes_back();
	events_come_back();
	metadata_comes_back();
	records_come_back();
	a_record_can_be_dropped();
	one_bad_command_refuses_the_record();
	later_fields_are_skipped();
	requests_come_back();
	connections_come_back();
	replies_come_back();
	an_unknown_status_is_refused();
	stale_comes_back();
	a_watch_and_a_death_come_back();
	ids_have_a_text();
	what_is_logged_has_names();
	return tap_done();
}
