#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "shared/hex.h"
#include "shared/wire.h"

struct wire_reader
wire_reader(const void *data, size_t len)
{
	const uint8_t *at = data;

	return (struct wire_reader){ at, len > 0 ? at + len : at };
}

/* Reads a number of `size` bytes, the highest first. */
static int
get_number(struct wire_reader *reader, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if ((size_t)(reader->end - reader->at) < size)
		return -EPROTO;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | *reader->at++;
	*ret = value;
	return 0;
}

static int
get_u8(struct wire_reader *reader, uint8_t *ret)
{
	uint64_t value;
	int r = get_number(reader, sizeof(*ret), &value);

	if (r == 0)
		*ret = (uint8_t)value;
	return r;
}

static int
get_u16(struct wire_reader *reader, uint16_t *ret)
{
	uint64_t value;
	int r = get_number(reader, sizeof(*ret), &value);

	if (r == 0)
		*ret = (uint16_t)value;
	return r;
}

static int
get_u32(struct wire_reader *reader, uint32_t *ret)
{
	uint64_t value;
	int r = get_number(reader, sizeof(*ret), &value);

	if (r == 0)
		*ret = (uint32_t)value;
	return r;
}

static int
get_u64(struct wire_reader *reader, uint64_t *ret)
{
	return get_number(reader, sizeof(*ret), ret);
}

static int
get_id(struct wire_reader *reader, struct wire_id *ret)
{
	if ((size_t)(reader->end - reader->at) < sizeof(ret->bytes))
		return -EPROTO;
	memcpy(ret->bytes, reader->at, sizeof(ret->bytes));
	reader->at += sizeof(ret->bytes);
	return 0;
}

static void
put_id(struct buf *buf, const struct wire_id *id)
{
	buf_bytes(buf, id->bytes, sizeof(id->bytes));
}

static void
put_span(struct buf *buf, struct span span)
{
	buf_blob(buf, span.data, span.len);
}

int
wire_get_blob(struct wire_reader *reader, struct span *ret)
{
	uint32_t len;

	if (get_u32(reader, &len) < 0 || (size_t)(reader->end - reader->at) < len)
		return -EPROTO;
	*ret = (struct span){ (const char *)reader->at, len };
	reader->at += len;
	return 0;
}

/* Takes the next length-prefixed record out of the reader. Returns 1, 0 at the end, or -EPROTO. */
static int
get_record(struct wire_reader *reader, struct wire_reader *ret)
{
	struct span record;

	if (reader->at == reader->end)
		return 0;
	if (wire_get_blob(reader, &record) < 0)
		return -EPROTO;
	*ret = wire_reader(record.data, record.len);
	return 1;
}

static size_t
begin_record(struct buf *buf)
{
	size_t offset = buf->len;

	buf_u32(buf, 0);
	return offset;
}

void
wire_end_record(struct buf *buf, size_t offset)
{
	buf_put_u32(buf, offset, (uint32_t)(buf->len - offset - 4));
}

/* --- ids ------------------------------------------------------------------ */

int
wire_id_random(struct wire_id *ret)
{
	ssize_t n;

	do
		n = getrandom(ret->bytes, sizeof(ret->bytes), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(ret->bytes) ? 0 : -errno;
}

void
wire_id_format(const struct wire_id *id, char ret[static WIRE_ID_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < WIRE_ID_BYTES; i++) {
		ret[2 * i] = digits[id->bytes[i] >> 4];
		ret[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	ret[WIRE_ID_HEX - 1] = '\0';
}

int
wire_id_parse(const char *text, struct wire_id *ret)
{
	struct wire_id id;

	if (strlen(text) != WIRE_ID_HEX - 1)
		return -EINVAL;
	for (size_t i = 0; i < WIRE_ID_BYTES; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		id.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = id;
	return 0;
}

/* --- the header ------------------------------------------------------------- */

void
wire_put_header(struct buf *buf, enum wire_type type, uint64_t id)
{
	buf_u8(buf, WIRE_VERSION);
	buf_u8(buf, (uint8_t)type);
	buf_u16(buf, 0);
	buf_u64(buf, id);
}

int
wire_get_header(struct wire_reader *reader, struct wire_header *ret)
{
	struct wire_header header;
	uint8_t version;

	if (get_u8(reader, &version) < 0)
		return -EPROTO;
	if (version != WIRE_VERSION)
		return -EPROTONOSUPPORT;
	if (get_u8(reader, &header.type) < 0 || get_u16(reader, &header.flags) < 0 || get_u64(reader, &header.id) < 0)
		return -EPROTO;
	*ret = header;
	return 0;
}

/* --- hello and welcome -------------------------------------------------------- */

void
wire_put_hello(struct buf *buf, const struct wire_hello *hello)
{
	buf_u8(buf, (uint8_t)hello->role);
	put_span(buf, hello->app);
	buf_u16(buf, hello->n_routes);
}

int
wire_get_hello(struct wire_reader *reader, struct wire_hello *ret)
{
	struct wire_hello hello;
	uint8_t role;

	if (get_u8(reader, &role) < 0 || role < WIRE_ROLE_WORKER || role > WIRE_ROLE_SUPERVISOR)
		return -EPROTO;
	if (wire_get_blob(reader, &hello.app) < 0 || hello.app.len == 0)
		return -EPROTO;
	if (get_u16(reader, &hello.n_routes) < 0 || hello.n_routes > WIRE_MAX_ROUTES)
		return -EPROTO;
	hello.role = (enum wire_role)role;
	*ret = hello;
	return 0;
}

void
wire_put_route(struct buf *buf, const struct wire_route *route)
{
	buf_u8(buf, route->flags);
	put_span(buf, route->pattern);
	if (route->flags & WIRE_ROUTE_KEEPS) {
		buf_u32(buf, route->history);
		buf_u32(buf, route->history_seconds);
	}
	if (route->flags & WIRE_ROUTE_SPEAKS)
		put_span(buf, route->protocols);
}

int
wire_get_route(struct wire_reader *reader, struct wire_route *ret)
{
	struct wire_route route = { .protocols = SPAN_EMPTY };

	if (get_u8(reader, &route.flags) < 0 || wire_get_blob(reader, &route.pattern) < 0)
		return -EPROTO;
	if ((route.flags & WIRE_ROUTE_KEEPS) &&
	    (get_u32(reader, &route.history) < 0 || get_u32(reader, &route.history_seconds) < 0))
		return -EPROTO;
	if ((route.flags & WIRE_ROUTE_SPEAKS) && wire_get_blob(reader, &route.protocols) < 0)
		return -EPROTO;
	*ret = route;
	return 0;
}

void
wire_put_watch(struct buf *buf, const struct wire_watch *watch)
{
	put_id(buf, &watch->supervisor);
	buf_u32(buf, watch->worker);
}

int
wire_get_watch(struct wire_reader *reader, struct wire_watch *ret)
{
	struct wire_watch watch = { 0 };

	if (reader->at != reader->end && (get_id(reader, &watch.supervisor) < 0 || get_u32(reader, &watch.worker) < 0))
		return -EPROTO;
	*ret = watch;
	return 0;
}

bool
wire_is_watched(const struct wire_watch *watch)
{
	static const struct wire_id nobody;

	return memcmp(&watch->supervisor, &nobody, sizeof(nobody)) != 0;
}

void
wire_put_welcome(struct buf *buf, const struct wire_welcome *welcome)
{
	buf_u64(buf, welcome->epoch);
	buf_u32(buf, welcome->max_message);
	buf_u32(buf, welcome->attribute_bytes);
	buf_u16(buf, welcome->n_refused);
}

int
wire_get_welcome(struct wire_reader *reader, struct wire_welcome *ret)
{
	struct wire_welcome welcome;

	if (get_u64(reader, &welcome.epoch) < 0 || get_u32(reader, &welcome.max_message) < 0 ||
	    get_u32(reader, &welcome.attribute_bytes) < 0 || get_u16(reader, &welcome.n_refused) < 0)
		return -EPROTO;
	*ret = welcome;
	return 0;
}

/* --- events ---------------------------------------------------------------------- */

void
wire_put_event(struct buf *buf, const struct wire_event *event)
{
	size_t offset = begin_record(buf);

	buf_u8(buf, (uint8_t)event->kind);
	buf_u8(buf, event->flags);
	buf_u16(buf, event->attempt);
	buf_u16(buf, event->code);
	put_id(buf, &event->conn);
	buf_u64(buf, event->epoch);
	buf_u64(buf, event->id);
	buf_u32(buf, event->count);
	put_span(buf, event->data);
	if (event->kind == WIRE_OPEN || event->kind == WIRE_ATTACH) {
		put_span(buf, event->meta);
		put_span(buf, event->attributes);
	}
	wire_end_record(buf, offset);
}

static int
get_event_fields(struct wire_reader *record, struct wire_event *ret)
{
	uint8_t kind;

	if (get_u8(record, &kind) < 0 || kind > WIRE_DETACH)
		return -EPROTO;
	ret->kind = (enum wire_event_kind)kind;
	if (get_u8(record, &ret->flags) < 0 || get_u16(record, &ret->attempt) < 0 || get_u16(record, &ret->code) < 0)
		return -EPROTO;
	if (get_id(record, &ret->conn) < 0 || get_u64(record, &ret->epoch) < 0 || get_u64(record, &ret->id) < 0)
		return -EPROTO;
	if (get_u32(record, &ret->count) < 0 || wire_get_blob(record, &ret->data) < 0)
		return -EPROTO;
	if (ret->kind != WIRE_OPEN && ret->kind != WIRE_ATTACH)
		return 0;
	if (wire_get_blob(record, &ret->meta) < 0 || wire_get_blob(record, &ret->attributes) < 0)
		return -EPROTO;
	return 0;
}

int
wire_get_event(struct wire_reader *reader, struct wire_event *ret)
{
	struct wire_event event = { 0 };
	struct wire_reader record;
	int r = get_record(reader, &record);

	if (r <= 0)
		return r;
	if (get_event_fields(&record, &event) < 0)
		return -EPROTO;
	*ret = event;
	return 1;
}

void
wire_put_meta(struct buf *buf, const struct wire_meta *meta)
{
	put_span(buf, meta->pattern);
	put_span(buf, meta->path);
	put_span(buf, meta->query);
	put_span(buf, meta->ip);
	put_span(buf, meta->claims);
	put_span(buf, meta->user);
	put_span(buf, meta->protocol);
}

int
wire_get_meta(struct span from, struct wire_meta *ret)
{
	struct wire_reader reader = wire_reader(from.data, from.len);
	struct wire_meta meta;

	if (wire_get_blob(&reader, &meta.pattern) < 0 || wire_get_blob(&reader, &meta.path) < 0 ||
	    wire_get_blob(&reader, &meta.query) < 0 || wire_get_blob(&reader, &meta.ip) < 0 ||
	    wire_get_blob(&reader, &meta.claims) < 0 || wire_get_blob(&reader, &meta.user) < 0 ||
	    wire_get_blob(&reader, &meta.protocol) < 0)
		return -EPROTO;
	meta.headers = (struct span){ (const char *)reader.at, (size_t)(reader.end - reader.at) };
	*ret = meta;
	return 0;
}

void
wire_put_pair(struct buf *buf, struct span name, struct span value)
{
	put_span(buf, name);
	put_span(buf, value);
}

int
wire_get_pair(struct wire_reader *reader, struct span *ret_name, struct span *ret_value)
{
	struct span name, value;

	if (reader->at == reader->end)
		return 0;
	if (wire_get_blob(reader, &name) < 0 || wire_get_blob(reader, &value) < 0)
		return -EPROTO;
	*ret_name = name;
	*ret_value = value;
	return 1;
}

/* --- commands ---------------------------------------------------------------------- */

void
wire_put_command(struct buf *buf, const struct wire_command *command)
{
	size_t offset = begin_record(buf);

	buf_u8(buf, (uint8_t)command->type);
	buf_u8(buf, command->flags);
	buf_u16(buf, command->code);
	if (command->flags & WIRE_OTHER_CONN)
		put_id(buf, &command->conn);
	put_span(buf, command->key);
	put_span(buf, command->data);
	wire_end_record(buf, offset);
}

static int
get_command_fields(struct wire_reader *record, struct wire_command *ret)
{
	uint8_t type;

	if (get_u8(record, &type) < 0 || type < WIRE_SEND || type > WIRE_LAST_COMMAND)
		return -EPROTO;
	ret->type = (enum wire_command_type)type;
	if (get_u8(record, &ret->flags) < 0 || get_u16(record, &ret->code) < 0)
		return -EPROTO;
	if ((ret->flags & WIRE_OTHER_CONN) && get_id(record, &ret->conn) < 0)
		return -EPROTO;
	if (wire_get_blob(record, &ret->key) < 0 || wire_get_blob(record, &ret->data) < 0)
		return -EPROTO;
	return 0;
}

int
wire_get_command(struct wire_reader *reader, struct wire_command *ret)
{
	struct wire_command command = { 0 };
	struct wire_reader record;
	int r = get_record(reader, &record);

	if (r <= 0)
		return r;
	if (get_command_fields(&record, &command) < 0)
		return -EPROTO;
	*ret = command;
	return 1;
}

size_t
wire_begin_record(struct buf *buf, const struct wire_record *record)
{
	size_t offset = begin_record(buf);

	put_id(buf, &record->conn);
	buf_u64(buf, record->epoch);
	buf_u64(buf, record->event);
	buf_u16(buf, record->attempt);
	buf_u8(buf, record->failed);
	return offset;
}

static int
get_record_fields(struct wire_reader *from, struct wire_record *ret)
{
	uint8_t failed;

	if (get_id(from, &ret->conn) < 0 || get_u64(from, &ret->epoch) < 0 || get_u64(from, &ret->event) < 0 ||
	    get_u16(from, &ret->attempt) < 0 || get_u8(from, &failed) < 0)
		return -EPROTO;
	ret->failed = failed != 0;
	ret->commands = *from;
	return 0;
}

int
wire_get_record(struct wire_reader *reader, struct wire_record *ret)
{
	struct wire_record record;
	struct wire_reader fields, commands;
	struct wire_command command;
	int r = get_record(reader, &fields);

	if (r <= 0)
		return r;
	if (get_record_fields(&fields, &record) < 0)
		return -EPROTO;

	commands = record.commands;
	while ((r = wire_get_command(&commands, &command)) > 0)
		;
	if (r < 0)
		return r;

	*ret = record;
	return 1;
}

/* --- requests and their replies ------------------------------------------------------ */

void
wire_put_request(struct buf *buf, const struct wire_request *request)
{
	put_id(buf, &request->id);
	buf_u64(buf, request->deadline_ms);
	wire_put_command(buf, &request->command);
}

int
wire_get_request(struct wire_reader *reader, struct wire_request *ret)
{
	struct wire_request request;

	if (get_id(reader, &request.id) < 0 || get_u64(reader, &request.deadline_ms) < 0)
		return -EPROTO;
	if (wire_get_command(reader, &request.command) != 1)
		return -EPROTO;
	*ret = request;
	return 0;
}

void
wire_put_reply(struct buf *buf, const struct wire_reply *reply)
{
	buf_u8(buf, (uint8_t)reply->status);
	buf_u8(buf, reply->relayed);
	buf_u32(buf, reply->connections);
	buf_u64(buf, reply->epoch);
	buf_u64(buf, reply->offset);
	put_span(buf, reply->text);
	buf_u64(buf, reply->origin);
	buf_u64(buf, reply->number);
}

int
wire_get_reply(struct wire_reader *reader, struct wire_reply *ret)
{
	struct wire_reply reply;
	uint8_t status, relayed;

	if (get_u8(reader, &status) < 0 || status > WIRE_NOT_READY || get_u8(reader, &relayed) < 0 ||
	    get_u32(reader, &reply.connections) < 0 || get_u64(reader, &reply.epoch) < 0 ||
	    get_u64(reader, &reply.offset) < 0 || wire_get_blob(reader, &reply.text) < 0 ||
	    get_u64(reader, &reply.origin) < 0 || get_u64(reader, &reply.number) < 0)
		return -EPROTO;
	reply.status = (enum wire_status)status;
	reply.relayed = relayed != 0;
	*ret = reply;
	return 0;
}

/* --- what is kept --------------------------------------------------------------------- */

void
wire_put_asked(struct buf *buf, const struct wire_asked *asked)
{
	buf_u32(buf, asked->max);
	put_span(buf, asked->since);
}

int
wire_get_asked(struct span from, struct wire_asked *ret)
{
	struct wire_reader reader = wire_reader(from.data, from.len);
	struct wire_asked asked;

	if (get_u32(&reader, &asked.max) < 0 || wire_get_blob(&reader, &asked.since) < 0)
		return -EPROTO;
	*ret = asked;
	return 0;
}

void
wire_put_past(struct buf *buf, const struct wire_past *past)
{
	buf_u8(buf, past->whole);
	put_span(buf, past->position);
}

int
wire_get_past(struct span from, struct wire_past *ret)
{
	struct wire_past past = { .messages = wire_reader(from.data, from.len) };
	uint8_t whole;

	if (get_u8(&past.messages, &whole) < 0 || wire_get_blob(&past.messages, &past.position) < 0)
		return -EPROTO;
	past.whole = whole != 0;
	*ret = past;
	return 0;
}

void
wire_put_kept(struct buf *buf, const struct wire_kept *kept)
{
	size_t offset = begin_record(buf);

	buf_u8(buf, kept->flags);
	buf_u64(buf, kept->at_ms);
	buf_u64(buf, kept->origin);
	buf_u64(buf, kept->number);
	put_span(buf, kept->data);
	wire_end_record(buf, offset);
}

int
wire_get_kept(struct wire_reader *reader, struct wire_kept *ret)
{
	struct wire_kept kept;
	struct wire_reader record;
	int r = get_record(reader, &record);

	if (r <= 0)
		return r;
	if (get_u8(&record, &kept.flags) < 0 || get_u64(&record, &kept.at_ms) < 0 ||
	    get_u64(&record, &kept.origin) < 0 || get_u64(&record, &kept.number) < 0 ||
	    wire_get_blob(&record, &kept.data) < 0)
		return -EPROTO;
	*ret = kept;
	return 1;
}

/* --- connections ----------------------------------------------------------------------- */

void
wire_put_conns_asked(struct buf *buf, const struct wire_conns_asked *asked)
{
	buf_u32(buf, asked->max);
	put_span(buf, asked->cursor);
	put_span(buf, asked->host);
	put_span(buf, asked->user);
}

int
wire_get_conns_asked(struct span from, struct wire_conns_asked *ret)
{
	struct wire_reader reader = wire_reader(from.data, from.len);
	struct wire_conns_asked asked;

	if (get_u32(&reader, &asked.max) < 0 || wire_get_blob(&reader, &asked.cursor) < 0 ||
	    wire_get_blob(&reader, &asked.host) < 0 || wire_get_blob(&reader, &asked.user) < 0)
		return -EPROTO;
	*ret = asked;
	return 0;
}

void
wire_put_conns(struct buf *buf, const struct wire_conns *conns)
{
	buf_u32(buf, conns->host);
	buf_u8(buf, conns->answered);
	put_span(buf, conns->cursor);
}

int
wire_get_conns(struct span from, struct wire_conns *ret)
{
	struct wire_conns conns = { .conns = wire_reader(from.data, from.len) };
	uint8_t answered;

	if (get_u32(&conns.conns, &conns.host) < 0 || get_u8(&conns.conns, &answered) < 0 ||
	    wire_get_blob(&conns.conns, &conns.cursor) < 0)
		return -EPROTO;
	conns.answered = answered != 0;
	*ret = conns;
	return 0;
}

void
wire_put_conn(struct buf *buf, const struct wire_conn *conn)
{
	size_t offset = begin_record(buf);

	put_id(buf, &conn->id);
	buf_u64(buf, conn->since_ms);
	buf_u64(buf, conn->queued);
	buf_u64(buf, conn->messages);
	put_span(buf, conn->path);
	put_span(buf, conn->user);
	put_span(buf, conn->ip);
	wire_end_record(buf, offset);
}

int
wire_get_conn(struct wire_reader *reader, struct wire_conn *ret)
{
	struct wire_conn conn;
	struct wire_reader record;
	int r = get_record(reader, &record);

	if (r <= 0)
		return r;
	if (get_id(&record, &conn.id) < 0 || get_u64(&record, &conn.since_ms) < 0 ||
	    get_u64(&record, &conn.queued) < 0 || get_u64(&record, &conn.messages) < 0 ||
	    wire_get_blob(&record, &conn.path) < 0 || wire_get_blob(&record, &conn.user) < 0 ||
	    wire_get_blob(&record, &conn.ip) < 0)
		return -EPROTO;
	*ret = conn;
	return 1;
}

void
wire_put_delivery(struct buf *buf, const struct wire_delivery *delivery)
{
	put_id(buf, &delivery->conn);
	buf_u64(buf, delivery->epoch);
	buf_u64(buf, delivery->event);
	buf_u16(buf, delivery->attempt);
}

int
wire_get_delivery(struct wire_reader *reader, struct wire_delivery *ret)
{
	struct wire_delivery delivery;

	if (get_id(reader, &delivery.conn) < 0 || get_u64(reader, &delivery.epoch) < 0 ||
	    get_u64(reader, &delivery.event) < 0 || get_u16(reader, &delivery.attempt) < 0)
		return -EPROTO;
	*ret = delivery;
	return 0;
}

/* --- supervisors ----------------------------------------------------------------------- */

void
wire_put_death(struct buf *buf, const struct wire_death *death)
{
	buf_u32(buf, death->worker);
	buf_u8(buf, death->blames);
	wire_put_delivery(buf, &death->over);
}

int
wire_get_death(struct wire_reader *reader, struct wire_death *ret)
{
	struct wire_death death;
	uint8_t blames;

	if (get_u32(reader, &death.worker) < 0 || get_u8(reader, &blames) < 0 ||
	    wire_get_delivery(reader, &death.over) < 0)
		return -EPROTO;
	death.blames = blames != 0;
	*ret = death;
	return 0;
}

int
wire_get_worker(struct wire_reader *reader, uint32_t *ret)
{
	if (reader->at == reader->end)
		return 0;
	return get_u32(reader, ret) < 0 ? -EPROTO : 1;
}

/* --- names -------------------------------------------------------------------------- */

static const char *
name_in(const char *const *names, size_t n, size_t i)
{
	return i < n && names[i] != NULL ? names[i] : "unknown";
}

const char *
wire_status_name(enum wire_status status)
{
	static const char *const names[] = {
		[WIRE_OK] = "ok",
		[WIRE_MALFORMED] = "malformed",
		[WIRE_BAD_VERSION] = "bad-version",
		[WIRE_NO_ROUTE] = "no-route",
		[WIRE_NO_CONN] = "no-conn",
		[WIRE_TOO_LARGE] = "too-large",
		[WIRE_EXPIRED] = "expired",
		[WIRE_INVALID] = "invalid",
		[WIRE_BUSY] = "busy",
		[WIRE_NOT_RELAYED] = "not-relayed",
		[WIRE_NOT_READY] = "not-ready",
	};

	return name_in(names, sizeof(names) / sizeof(*names), status);
}

const char *
wire_event_name(enum wire_event_kind kind)
{
	static const char *const names[] = {
		[WIRE_ATTACH] = "attach",
		[WIRE_OPEN] = "open",
		[WIRE_MESSAGE] = "message",
		[WIRE_CLOSE] = "close",
		[WIRE_DETACH] = "detach",
	};

	return name_in(names, sizeof(names) / sizeof(*names), kind);
}

const char *
wire_command_name(enum wire_command_type type)
{
	static const char *const names[] = {
		[WIRE_SEND] = "send",
		[WIRE_BROADCAST] = "broadcast",
		[WIRE_PUSH] = "push",
		[WIRE_DISCONNECT] = "disconnect",
		[WIRE_SET] = "set",
		[WIRE_COUNT] = "count",
		[WIRE_STATS] = "stats",
		[WIRE_REPLAY] = "replay",
		[WIRE_HISTORY] = "history",
		[WIRE_USER] = "user",
		[WIRE_USER_PUSH] = "user-push",
		[WIRE_USER_CLOSE] = "user-close",
		[WIRE_USER_COUNT] = "user-count",
		[WIRE_CONNS] = "conns",
		[WIRE_KICK] = "kick",
		[WIRE_PRESENT] = "present",
		[WIRE_MEMBERS] = "members",
		[WIRE_ANSWER] = "answer",
	};

	return name_in(names, sizeof(names) / sizeof(*names), type);
}
