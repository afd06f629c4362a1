#include <inttypes.h>
#include <string.h>

#include "shared/base64.h"
#include "shared/buf.h"
#include "shared/jsonput.h"
#include "sidecar/hub/block.h"

static void
put_id(struct buf *ret, const struct position *position)
{
	if (position == NULL)
		return;
	buf_string(ret, "id: ");
	position_put(ret, position);
	buf_u8(ret, '\n');
}

/* One blank after the colon is not part of the value, others are. */
static void
put_lines(struct buf *ret, struct span text)
{
	for (;;) {
		const char *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		buf_string(ret, "data: ");
		buf_bytes(ret, text.data, len);
		buf_u8(ret, '\n');
		if (end == NULL)
			return;
		text = span_from(text, len + 1);
	}
}

static void
put_binary(struct buf *ret, struct span data)
{
	buf_string(ret, "event: binary\ndata: ");
	base64_encode(ret, data);
	buf_u8(ret, '\n');
}

static void
put_text(struct buf *ret, struct span data)
{
	if (data.len == 0 || memchr(data.data, '\r', data.len) == NULL) {
		put_lines(ret, data);
		return;
	}
	buf_string(ret, "event: text\ndata: ");
	jsonput_string(ret, data);
	buf_u8(ret, '\n');
}

void
block_put_message(struct buf *ret, struct span data, bool binary, const struct position *position)
{
	put_id(ret, position);
	if (binary)
		put_binary(ret, data);
	else
		put_text(ret, data);
	buf_u8(ret, '\n');
}

size_t
block_bytes(size_t len, bool binary)
{
	return (binary ? len + len / 3 : len) + POSITION_BYTES + 64;
}

void
block_put_word(struct buf *ret, const char *type)
{
	buf_printf(ret, "event: %s\ndata:\n\n", type);
}

void
block_put_position(
    struct buf *ret, const char *type, const struct position *position, const uint64_t names[], uint32_t n)
{
	buf_string(ret, "id: ");
	position_put(ret, position);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(ret, "~%016" PRIx64, names[i]);
	buf_u8(ret, '\n');
	block_put_word(ret, type);
}

void
block_put_presence(struct buf *ret, struct span words)
{
	buf_string(ret, "event: presence\n");
	put_lines(ret, words);
	buf_u8(ret, '\n');
}

void
block_put_close(struct buf *ret, unsigned code, struct span reason)
{
	buf_printf(ret, "event: close\ndata: {\"code\":%u,\"reason\":", code);
	jsonput_string(ret, reason);
	buf_string(ret, "}\n\n");
}

void
block_put_retry(struct buf *ret, unsigned ms)
{
	buf_printf(ret, "retry: %u\n\n", ms);
}
