/* Input: a message. It is read as its receiver reads it, whichever side that is. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "shared/wire.h"
#include "tests/fuzz/fuzz.h"

/* Looks at each byte, so that a sanitizer sees a span that leaves the message. */
static void
look_at(struct span span)
{
	static volatile char seen;

	for (size_t i = 0; i < span.len; i++)
		seen = span.data[i];
	(void)seen;
}

static void
read_pairs(struct span from)
{
	struct wire_reader reader = wire_reader(from.data, from.len);
	struct span name, value;

	while (wire_get_pair(&reader, &name, &value) == 1) {
		look_at(name);
		look_at(value);
	}
}

static void
read_hello(struct wire_reader *reader)
{
	struct wire_hello hello;
	struct wire_route route;
	struct wire_watch watch;

	if (wire_get_hello(reader, &hello) < 0)
		return;
	assert(hello.app.len > 0 && hello.n_routes <= WIRE_MAX_ROUTES);
	look_at(hello.app);
	for (unsigned i = 0; i < hello.n_routes && wire_get_route(reader, &route) == 0; i++)
		look_at(route.pattern);
	wire_get_watch(reader, &watch);
}

static void
read_welcome(struct wire_reader *reader)
{
	struct wire_welcome welcome;
	struct span pattern;

	if (wire_get_welcome(reader, &welcome) < 0)
		return;
	for (unsigned i = 0; i < welcome.n_refused && wire_get_blob(reader, &pattern) == 0; i++)
		look_at(pattern);
}

static void
read_events(struct wire_reader *reader)
{
	struct wire_event event;
	struct wire_meta meta;

	while (wire_get_event(reader, &event) == 1) {
		look_at(event.data);
		read_pairs(event.attributes);
		if (wire_get_meta(event.meta, &meta) == 0) {
			look_at(meta.claims);
			look_at(meta.user);
			read_pairs(meta.headers);
		}
	}
}

static void
look_at_command(const struct wire_command *command)
{
	assert(command->type >= WIRE_SEND && command->type <= (int)WIRE_LAST_COMMAND);
	look_at(command->key);
	look_at(command->data);
}

static void
read_batch(struct wire_reader *reader)
{
	struct wire_record record;
	struct wire_command command;
	int r;

	while (wire_get_record(reader, &record) == 1) {
		while ((r = wire_get_command(&record.commands, &command)) == 1)
			look_at_command(&command);
		assert(r == 0); /* they have been checked */
	}
}

/* What CONNS asks, and its answer, whatever the text is meant to be. */
static void
read_conns(struct span text)
{
	struct wire_conns_asked asked;
	struct wire_conns conns;
	struct wire_conn conn;

	if (wire_get_conns_asked(text, &asked) == 0) {
		look_at(asked.cursor);
		look_at(asked.host);
		look_at(asked.user);
	}
	if (wire_get_conns(text, &conns) < 0)
		return;
	look_at(conns.cursor);
	while (wire_get_conn(&conns.conns, &conn) == 1) {
		look_at(conn.path);
		look_at(conn.user);
		look_at(conn.ip);
	}
}

/* What has been read and is written again is the same. */
static void
read_request(struct wire_reader *reader)
{
	struct wire_request request, again;
	struct buf buf = BUF_INIT;
	struct wire_reader second;

	if (wire_get_request(reader, &request) < 0)
		return;
	look_at_command(&request.command);
	read_conns(request.command.data);
	wire_put_request(&buf, &request);
	second = wire_reader(buf.data, buf.len);
	assert(wire_get_request(&second, &again) == 0 && second.at == second.end);
	assert(memcmp(&again.id, &request.id, sizeof(again.id)) == 0 && again.deadline_ms == request.deadline_ms);
	assert(again.command.data.len == request.command.data.len);
	buf_free(&buf);
}

static void
read_reply(struct wire_reader *reader)
{
	struct wire_reply reply;

	if (wire_get_reply(reader, &reply) < 0)
		return;
	look_at(reply.text);
	read_conns(reply.text);
}

static void
read_stale(struct wire_reader *reader)
{
	struct wire_delivery delivery;

	if (wire_get_delivery(reader, &delivery) < 0)
		assert(reader->end - reader->at < 34);
}

static void
read_heartbeat(struct wire_reader *reader)
{
	uint32_t worker;

	while (wire_get_worker(reader, &worker) == 1)
		continue;
}

static void
read_death(struct wire_reader *reader)
{
	struct wire_death death;

	if (wire_get_death(reader, &death) < 0)
		assert(reader->end - reader->at < 39);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_reader reader = wire_reader(data, len);
	struct wire_header header;

	if (wire_get_header(&reader, &header) < 0)
		return 0;
	switch (header.type) {
	case WIRE_HELLO:
		read_hello(&reader);
		break;
	case WIRE_WELCOME:
		read_welcome(&reader);
		break;
	case WIRE_EVENTS:
		read_events(&reader);
		break;
	case WIRE_BATCH:
		read_batch(&reader);
		break;
	case WIRE_REQUEST:
		read_request(&reader);
		break;
	case WIRE_REPLY:
		read_reply(&reader);
		break;
	case WIRE_HEARTBEAT:
		read_heartbeat(&reader);
		break;
	case WIRE_DEATH:
		read_death(&reader);
		break;
	case WIRE_STALE:
		read_stale(&reader);
		break;
	}
	assert(reader.at <= reader.end);
	return 0;
}
