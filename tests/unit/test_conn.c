#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/ws/conn.h"
#include "shared/wire.h"
#include "tests/tap.h"

/*
 * Each test opens a connection, runs a handler for an event and decodes the
 * record that came of it.
 */

enum { MAX_MESSAGE = 1000, ATTRIBUTE_BYTES = 20, MAX_COMMANDS = 16 };

static struct tina4_app *app;
static tina4_ws_handler *handler; /* that of the test which runs */
static const struct wire_welcome limits = { .max_message = MAX_MESSAGE, .attribute_bytes = ATTRIBUTE_BYTES };

static int
run_handler(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	return handler(conn, event, data, len);
}

static struct wire_event
event_of(enum wire_event_kind kind)
{
	return (struct wire_event){
		.kind = kind,
		.attempt = 2,
		.conn = { { 0xab, 1 } },
		.epoch = 7,
		.id = 9,
		.count = 3,
		.data = kind == WIRE_MESSAGE ? span_of("hello") : span_of(""),
	};
}

static void
put_meta(struct buf *buf, const char *pattern, const char *user)
{
	struct wire_meta meta = {
		.pattern = span_of(pattern),
		.path = span_of("/ws/room a/42"),
		.query = span_of("name=J%C3%B6rg+B&room=other&empty=&name=second"),
		.ip = span_of("192.0.2.1"),
		.claims = span_of(user),
	};

	wire_put_meta(buf, &meta);
	wire_put_pair(buf, span_of("user-agent"), span_of("tests"));
	wire_put_pair(buf, span_of("cookie"), span_of("sid=abc; theme=\"dark\"; sid=second"));
}

/* Returns what conn_new() does. */
static int
attach(struct tina4_conn **ret, const char *pattern, const char *user)
{
	struct wire_event event = event_of(WIRE_ATTACH);
	struct buf meta = BUF_INIT, attributes = BUF_INIT;
	int r;

	put_meta(&meta, pattern, user);
	wire_put_pair(&attributes, span_of("name"), span_of("Alice"));
	event.meta = span_of_buf(&meta);
	event.attributes = span_of_buf(&attributes);
	r = conn_new(ret, app, &event);
	buf_free(&meta);
	buf_free(&attributes);
	return r;
}

static struct tina4_conn *
new_conn(void)
{
	struct tina4_conn *conn = NULL;

	OK(attach(&conn, "/ws/{room}/{id:int}", "{\"sub\":\"u1\"}") == 0, "a connection is made");
	return conn;
}

/* A record and its commands, borrowed from out. */
struct outcome {
	int result;
	struct buf out;
	struct wire_record record;
	struct wire_command commands[MAX_COMMANDS];
	size_t n;
};

static void
decode(struct outcome *outcome)
{
	struct wire_reader reader = wire_reader(outcome->out.data, outcome->out.len);

	outcome->n = 0;
	OK(wire_get_record(&reader, &outcome->record) == 1 && reader.at == reader.end, "there is one record");
	while (outcome->n < MAX_COMMANDS &&
	    wire_get_command(&outcome->record.commands, &outcome->commands[outcome->n]) > 0)
		outcome->n++;
}

static struct outcome
run(struct tina4_conn *conn, enum wire_event_kind kind, tina4_ws_handler *what)
{
	struct wire_event event = event_of(kind);
	struct outcome outcome = { 0 };

	handler = what;
	outcome.result = conn_handle(conn, &event, &limits, &outcome.out);
	decode(&outcome);
	return outcome;
}

static bool
equals(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* --- what it is ------------------------------------------------------------- */

static void
it_tells_what_it_is(void)
{
	struct tina4_conn *conn = new_conn();
	const struct cJSON *user = tina4_conn_user(conn);
	int64_t id = 0;
	double real = 0;

	OK(tina4_conn_app(conn) == app, "the app");
	OK(is_same(tina4_conn_id(conn), "ab010000000000000000000000000000"), "the id");
	OK(is_same(tina4_conn_path(conn), "/ws/room a/42"), "the path");
	OK(is_same(tina4_conn_ip(conn), "192.0.2.1"), "the address");
	OK(is_same(tina4_conn_param(conn, "id"), "42"), "a path parameter");
	OK(is_same(tina4_conn_param(conn, "room"), "room a"), "which wins over the query's");
	OK(is_same(tina4_conn_param(conn, "name"), "J\xc3\xb6rg B"), "a query parameter, decoded, the first");
	OK(is_same(tina4_conn_param(conn, "empty"), ""), "an empty one");
	OK(tina4_conn_param(conn, "none") == NULL, "one that is not there");
	OK(is_same(tina4_conn_param_at(conn, "name", 1), "second") && tina4_conn_param_at(conn, "name", 2) == NULL,
	    "all of one name");
	OK(is_same(tina4_conn_param_at(conn, "room", 1), "other"), "the query's behind the path's");
	OK(tina4_conn_param_int(conn, "id", 1, 42, &id) == 0 && id == 42, "a number");
	OK(tina4_conn_param_int(conn, "id", 1, 41, &id) == -ERANGE, "which has a range");
	OK(tina4_conn_param_int(conn, "room", 0, 99, &id) == -EINVAL, "another text is no number");
	OK(tina4_conn_param_int(conn, "none", 0, 99, &id) == -ENOENT && id == 42, "one that is not there is none");
	OK(tina4_conn_param_float(conn, "id", 0, 50, &real) == 0 && real == 42, "it is a float, too");
	OK(tina4_conn_param_float(conn, "id", 0, 1, &real) == -ERANGE && real == 42, "with a range");
	OK(is_same(tina4_conn_header(conn, "User-Agent"), "tests"), "a header, without case");
	OK(tina4_conn_header(conn, "origin") == NULL, "a header that was not sent");
	OK(is_same(tina4_conn_cookie(conn, "sid"), "abc"), "a cookie, the first of its name");
	OK(is_same(tina4_conn_cookie_at(conn, "sid", 1), "second") && tina4_conn_cookie_at(conn, "sid", 2) == NULL,
	    "and all of them");
	OK(is_same(tina4_conn_header_at(conn, "user-agent", 0), "tests") &&
		tina4_conn_header_at(conn, "user-agent", 1) == NULL,
	    "as for headers");
	OK(tina4_conn_cookie(conn, "theme") != NULL, "another cookie");
	OK(tina4_conn_cookie(conn, "Sid") == NULL, "their names have case");
	OK(is_same(cJSON_GetStringValue(cJSON_GetObjectItem(user, "sub")), "u1"), "the token's claims");
	OK(is_same(tina4_conn_get(conn, "name"), "Alice"), "an attribute that came with it");
	conn_free(conn);
}

static void
what_is_not_ours_is_refused(void)
{
	struct tina4_conn *conn = NULL;

	OK(attach(&conn, "/ws/unknown", "") == -ENOENT, "a route that the app has not");
	OK(attach(&conn, "/ws/news/{id}", "") == -ENOENT, "a route without a handler");
	OK(attach(&conn, "/ws/other", "") == -EPROTO, "a route that the path does not match");
	OK(attach(&conn, "/ws/{room}/{id:int}", "{") == -EPROTO, "claims that are not JSON");
	OK(conn == NULL, "and nothing was made");
	OK(attach(&conn, "/ws/{room}/{id:int}", "") == 0 && tina4_conn_user(conn) == NULL, "no claims are fine");
	conn_free(conn);
}

/* --- events ---------------------------------------------------------------------- */

static const char *event_id;
static char kept_id[WIRE_ID_HEX];

static int
check_message(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	OK(event == TINA4_MESSAGE && len == 5 && strcmp(data, "hello") == 0, "a message with its data, terminated");
	OK(tina4_conn_count(conn) == 3, "the count of the path");
	OK(!tina4_conn_is_binary(conn), "it is text");
	OK(tina4_conn_close_code(conn) == 0, "it closes nothing");
	OK(conn_running(app) == conn, "the thread runs this connection's handler");
	event_id = tina4_conn_event_id(conn);
	return 0;
}

static int
check_close(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	OK(event == TINA4_CLOSE && data == NULL && len == 0, "a close has no data");
	OK(tina4_conn_close_code(conn) == 4001, "it has a code");
	return 0;
}

static int
check_open(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)len;
	OK(event == TINA4_OPEN && data == NULL && tina4_conn_close_code(conn) == 0, "an open has neither");
	return 0;
}

static int
check_binary(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_is_binary(conn), "a binary message says so");
	return 0;
}

static void
handlers_see_their_events(void)
{
	struct tina4_conn *conn = new_conn();
	struct wire_event close = event_of(WIRE_CLOSE), binary = event_of(WIRE_MESSAGE);
	struct outcome outcome = run(conn, WIRE_MESSAGE, check_message);

	OK(outcome.result == 0 && outcome.n == 0 && !outcome.record.failed, "a handler may send nothing");
	OK(outcome.record.conn.bytes[0] == 0xab && outcome.record.epoch == 7 && outcome.record.event == 9 &&
		outcome.record.attempt == 2,
	    "the record echoes connection, epoch, event and attempt");
	OK(conn_running(app) == NULL, "no handler runs any more");
	strcpy(kept_id, event_id);

	close.code = 4001;
	close.id = 10;
	handler = check_close;
	buf_clear(&outcome.out);
	conn_handle(conn, &close, &limits, &outcome.out);
	OK(!is_same(event_id, kept_id), "another event has another id");

	binary.flags = WIRE_BINARY;
	handler = check_binary;
	conn_handle(conn, &binary, &limits, &outcome.out);
	OK(is_same(event_id, kept_id), "the same event has the same one");
	buf_free(&outcome.out);

	outcome = run(conn, WIRE_OPEN, check_open);
	buf_free(&outcome.out);
	conn_free(conn);
}

/* --- commands ---------------------------------------------------------------------- */

static const char *const other_id = "00112233445566778899aabbccddeeff";

static int
say_much(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	struct tina4_receipt receipt = { .connections = 5 };
	struct tina4_push_options binary = { .flags = TINA4_BINARY };
	struct cJSON *json = cJSON_CreateObject();

	(void)event;
	cJSON_AddNumberToObject(json, "n", 1);
	OK(tina4_conn_send(conn, "\xff", 1, TINA4_BINARY) == 0, "binary is sent");
	OK(tina4_conn_sendf(conn, TINA4_TEXT, "%.*s!", (int)len, data) == 0, "formatted text");
	OK(tina4_conn_send_json(conn, &json, TINA4_TEXT) == 0 && json == NULL, "JSON, which is taken");
	OK(tina4_conn_broadcast(conn, "to all", 6, TINA4_TEXT) == 0, "a broadcast");
	OK(tina4_conn_broadcastf(conn, TINA4_EXCLUDE_SENDER, "%d", 7) == 0, "one for the others");
	OK(tina4_conn_set(conn, "name", "Bob") == 0, "an attribute is set");
	OK(tina4_conn_set(conn, "name", NULL) == 0, "and unset");
	OK(tina4_push(app, "/ws/x", "\xff", 1, &binary, &receipt) == 0, "a push to another path");
	OK(receipt.connections == 0 && receipt.id[0] == '\0', "whose receipt is empty");
	OK(tina4_send_to(app, other_id, "psst", 4, 0) == 0, "a message to another connection");
	OK(tina4_disconnect(app, other_id, 0, NULL) == 0, "which is closed then");
	OK(tina4_conn_close(conn, 4000, "done") == 0, "as is this one");
	return 0;
}

static bool
is_command(
    const struct wire_command *command, enum wire_command_type type, unsigned flags, const char *key, const char *data)
{
	return command->type == type && command->flags == flags && equals(command->key, key) &&
	    equals(command->data, data);
}

static void
commands_are_in_the_record(void)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome = run(conn, WIRE_MESSAGE, say_much);
	const struct wire_command *c = outcome.commands;
	struct wire_id other;

	wire_id_parse(other_id, &other);
	OK(outcome.result == 0 && !outcome.record.failed && outcome.n == 11, "all commands are there, in their order");
	OK(is_command(&c[0], WIRE_SEND, WIRE_BINARY, "", "\xff"), "binary");
	OK(is_command(&c[1], WIRE_SEND, 0, "", "hello!"), "formatted");
	OK(is_command(&c[2], WIRE_SEND, 0, "", "{\"n\":1}"), "JSON");
	OK(is_command(&c[3], WIRE_BROADCAST, 0, "", "to all"), "broadcast");
	OK(is_command(&c[4], WIRE_BROADCAST, WIRE_EXCLUDE_SENDER, "", "7"), "without the sender");
	OK(is_command(&c[5], WIRE_SET, 0, "name", "Bob"), "set");
	OK(is_command(&c[6], WIRE_SET, WIRE_UNSET, "name", ""), "unset");
	OK(is_command(&c[7], WIRE_PUSH, WIRE_BINARY, "/ws/x", "\xff"), "push");
	OK(is_command(&c[8], WIRE_SEND, WIRE_OTHER_CONN, "", "psst"), "send to another");
	OK(memcmp(&c[8].conn, &other, sizeof(other)) == 0, "by its id");
	OK(is_command(&c[9], WIRE_DISCONNECT, WIRE_OTHER_CONN, "", "") && c[9].code == 1000, "close of another");
	OK(is_command(&c[10], WIRE_DISCONNECT, 0, "", "done") && c[10].code == 4000, "close");
	buf_free(&outcome.out);
	conn_free(conn);
}

static int
send_then_fail(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	tina4_conn_broadcast(conn, "never", 5, TINA4_TEXT);
	return -EIO;
}

static int
say_little(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event;
	return tina4_conn_send(conn, data, len, TINA4_TEXT);
}

static int
return_positive(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	send_then_fail(conn, event, data, len);
	return 1;
}

static void
a_failure_discards_the_commands(void)
{
	struct tina4_conn *conn = new_conn();
	struct wire_event event = event_of(WIRE_MESSAGE);
	struct wire_reader reader;
	struct outcome outcome = run(conn, WIRE_MESSAGE, send_then_fail);

	OK(outcome.result == -EIO, "the handler's error is handed on");
	OK(outcome.record.failed && outcome.n == 0, "the record says failed, without commands");
	buf_free(&outcome.out);

	outcome = run(conn, WIRE_MESSAGE, return_positive);
	OK(outcome.result == -EINVAL && outcome.record.failed && outcome.n == 0, "so does one for a positive result");

	buf_clear(&outcome.out);
	handler = say_little;
	conn_handle(conn, &event, &limits, &outcome.out);
	handler = send_then_fail;
	conn_handle(conn, &event, &limits, &outcome.out);
	reader = wire_reader(outcome.out.data, outcome.out.len);
	OK(wire_get_record(&reader, &outcome.record) == 1 && !outcome.record.failed, "an earlier record stays");
	OK(wire_get_record(&reader, &outcome.record) == 1 && outcome.record.failed, "before the failed one");
	buf_free(&outcome.out);
	conn_free(conn);
}

/* --- limits --------------------------------------------------------------------------- */

static char long_text[MAX_MESSAGE + 2];

static int
send_longest(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	return tina4_conn_send(conn, long_text, MAX_MESSAGE, TINA4_TEXT);
}

static int
send_too_long(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_send(conn, long_text, MAX_MESSAGE + 1, TINA4_TEXT) == -EMSGSIZE, "one byte more is refused");
	return 0;
}

static int
send_wrong_text(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_broadcast(conn, "\xff", 1, TINA4_TEXT) == -EILSEQ, "text that is not UTF-8 is refused");
	return 0;
}

static int
push_too_long(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn, (void)event, (void)data, (void)len;
	OK(tina4_push(app, "/ws/x", long_text, MAX_MESSAGE + 1, NULL, NULL) == -EMSGSIZE, "in a push too");
	return 0;
}

static int
push_nowhere(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn, (void)event, (void)data, (void)len;
	OK(tina4_push(app, "ws", "x", 1, NULL, NULL) == -EINVAL, "a push to what is no path");
	return 0;
}

static int
send_to_nobody(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn, (void)event, (void)data, (void)len;
	OK(tina4_send_to(app, "nobody", "x", 1, 0) == -EINVAL, "a message to what is no id");
	return 0;
}

/* A flag of a later version must not be taken for its absence. */
static int
send_with_strange_flags(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	struct cJSON *json = cJSON_CreateObject();

	(void)event, (void)data, (void)len;
	OK(tina4_conn_broadcast(conn, "x", 1, 8) == -EINVAL, "a flag that there is not");
	OK(tina4_conn_send(conn, "x", 1, TINA4_EXCLUDE_SENDER) == -EINVAL, "one that means nothing here");
	OK(tina4_conn_sendf(conn, TINA4_EXCLUDE_SENDER, "x") == -EINVAL, "nor with a format");
	OK(tina4_conn_send_jsonf(conn, TINA4_EXCLUDE_SENDER, "{}") == -EINVAL, "nor with one of JSON");
	OK(tina4_conn_send_json(conn, &json, TINA4_EXCLUDE_SENDER) == -EINVAL && json == NULL, "nor with JSON");
	OK(tina4_send_to(app, tina4_conn_id(conn), "x", 1, TINA4_EXCLUDE_SENDER) == -EINVAL, "nor from outside");
	return 0;
}

static const char *volatile no_format; /* the compiler would warn of a NULL it sees */

static int
send_what_is_null(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const char *none = no_format;
	struct cJSON *json = NULL;

	(void)event, (void)data, (void)len;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
	OK(tina4_conn_sendf(conn, TINA4_TEXT, none) == -EINVAL, "a format that is NULL");
	OK(tina4_conn_broadcastf(conn, TINA4_TEXT, none) == -EINVAL, "in a broadcast");
	OK(tina4_conn_send_jsonf(conn, TINA4_TEXT, none) == -EINVAL, "for JSON");
	OK(tina4_conn_broadcast_jsonf(conn, TINA4_TEXT, none) == -EINVAL, "for JSON in a broadcast");
	OK(tina4_push_jsonf(app, "/ws/x", NULL, NULL, none) == -EINVAL, "in a push");
#pragma GCC diagnostic pop
	OK(tina4_conn_send(conn, NULL, 1, 0) == -EINVAL, "data that is not there");
	OK(tina4_conn_send_json(conn, &json, 0) == -EINVAL, "JSON that is not there");
	OK(tina4_push_json(app, "/ws/x", &json, NULL, NULL) == -EINVAL, "in a push");
	OK(tina4_push(app, NULL, "x", 1, NULL, NULL) == -EINVAL, "a path that is NULL");
	OK(tina4_send_to(app, NULL, "x", 1, 0) == -EINVAL, "an id that is NULL");
	OK(tina4_disconnect(app, NULL, 0, NULL) == -EINVAL, "for an end");
	OK(tina4_path_close(app, NULL, 0, NULL) == -EINVAL, "for that of a path");
	OK(tina4_conn_set(conn, NULL, "x") == -EINVAL, "an attribute without a name");
	return 0;
}

static int
send_nothing(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_send(conn, NULL, 0, TINA4_TEXT) == 0, "an empty message");
	return tina4_push(app, "/ws/x", NULL, 0, NULL, NULL);
}

static int
send_half_an_object(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)len;
	return tina4_conn_broadcast_jsonf(conn, 0, "{'text':%s", data);
}

static int
send_too_much(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	int r = 0;

	(void)event, (void)data, (void)len;
	for (size_t sent = 0; r == 0 && sent < WIRE_MAX_RECORD_BYTES; sent += MAX_MESSAGE)
		r = tina4_conn_send(conn, long_text, MAX_MESSAGE, TINA4_TEXT);
	OK(r == -ENOBUFS, "more than a record may hold is refused");
	return 0;
}

static int
count_here(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	uint32_t count;

	(void)conn, (void)event, (void)data, (void)len;
	OK(tina4_count(app, "/ws/x", &count) == -EDEADLK, "a handler must not wait for a count");
	return 0;
}

static void
expect_failure(tina4_ws_handler *what, int error, const char *claim)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome = run(conn, WIRE_MESSAGE, what);

	OK(outcome.result == error && outcome.record.failed && outcome.n == 0, claim);
	buf_free(&outcome.out);
	conn_free(conn);
}

static void
what_is_refused_fails_the_handler(void)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome;

	memset(long_text, 'x', sizeof(long_text) - 1);
	outcome = run(conn, WIRE_MESSAGE, send_longest);
	OK(outcome.result == 0 && outcome.n == 1, "the longest message passes");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, send_nothing);
	OK(outcome.result == 0 && outcome.n == 2 && outcome.commands[0].data.len == 0, "so does an empty one");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, count_here);
	OK(outcome.result == 0, "a handler that asked for a count goes on");
	buf_free(&outcome.out);
	conn_free(conn);

	expect_failure(send_too_long, -EMSGSIZE, "too long a message fails the handler that returned 0");
	expect_failure(send_wrong_text, -EILSEQ, "so does wrong text");
	expect_failure(push_too_long, -EMSGSIZE, "too long a push");
	expect_failure(push_nowhere, -EINVAL, "a push to nowhere");
	expect_failure(send_to_nobody, -EINVAL, "a message to nobody");
	expect_failure(send_too_much, -ENOBUFS, "too much of all");
	expect_failure(send_what_is_null, -EINVAL, "what is NULL");
	expect_failure(send_half_an_object, -EINVAL, "a format of half an object");
	expect_failure(send_with_strange_flags, -EINVAL, "flags that mean nothing");
}

/* --- attributes ------------------------------------------------------------------------- */

static int
rename_twice(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const char *before = tina4_conn_get(conn, "name");
	const char *between;

	(void)event, (void)data, (void)len;
	tina4_conn_set(conn, "name", "Bob");
	between = tina4_conn_get(conn, "name");
	OK(is_same(between, "Bob"), "a handler sees what it set");
	tina4_conn_set(conn, "name", "Carol");
	OK(is_same(tina4_conn_get(conn, "name"), "Carol"), "and set again");
	OK(is_same(before, "Alice") && is_same(between, "Bob"), "what it got before stays readable");
	tina4_conn_set(conn, "colour", "red");
	tina4_conn_set(conn, "colour", NULL);
	OK(tina4_conn_get(conn, "colour") == NULL, "what it unset is gone");
	return 0;
}

static int
rename_and_fail(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	rename_twice(conn, event, data, len);
	tina4_conn_set(conn, "name", NULL);
	return -EIO;
}

static int
fill_attributes(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_set(conn, "name", "0123456789abcdef") == 0, "attributes may fill their room");
	OK(tina4_conn_set(conn, "name", "") == 0, "a shorter value gives room back");
	OK(tina4_conn_set(conn, "n", "0123456789abcde") == 0, "which another fills");
	return 0;
}

static int
overfill_attributes(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_set(conn, "name", "0123456789abcdefg") == -ENOSPC, "one byte more is refused");
	return 0;
}

static int
set_nameless(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	OK(tina4_conn_set(conn, "", "x") == -EINVAL, "an attribute has a name");
	return 0;
}

static void
attributes_follow_the_handlers_fate(void)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome = run(conn, WIRE_MESSAGE, rename_and_fail);

	OK(is_same(tina4_conn_get(conn, "name"), "Alice"), "a failed handler's changes are undone");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, rename_twice);
	OK(is_same(tina4_conn_get(conn, "name"), "Carol"), "a good one's stay");
	OK(tina4_conn_get(conn, "colour") == NULL, "as does what it unset");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, fill_attributes);
	OK(outcome.result == 0 && is_same(tina4_conn_get(conn, "name"), ""), "an empty value is a value");
	buf_free(&outcome.out);
	conn_free(conn);

	expect_failure(overfill_attributes, -ENOSPC, "too many bytes fail the handler");
	expect_failure(set_nameless, -EINVAL, "so does an empty name");
}

/* --- closing ------------------------------------------------------------------------------ */

static int calls;

static int
close_it(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	calls++;
	return tina4_disconnect(app, tina4_conn_id(conn), 1000, NULL);
}

static int
close_and_fail(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	close_it(conn, event, data, len);
	return -EIO;
}

static void
a_closed_connection_gets_no_messages(void)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome = run(conn, WIRE_MESSAGE, close_and_fail);

	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, close_it);
	OK(calls == 2, "a failed handler has closed nothing");
	OK(is_command(&outcome.commands[0], WIRE_DISCONNECT, 0, "", ""), "its own id means the event's connection");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, close_it);
	OK(calls == 2, "after a close no handler gets a message");
	OK(outcome.result == 0 && !outcome.record.failed && outcome.n == 0, "which is acknowledged all the same");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_CLOSE, close_it);
	OK(calls == 3, "the close event comes");
	buf_free(&outcome.out);
	OK(tina4_conn_send(conn, "x", 1, 0) == -EINVAL, "outside of a handler nothing is sent");
	conn_free(conn);
}

static int
close_other_path(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn, (void)event, (void)data, (void)len;
	return tina4_path_close(app, "/ws/other", 4000, "over");
}

static int
close_own_path(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event, (void)data, (void)len;
	calls++;
	return tina4_path_close(app, tina4_conn_path(conn), 4000, "over");
}

static void
a_handler_closes_paths(void)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome = run(conn, WIRE_MESSAGE, close_other_path);

	calls = 0;
	OK(is_command(&outcome.commands[0], WIRE_KICK, 0, "/ws/other", "over") && outcome.commands[0].code == 4000,
	    "a handler closes another path");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, close_own_path);
	OK(calls == 1 && is_command(&outcome.commands[0], WIRE_KICK, 0, tina4_conn_path(conn), "over"),
	    "which leaves its own connection open, and its own path");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, close_own_path);
	OK(calls == 1, "after which it gets no message");
	buf_free(&outcome.out);
	conn_free(conn);
}

static int
close_with_all_codes(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	static const int good[] = { 0, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999 };
	static const int bad[] = { -1, 1, 999, 1004, 1005, 1006, 1010, 1015, 1016, 2999, 5000, 66536 };
	bool all_good = true, all_bad = true;

	(void)event, (void)data, (void)len;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		all_good &= tina4_conn_close(conn, good[i], "") == 0;
	OK(all_good, "codes that a server may send");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		all_bad &= tina4_conn_close(conn, bad[i], "") == -EINVAL;
	OK(all_bad, "codes that it may not send");
	long_text[123] = '\0';
	OK(tina4_conn_close(conn, 1000, long_text) == 0, "the longest reason");
	long_text[123] = 'x';
	long_text[124] = '\0';
	OK(tina4_conn_close(conn, 1000, long_text) == -EINVAL, "one byte more is refused");
	OK(tina4_conn_close(conn, 1000, "\xff") == -EILSEQ, "a reason is UTF-8");
	return 0;
}

/* --- requests ------------------------------------------------------------------- */

static int
reply(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	cJSON *json = cJSON_CreateString("later");

	(void)event;
	OK(tina4_conn_asks(conn), "the message asks");
	OK(tina4_conn_send(conn, "before", 6, 0) == 0 && tina4_conn_reply(conn, data, len, TINA4_BINARY) == 0,
	    "it is answered");
	OK(tina4_conn_reply_json(conn, &json, 0) == -EALREADY && json == NULL, "once");
	return 0;
}

static int
reply_formats(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event;
	(void)len;
	return tina4_conn_reply_jsonf(conn, 0, "{'got':%s}", data);
}

static int
reply_to_none(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)event;
	(void)data;
	(void)len;
	OK(!tina4_conn_asks(conn), "this one does not ask");
	OK(tina4_conn_replyf(conn, 0, "%d", 1) == -ENOMSG, "a reply to it is refused");
	return 0;
}

static struct outcome
run_request(struct tina4_conn *conn, tina4_ws_handler *what)
{
	struct wire_event event = event_of(WIRE_MESSAGE);
	struct outcome outcome = { 0 };

	event.flags = WIRE_ASKS;
	handler = what;
	outcome.result = conn_handle(conn, &event, &limits, &outcome.out);
	decode(&outcome);
	return outcome;
}

static void
test_requests(void)
{
	struct tina4_conn *conn = new_conn();
	struct outcome outcome = run_request(conn, reply);

	OK(outcome.result == -EALREADY && outcome.record.failed, "a second reply is an error of the handler's");
	buf_free(&outcome.out);
	outcome = run_request(conn, reply_formats);
	OK(outcome.n == 1 && outcome.commands[0].type == WIRE_ANSWER &&
		equals(outcome.commands[0].data, "{\"got\":\"hello\"}"),
	    "the reply is in the record");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_MESSAGE, reply_to_none);
	OK(outcome.result == -ENOMSG && strcmp(tina4_strerror(-ENOMSG), "a reply to no request") == 0,
	    "the handler of a message that does not ask has failed, and the log says why");
	buf_free(&outcome.out);
	outcome = run(conn, WIRE_OPEN, reply_to_none);
	OK(outcome.result == -ENOMSG, "nor does open");
	buf_free(&outcome.out);
	conn_free(conn);
}

int
main(void)
{
	app = tina4_app_new();
	tina4_websocket(app, "/ws/other", run_handler);
	tina4_websocket(app, "/ws/news/{id}", NULL);
	tina4_websocket(app, "/ws/{room}/{id:int}", run_handler);

	it_tells_what_it_is();
	what_is_not_ours_is_refused();
	handlers_see_their_events();
	commands_are_in_the_record();
	a_failure_discards_the_commands();
	what_is_refused_fails_the_handler();
	attributes_follow_the_handlers_fate();
	a_closed_connection_gets_no_messages();
	a_handler_closes_paths();
	expect_failure(close_with_all_codes, -EINVAL, "a wrong code fails the handler");
	test_requests();
	tina4_app_free(app);
	return tap_done();
}
