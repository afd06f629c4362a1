#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "shared/base64url.h"
#include "shared/buf.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64url_encode(struct buf *buf, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t bits = 0;
	unsigned n = 0; /* bits that are not written yet */

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | at[i];
		for (n += 8; n >= 6; n -= 6)
			buf_u8(buf, (uint8_t)digits[bits >> (n - 6) & 63]);
	}
	if (n > 0)
		buf_u8(buf, (uint8_t)digits[bits << (6 - n) & 63]);
}

int
base64url_write(char *ret, const void *data, size_t len)
{
	struct buf text = BUF_INIT;
	int r = -ENOMEM;

	base64url_encode(&text, data, len);
	if (buf_cstr(&text) != NULL) {
		memcpy(ret, text.data, text.len + 1);
		r = 0;
	}
	buf_free(&text);
	return r;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '_')
		return c == '-' ? 62 : 63;
	return -1;
}

int
base64url_decode(struct buf *buf, const char *text, size_t len)
{
	size_t before = buf->len;
	uint32_t bits = 0;
	unsigned n = 0; /* bits that are not a whole byte yet */

	for (size_t i = 0; i < len; i++) {
		int value = value_of(text[i]);

		if (value < 0)
			goto invalid;
		bits = bits << 6 | (uint32_t)value;
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_u8(buf, (uint8_t)(bits >> n));
		}
	}
	/* A digit too many, or bits that the encoder leaves zero: the same bytes have another text. */
	if (n >= 6 || (bits & ((1u << n) - 1)) != 0)
		goto invalid;
	return buf->failed ? -ENOMEM : 0;
invalid:
	buf->len = before;
	return -EINVAL;
}
