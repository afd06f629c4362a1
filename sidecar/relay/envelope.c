#include <endian.h>
#include <errno.h>
#include <string.h>

#include "shared/username.h"
#include "sidecar/hub/member.h"
#include "sidecar/relay/envelope.h"

enum {
	FLAGS_AT = 2,
	MEMBER_HEAD_BYTES = 17,
	PREVIOUS_BYTES = 8, /* the first of what follows the header of a command */
};

uint32_t
envelope_instance(uint64_t origin)
{
	return (uint32_t)(origin >> 32);
}

void
envelope_put(struct buf *buf, const struct envelope *envelope)
{
	buf_u8(buf, ENVELOPE_VERSION);
	buf_u8(buf, (uint8_t)envelope->type);
	buf_u16(buf, envelope->flags);
	buf_u64(buf, envelope->origin);
	buf_u64(buf, envelope->sequence);
	switch (envelope->type) {
	case ENVELOPE_COMMAND:
		buf_u64(buf, envelope->previous);
		wire_put_command(buf, &envelope->command);
		return;
	case ENVELOPE_COUNT:
		buf_u32(buf, envelope->count);
		buf_u64(buf, envelope->question);
		buf_blob(buf, envelope->path.data, envelope->path.len);
		return;
	case ENVELOPE_ALIVE:
		buf_u64(buf, envelope->since);
		return;
	case ENVELOPE_REPAIR:
		buf_u64(buf, envelope->after);
		buf_u32(buf, envelope->age_ms);
		buf_blob(buf, envelope->path.data, envelope->path.len);
		return;
	case ENVELOPE_REPAIRED:
		buf_u64(buf, envelope->question);
		buf_blob(buf, envelope->path.data, envelope->path.len);
		return;
	case ENVELOPE_QUESTION:
		wire_put_command(buf, &envelope->command);
		return;
	case ENVELOPE_ANSWER:
		buf_u64(buf, envelope->question);
		buf_u8(buf, (uint8_t)envelope->status);
		buf_blob(buf, envelope->text.data, envelope->text.len);
		return;
	case ENVELOPE_PRESENCE:
		buf_u64(buf, envelope->base);
		buf_u64(buf, envelope->version);
		buf_u32(buf, envelope->count);
		buf_u32(buf, envelope->part);
		buf_blob(buf, envelope->path.data, envelope->path.len);
		buf_bytes(buf, envelope->members.data, envelope->members.len);
		return;
	case ENVELOPE_CALL:
		buf_u64(buf, envelope->version);
		buf_blob(buf, envelope->path.data, envelope->path.len);
		return;
	}
}

void
envelope_put_member(struct buf *buf, const struct envelope_member *member)
{
	buf_u8(buf, member->left);
	buf_u64(buf, member->key);
	buf_u64(buf, member->was);
	buf_blob(buf, member->text.data, member->text.len);
}

void
envelope_put_again(struct buf *buf, struct span command, bool previous_known)
{
	uint8_t *at;

	if (buf_reserve(buf, command.len) < 0)
		return;
	at = buf->data + buf->len;
	buf_bytes(buf, command.data, command.len);
	at[FLAGS_AT + 1] |= ENVELOPE_AGAIN;
	if (!previous_known)
		memset(at + ENVELOPE_HEADER_BYTES, 0, PREVIOUS_BYTES);
}

static uint32_t
u32_at(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static uint64_t
u64_at(const uint8_t *at)
{
	return (uint64_t)u32_at(at) << 32 | u32_at(at + 4);
}

/* Only what one host may ask of another. */
static int
get_command(struct wire_reader *reader, struct envelope *ret)
{
	const struct wire_command *command = &ret->command;

	if (reader->end - reader->at < PREVIOUS_BYTES)
		return -EPROTO;
	ret->previous = u64_at(reader->at);
	reader->at += PREVIOUS_BYTES;
	if (ret->previous >= ret->sequence || wire_get_command(reader, &ret->command) != 1)
		return -EPROTO;
	switch (command->type) {
	case WIRE_USER_PUSH:
	case WIRE_USER_CLOSE:
		return username_is_valid(command->key) ? 0 : -EPROTO;
	case WIRE_PUSH:
	case WIRE_KICK:
		return command->key.len > 0 ? 0 : -EPROTO;
	case WIRE_SEND:
	case WIRE_DISCONNECT:
		return command->flags & WIRE_OTHER_CONN ? 0 : -EPROTO;
	case WIRE_BROADCAST:
	case WIRE_SET:
	case WIRE_COUNT:
	case WIRE_STATS:
	case WIRE_REPLAY:
	case WIRE_HISTORY:
	case WIRE_USER:
	case WIRE_USER_COUNT:
	case WIRE_CONNS:
	case WIRE_PRESENT:
	case WIRE_MEMBERS:
	case WIRE_ANSWER:
		break;
	}
	return -EPROTO;
}

static int
get_count(struct wire_reader *reader, struct envelope *ret)
{
	if (reader->end - reader->at < 12)
		return -EPROTO;
	ret->count = u32_at(reader->at);
	ret->question = u64_at(reader->at + 4);
	reader->at += 12;
	return wire_get_blob(reader, &ret->path);
}

static int
get_alive(struct wire_reader *reader, struct envelope *ret)
{
	if (reader->end - reader->at < 8)
		return -EPROTO;
	ret->since = u64_at(reader->at);
	reader->at += 8;
	return 0;
}

static int
get_repair(struct wire_reader *reader, struct envelope *ret)
{
	if (reader->end - reader->at < 12)
		return -EPROTO;
	ret->after = u64_at(reader->at);
	ret->age_ms = u32_at(reader->at + 8);
	reader->at += 12;
	return wire_get_blob(reader, &ret->path);
}

static int
get_repaired(struct wire_reader *reader, struct envelope *ret)
{
	if (reader->end - reader->at < 8)
		return -EPROTO;
	ret->question = u64_at(reader->at);
	reader->at += 8;
	return wire_get_blob(reader, &ret->path);
}

/* Only what may be asked, and changes nothing. */
static int
get_question(struct wire_reader *reader, struct envelope *ret)
{
	if (wire_get_command(reader, &ret->command) != 1 || ret->command.type != WIRE_CONNS)
		return -EPROTO;
	return 0;
}

static int
get_answer(struct wire_reader *reader, struct envelope *ret)
{
	if (reader->end - reader->at < 9 || reader->at[8] > WIRE_NOT_READY)
		return -EPROTO;
	ret->question = u64_at(reader->at);
	ret->status = (enum wire_status)reader->at[8];
	reader->at += 9;
	return wire_get_blob(reader, &ret->text) == 0 && ret->text.len <= ENVELOPE_ANSWER_BYTES ? 0 : -EPROTO;
}

int
envelope_get_member(struct wire_reader *reader, struct envelope_member *ret)
{
	struct envelope_member member;

	if (reader->at == reader->end)
		return 0;
	if (reader->end - reader->at < MEMBER_HEAD_BYTES)
		return -EPROTO;
	member.left = reader->at[0] != 0;
	member.key = u64_at(reader->at + 1);
	member.was = u64_at(reader->at + 9);
	reader->at += MEMBER_HEAD_BYTES;
	if (wire_get_blob(reader, &member.text) < 0 || member.key == 0)
		return -EPROTO;
	if (member.left ? member.text.len > 0 : !member_is_valid(member.text))
		return -EPROTO;
	*ret = member;
	return 1;
}

static int
get_presence(struct wire_reader *reader, struct envelope *ret)
{
	struct envelope_member member;
	int r;

	if (reader->end - reader->at < 24)
		return -EPROTO;
	ret->base = u64_at(reader->at);
	ret->version = u64_at(reader->at + 8);
	ret->count = u32_at(reader->at + 16);
	ret->part = u32_at(reader->at + 20);
	reader->at += 24;
	if (wire_get_blob(reader, &ret->path) < 0)
		return -EPROTO;
	ret->members = (struct span){ (const char *)reader->at, (size_t)(reader->end - reader->at) };
	while ((r = envelope_get_member(reader, &member)) > 0)
		;
	return r;
}

static int
get_call(struct wire_reader *reader, struct envelope *ret)
{
	if (reader->end - reader->at < 8)
		return -EPROTO;
	ret->version = u64_at(reader->at);
	reader->at += 8;
	return wire_get_blob(reader, &ret->path);
}

int
envelope_get(const void *data, size_t len, struct envelope *ret)
{
	struct wire_reader reader = wire_reader(data, len);
	struct envelope envelope = { 0 };
	const uint8_t *header = data;
	int r = -EPROTO;

	if (len < ENVELOPE_HEADER_BYTES)
		return -EPROTO;
	if (header[0] != ENVELOPE_VERSION)
		return -EPROTONOSUPPORT;
	envelope.type = (enum envelope_type)header[1];
	envelope.flags = (uint16_t)(header[2] << 8 | header[3]);
	envelope.origin = u64_at(header + 4);
	envelope.sequence = u64_at(header + 12);
	reader.at += ENVELOPE_HEADER_BYTES;
	switch (envelope.type) {
	case ENVELOPE_COMMAND:
		r = get_command(&reader, &envelope);
		break;
	case ENVELOPE_COUNT:
		r = get_count(&reader, &envelope);
		break;
	case ENVELOPE_ALIVE:
		r = get_alive(&reader, &envelope);
		break;
	case ENVELOPE_REPAIR:
		r = get_repair(&reader, &envelope);
		break;
	case ENVELOPE_REPAIRED:
		r = get_repaired(&reader, &envelope);
		break;
	case ENVELOPE_QUESTION:
		r = get_question(&reader, &envelope);
		break;
	case ENVELOPE_ANSWER:
		r = get_answer(&reader, &envelope);
		break;
	case ENVELOPE_PRESENCE:
		r = get_presence(&reader, &envelope);
		break;
	case ENVELOPE_CALL:
		r = get_call(&reader, &envelope);
		break;
	}
	if (r < 0 || reader.at != reader.end)
		return -EPROTO;
	*ret = envelope;
	return 0;
}
