#include <stdint.h>
#include <string.h>

#include "tests/bench/accept.h"

static uint32_t
roll(uint32_t value, int n)
{
	return value << n | value >> (32 - n);
}

/* FIPS 180-4 section 6.1.2, for one block. */
static void
sha1_block(uint32_t hash[5], const uint8_t *block)
{
	static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[80], a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4];

	for (int t = 0; t < 16; t++, block += 4)
		w[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
	for (int t = 16; t < 80; t++)
		w[t] = roll(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t f = t / 20 == 0 ? (b & c) ^ (~b & d) : t / 20 == 2 ? (b & c) ^ (b & d) ^ (c & d) : b ^ c ^ d;
		uint32_t next = roll(a, 5) + f + e + k[t / 20] + w[t];

		e = d;
		d = c;
		c = roll(b, 30);
		b = a;
		a = next;
	}
	hash[0] += a;
	hash[1] += b;
	hash[2] += c;
	hash[3] += d;
	hash[4] += e;
}

void
accept_answer(const char *key, char ret[static ACCEPT_ANSWER + 1])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t hash[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t text[128] = { 0 }, digest[21] = { 0 };
	const unsigned bits = (ACCEPT_KEY + sizeof(guid) - 1) * 8;

	memcpy(text, key, ACCEPT_KEY);
	memcpy(text + ACCEPT_KEY, guid, sizeof(guid) - 1);
	text[bits / 8] = 0x80;
	text[126] = (uint8_t)(bits >> 8);
	text[127] = (uint8_t)bits;
	sha1_block(hash, text);
	sha1_block(hash, text + 64);
	for (int i = 0; i < 20; i++)
		digest[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
	for (int i = 0; i < 7; i++) {
		const uint8_t *three = digest + 3 * i;
		uint32_t v = (uint32_t)three[0] << 16 | (uint32_t)three[1] << 8 | three[2];

		for (int k = 0; k < 4; k++)
			ret[4 * i + k] = digits[v >> (18 - 6 * k) & 63];
	}
	ret[ACCEPT_ANSWER - 1] = '=';
	ret[ACCEPT_ANSWER] = '\0';
}
