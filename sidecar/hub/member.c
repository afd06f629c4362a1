#include <errno.h>
#include <string.h>

#include "shared/jsonput.h"
#include "shared/jsontext.h"
#include "shared/wire.h"
#include "sidecar/hub/member.h"

static const char BEGIN[] = "{\"id\":\"", USER[] = ",\"user\":\"", WAS[] = ",\"was\":\"";

enum {
	ID_AT = sizeof(BEGIN) - 1,
	USER_AT = ID_AT + MEMBER_ID_DIGITS + 1,
	WAS_BYTES = sizeof(WAS) - 1 + MEMBER_ID_DIGITS + 1,
};

/* Between tokens; within strings JSON has none of them as they are. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int
member_check_data(struct span data)
{
	if (data.len > WIRE_PRESENCE_BYTES)
		return -EMSGSIZE;
	return jsontext_is_object(data.data, data.len) ? 0 : -EINVAL;
}

/* On one line, so that an event stream has it in one. */
static void
put_data(struct buf *buf, struct span data)
{
	for (size_t i = 0; i < data.len; i++)
		buf_u8(buf, is_blank(data.data[i]) ? ' ' : (uint8_t)data.data[i]);
}

static void
put_was(struct buf *buf, struct span was)
{
	buf_string(buf, WAS);
	buf_bytes(buf, was.data, was.len);
	buf_u8(buf, '"');
}

void
member_put(struct buf *buf, const struct member_parts *parts)
{
	buf_string(buf, BEGIN);
	buf_bytes(buf, parts->id.data, parts->id.len);
	buf_u8(buf, '"');
	if (parts->user.len > 0) {
		buf_string(buf, ",\"user\":");
		jsonput_string(buf, parts->user);
	}
	if (parts->was.len > 0)
		put_was(buf, parts->was);
	buf_string(buf, ",\"data\":");
	put_data(buf, parts->data);
	buf_u8(buf, '}');
}

static bool
is_id(struct span digits)
{
	struct wire_id id;
	char text[WIRE_ID_HEX];

	memcpy(text, digits.data, MEMBER_ID_DIGITS);
	text[MEMBER_ID_DIGITS] = '\0';
	return wire_id_parse(text, &id) == 0;
}

/* Another host's lines become ours: one that spans several would end up as several in an event stream. */
static bool
is_one_line(struct span text)
{
	return memchr(text.data, '\n', text.len) == NULL && memchr(text.data, '\r', text.len) == NULL;
}

bool
member_is_valid(struct span text)
{
	return text.len > USER_AT && text.len <= MEMBER_MAX_BYTES && memcmp(text.data, BEGIN, ID_AT) == 0 &&
	    is_id(member_id(text)) && text.data[USER_AT - 1] == '"' && is_one_line(text) &&
	    jsontext_is_object(text.data, text.len);
}

struct span
member_id(struct span text)
{
	return (struct span){ text.data + ID_AT, MEMBER_ID_DIGITS };
}

struct span
member_user(struct span text)
{
	struct span rest = span_from(text, USER_AT);
	size_t len = sizeof(USER) - 1;

	if (rest.len < len || memcmp(rest.data, USER, len) != 0)
		return SPAN_EMPTY;
	while (len < rest.len && rest.data[len] != '"')
		len += rest.data[len] == '\\' ? 2 : 1;
	return len < rest.len ? (struct span){ rest.data, len + 1 } : SPAN_EMPTY;
}

static bool
begins_with_was(struct span text)
{
	const size_t id_at = sizeof(WAS) - 1;

	return text.len > WAS_BYTES && memcmp(text.data, WAS, id_at) == 0 &&
	    is_id((struct span){ text.data + id_at, MEMBER_ID_DIGITS }) && text.data[WAS_BYTES - 1] == '"';
}

/* What comes before was, and what comes after it. */
static void
take_apart(struct span text, struct span *ret_before, struct span *ret_after)
{
	size_t at = USER_AT + member_user(text).len;

	*ret_before = (struct span){ text.data, at };
	*ret_after = span_from(text, begins_with_was(span_from(text, at)) ? at + WAS_BYTES : at);
}

void
member_put_plain(struct buf *buf, struct span text)
{
	struct span before, after;

	take_apart(text, &before, &after);
	buf_bytes(buf, before.data, before.len);
	buf_bytes(buf, after.data, after.len);
}

void
member_put_in_place(struct buf *buf, struct span text, struct span was)
{
	struct span before, after;

	take_apart(text, &before, &after);
	buf_bytes(buf, before.data, before.len);
	put_was(buf, was);
	buf_bytes(buf, after.data, after.len);
}
