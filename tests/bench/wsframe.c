#include <string.h>

#include "tests/bench/wsframe.h"

bool
wsframe_read(const uint8_t *data, size_t len, struct wsframe *ret)
{
	size_t extended, head;

	if (len < 2)
		return false;
	ret->opcode = data[0] & 15;
	ret->last = data[0] & 0x80;
	ret->deflated = data[0] & 0x40;
	ret->reserved = data[0] & 0x30;
	ret->masked = data[1] & 0x80;
	ret->len = data[1] & 0x7f;
	extended = ret->len == 127 ? 8 : ret->len == 126 ? 2 : 0;
	head = 2 + extended + (ret->masked ? 4 : 0);
	if (len < head)
		return false;
	if (extended > 0)
		ret->len = 0;
	for (size_t i = 0; i < extended; i++)
		ret->len = ret->len << 8 | data[2 + i];
	if (ret->masked)
		memcpy(&ret->mask, data + 2 + extended, 4);
	ret->head = head;
	return true;
}

size_t
wsframe_head(uint8_t *dst, unsigned opcode, uint64_t len, const uint32_t *mask)
{
	unsigned extended = len < 126 ? 0 : len < 65536 ? 2 : 8;
	size_t n = 2;

	dst[0] = (uint8_t)(0x80 | opcode);
	dst[1] = (uint8_t)(extended == 0 ? len : extended == 2 ? 126 : 127);
	while (extended-- > 0)
		dst[n++] = (uint8_t)(len >> (8 * extended));
	if (mask != NULL) {
		dst[1] |= 0x80;
		memcpy(dst + n, mask, 4);
		n += 4;
	}
	return n;
}

void
wsframe_mask(uint8_t *dst, const uint8_t *src, size_t len, uint32_t mask)
{
	uint64_t twice = (uint64_t)mask << 32 | mask, word;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&word, src + i, 8);
		word ^= twice;
		memcpy(dst + i, &word, 8);
	}
	for (; i < len; i++)
		dst[i] = src[i] ^ ((const uint8_t *)&mask)[i % 4];
}
