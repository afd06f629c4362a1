#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "fcgi/ws/command.h"
#include "fcgi/tina4.h"
#include "shared/closecode.h"
#include "shared/jsonprint.h"
#include "shared/jsontext.h"
#include "shared/utf8.h"

static uint8_t
wire_flags_of(unsigned flags)
{
	return (flags & TINA4_BINARY ? WIRE_BINARY : 0) | (flags & TINA4_EXCLUDE_SENDER ? WIRE_EXCLUDE_SENDER : 0) |
	    (flags & TINA4_TRANSIENT ? WIRE_TRANSIENT : 0);
}

int
command_data(struct wire_command *ret, enum wire_command_type type, const void *data, size_t len, unsigned flags,
    size_t max_bytes)
{
	unsigned known = TINA4_BINARY;

	if (type == WIRE_BROADCAST)
		known |= TINA4_EXCLUDE_SENDER;
	if (type == WIRE_BROADCAST || type == WIRE_PUSH)
		known |= TINA4_TRANSIENT;
	if ((flags & ~known) || (data == NULL && len > 0))
		return -EINVAL;
	if (len > max_bytes)
		return -EMSGSIZE;
	if (!(flags & TINA4_BINARY) && !utf8_valid(data, len))
		return -EILSEQ;
	*ret = (struct wire_command){ .type = type, .flags = wire_flags_of(flags), .data = { data, len } };
	return 0;
}

int
command_close(struct wire_command *ret, int code, const char *reason)
{
	struct span text = span_of(reason != NULL ? reason : "");

	if (code == 0)
		code = CLOSE_NORMAL;
	if (!closecode_may_be_sent(code) || text.len > WIRE_REASON_BYTES)
		return -EINVAL;
	if (!utf8_valid(text.data, text.len))
		return -EILSEQ;
	*ret = (struct wire_command){ .type = WIRE_DISCONNECT, .code = (uint16_t)code, .data = text };
	return 0;
}

int
command_present(struct wire_command *ret, const char *json)
{
	struct span text = span_of(json != NULL ? json : "");

	if (text.len > WIRE_PRESENCE_BYTES)
		return -EMSGSIZE;
	if (json != NULL && !jsontext_is_object(text.data, text.len))
		return -EINVAL;
	*ret = (struct wire_command){ .type = WIRE_PRESENT, .flags = json != NULL ? 0 : WIRE_UNSET, .data = text };
	return 0;
}

int
command_set_conn(struct wire_command *command, const char *conn_id)
{
	int r = conn_id != NULL ? wire_id_parse(conn_id, &command->conn) : -EINVAL;

	if (r == 0)
		command->flags |= WIRE_OTHER_CONN;
	return r;
}

int
command_take_json(struct cJSON **json, char **ret)
{
	char *text;

	if (json == NULL || *json == NULL)
		return -EINVAL;
	text = jsonprint(*json);
	cJSON_Delete(*json);
	*json = NULL;
	if (text == NULL)
		return -ENOMEM;
	*ret = text;
	return 0;
}
