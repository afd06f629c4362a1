#include <errno.h>
#include <fastcgi.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/bridge/record.h"
#include "shared/buf.h"

enum { REQUEST_ID = 1 };

/* --- writing ------------------------------------------------------------------------- */

static void
put_header(struct buf *buf, unsigned type, unsigned id, size_t content)
{
	buf_u8(buf, FCGI_VERSION_1);
	buf_u8(buf, (uint8_t)type);
	buf_u16(buf, (uint16_t)id);
	buf_u16(buf, (uint16_t)content);
	buf_u16(buf, 0); /* no padding */
}

static void
put_length(struct buf *buf, size_t len)
{
	if (len < 128)
		buf_u8(buf, (uint8_t)len);
	else
		buf_u32(buf, (uint32_t)len | UINT32_C(1) << 31);
}

void
record_put_pair(struct buf *buf, struct span name, struct span value)
{
	put_length(buf, name.len);
	put_length(buf, value.len);
	buf_bytes(buf, name.data, name.len);
	buf_bytes(buf, value.data, value.len);
}

/* Reads a length, and steps over it. Returns false when it is cut off. */
static bool
get_length(struct span *rest, size_t *ret)
{
	const uint8_t *at = (const uint8_t *)rest->data;
	size_t len = rest->len > 0 && at[0] >= 128 ? 4 : 1;

	if (rest->len < len)
		return false;
	*ret = at[0];
	if (len == 4)
		*ret = (size_t)(at[0] & 0x7f) << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
	*rest = span_from(*rest, len);
	return true;
}

/* Steps over a pair. Returns false at the end, or when it is cut off. */
static bool
get_pair(struct span *rest, struct span *ret_name, struct span *ret_value)
{
	if (!get_length(rest, &ret_name->len) || !get_length(rest, &ret_value->len) || rest->len < ret_name->len ||
	    rest->len - ret_name->len < ret_value->len)
		return false;
	ret_name->data = rest->data;
	ret_value->data = rest->data + ret_name->len;
	*rest = span_from(*rest, ret_name->len + ret_value->len);
	return true;
}

/* Bytes of the whole pairs that fit into a record. */
static size_t
whole_pairs(struct span pairs)
{
	struct span rest = pairs, name, value;
	size_t fit = 0;

	while (get_pair(&rest, &name, &value) && pairs.len - rest.len <= RECORD_MAX_CONTENT)
		fit = pairs.len - rest.len;
	return fit;
}

static int
put_pairs(struct buf *buf, struct span pairs)
{
	while (pairs.len > 0) {
		size_t len = whole_pairs(pairs);

		if (len == 0)
			return -E2BIG;
		put_header(buf, FCGI_PARAMS, REQUEST_ID, len);
		buf_bytes(buf, pairs.data, len);
		pairs = span_from(pairs, len);
	}
	put_header(buf, FCGI_PARAMS, REQUEST_ID, 0);
	return 0;
}

static void
put_body(struct buf *buf, struct span body)
{
	while (body.len > 0) {
		size_t len = body.len < RECORD_MAX_CONTENT ? body.len : RECORD_MAX_CONTENT;

		put_header(buf, FCGI_STDIN, REQUEST_ID, len);
		buf_bytes(buf, body.data, len);
		body = span_from(body, len);
	}
	put_header(buf, FCGI_STDIN, REQUEST_ID, 0);
}

int
record_put_request(struct buf *buf, struct span pairs, struct span body)
{
	int r;

	put_header(buf, FCGI_BEGIN_REQUEST, REQUEST_ID, sizeof(FCGI_BeginRequestBody));
	buf_u16(buf, FCGI_RESPONDER);
	buf_u8(buf, 0); /* the other side closes the connection */
	buf_bytes(buf, (const uint8_t[5]){ 0 }, 5);
	r = put_pairs(buf, pairs);
	put_body(buf, body);
	return r < 0 ? r : buf->failed ? -ENOMEM : 0;
}

void
record_put_question(struct buf *buf)
{
	static const char name[] = FCGI_MAX_CONNS;

	put_header(buf, FCGI_GET_VALUES, FCGI_NULL_REQUEST_ID, sizeof(name) - 1 + 2);
	record_put_pair(buf, span_of(name), SPAN_EMPTY);
}

/* --- reading --------------------------------------------------------------------------- */

static unsigned
type_of(const struct record_reader *reader)
{
	return reader->header[1];
}

/* A header is there. */
static int
begin(struct record_reader *reader)
{
	const uint8_t *header = reader->header;
	unsigned id = (unsigned)header[2] << 8 | header[3];

	if (header[0] != FCGI_VERSION_1)
		return -EPROTO;
	switch (type_of(reader)) {
	case FCGI_STDOUT:
	case FCGI_STDERR:
	case FCGI_END_REQUEST:
		if (id != REQUEST_ID)
			return -EPROTO;
		break;
	case FCGI_GET_VALUES_RESULT:
	case FCGI_UNKNOWN_TYPE:
		break;
	default:
		return -EPROTO;
	}
	reader->content = (size_t)header[4] << 8 | header[5];
	reader->padding = header[6];
	return 0;
}

static int
append(struct buf *buf, size_t max, const uint8_t *data, size_t len)
{
	if (len > max - buf->len)
		return -EFBIG;
	buf_bytes(buf, data, len);
	return buf->failed ? -ENOMEM : 0;
}

/* What is past the limit is dropped. */
static int
append_some(struct buf *buf, const uint8_t *data, size_t len)
{
	size_t room = RECORD_MAX_CONTENT - buf->len;

	return append(buf, RECORD_MAX_CONTENT, data, len < room ? len : room);
}

static int
take(struct record_reader *reader, const uint8_t *data, size_t len, const struct record_sink *sink)
{
	size_t room;

	switch (type_of(reader)) {
	case FCGI_STDOUT:
		return append(sink->out, sink->max_out, data, len);
	case FCGI_STDERR:
		return append_some(sink->err, data, len);
	case FCGI_GET_VALUES_RESULT:
		return sink->values != NULL ? append_some(sink->values, data, len) : 0;
	case FCGI_END_REQUEST:
		room = sizeof(reader->end) - reader->n_end;
		memcpy(reader->end + reader->n_end, data, len < room ? len : room);
		reader->n_end += len < room ? len : room;
	}
	return 0;
}

/* A record is there as a whole. */
static int
finish(struct record_reader *reader)
{
	unsigned type = type_of(reader);

	reader->n_header = 0;
	if (type == FCGI_GET_VALUES_RESULT)
		reader->ended = true;
	if (type != FCGI_END_REQUEST)
		return 0;
	if (reader->n_end < sizeof(reader->end))
		return -EPROTO;
	reader->status = (enum record_status)reader->end[4];
	reader->ended = true;
	return 0;
}

/* Takes some bytes. Returns how many, or a negative errno. */
static ssize_t
step(struct record_reader *reader, const uint8_t *data, size_t len, const struct record_sink *sink)
{
	size_t n = len;
	int r = 0;

	if (reader->n_header < RECORD_HEADER_BYTES) {
		reader->header[reader->n_header++] = *data;
		n = 1;
		if (reader->n_header == RECORD_HEADER_BYTES)
			r = begin(reader);
	} else if (reader->content > 0) {
		n = n < reader->content ? n : reader->content;
		reader->content -= n;
		r = take(reader, data, n, sink);
	} else {
		n = n < reader->padding ? n : reader->padding;
		reader->padding -= n;
	}
	if (r == 0 && reader->n_header == RECORD_HEADER_BYTES && reader->content == 0 && reader->padding == 0)
		r = finish(reader);
	return r < 0 ? r : (ssize_t)n;
}

int
record_read(struct record_reader *reader, const void *data, size_t len, const struct record_sink *sink)
{
	const uint8_t *at = data, *end = at + len;
	ssize_t n;

	while (at < end && !reader->ended) {
		n = step(reader, at, (size_t)(end - at), sink);
		if (n < 0)
			return (int)n;
		at += n;
	}
	return 0;
}

unsigned
record_max_connections(struct span values)
{
	struct span name, value;
	char digits[16];

	while (get_pair(&values, &name, &value))
		if (span_is(name, FCGI_MAX_CONNS) && value.len < sizeof(digits)) {
			memcpy(digits, value.data, value.len);
			digits[value.len] = '\0';
			return (unsigned)strtoul(digits, NULL, 10);
		}
	return 0;
}
