#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"

static const size_t max_bytes = UINT32_MAX;

void
buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

int
buf_reserve(struct buf *buf, size_t n)
{
	size_t cap;
	uint8_t *data;

	if (buf->failed)
		return -ENOMEM;
	if (n <= buf->cap - buf->len)
		return 0;
	if (n > max_bytes - buf->len)
		goto fail;

	cap = buf->cap < 64 ? 64 : buf->cap;
	while (cap - buf->len < n)
		cap *= 2;
	if (cap > max_bytes)
		cap = max_bytes;

	data = realloc(buf->data, cap);
	if (data == NULL)
		goto fail;

	buf->data = data;
	buf->cap = (uint32_t)cap;
	return 0;
fail:
	buf->failed = true;
	return -ENOMEM;
}

void
buf_bytes(struct buf *buf, const void *data, size_t n)
{
	if (n == 0 || buf_reserve(buf, n) < 0)
		return;
	memcpy(buf->data + buf->len, data, n);
	buf->len += (uint32_t)n;
}

/* Appends the low `size` bytes of a number, the highest of them first. */
static void
number(struct buf *buf, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	buf_bytes(buf, bytes, size);
}

void
buf_u8(struct buf *buf, uint8_t value)
{
	number(buf, value, 1);
}

void
buf_u16(struct buf *buf, uint16_t value)
{
	number(buf, value, 2);
}

void
buf_u32(struct buf *buf, uint32_t value)
{
	number(buf, value, 4);
}

void
buf_u64(struct buf *buf, uint64_t value)
{
	number(buf, value, 8);
}

void
buf_blob(struct buf *buf, const void *data, size_t n)
{
	if (n > max_bytes) {
		buf->failed = true;
		return;
	}
	buf_u32(buf, (uint32_t)n);
	buf_bytes(buf, data, n);
}

void
buf_string(struct buf *buf, const char *string)
{
	buf_bytes(buf, string, strlen(string));
}

void
buf_decimal(struct buf *buf, uint64_t value)
{
	char digits[20]; /* of UINT64_MAX */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_bytes(buf, digits + at, sizeof(digits) - at);
}

void
buf_put_u32(struct buf *buf, size_t offset, uint32_t value)
{
	if (buf->failed)
		return;
	for (size_t i = 0; i < 4; i++)
		buf->data[offset + i] = (uint8_t)(value >> (24 - 8 * i));
}

void
buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);

	if (n < 0) {
		buf->failed = true;
		return;
	}
	if (buf_reserve(buf, (size_t)n + 1) < 0)
		return;
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, format, args);
	buf->len += (uint32_t)n;
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

const char *
buf_cstr(struct buf *buf)
{
	if (buf_reserve(buf, 1) < 0)
		return NULL;
	buf->data[buf->len] = '\0';
	return (const char *)buf->data;
}
