#include <endian.h>
#include <errno.h>
#include <string.h>

#include "sidecar/relay/envelope.h"

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
	}
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
get_command(struct wire_reader *reader, struct wire_command *ret)
{
	if (wire_get_command(reader, ret) != 1)
		return -EPROTO;
	switch (ret->type) {
	case WIRE_PUSH:
		return ret->key.len > 0 ? 0 : -EPROTO;
	case WIRE_SEND:
	case WIRE_DISCONNECT:
		return ret->flags & WIRE_OTHER_CONN ? 0 : -EPROTO;
	case WIRE_BROADCAST:
	case WIRE_SET:
	case WIRE_COUNT:
	case WIRE_STATS:
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
		r = get_command(&reader, &envelope.command);
		break;
	case ENVELOPE_COUNT:
		r = get_count(&reader, &envelope);
		break;
	case ENVELOPE_ALIVE:
		r = get_alive(&reader, &envelope);
		break;
	}
	if (r < 0 || reader.at != reader.end)
		return -EPROTO;
	*ret = envelope;
	return 0;
}
