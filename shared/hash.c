#include <endian.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "shared/hash.h"

static uint64_t process_key[2];

/* Before any thread could ask. Where there is no entropy yet, the kernel's own 16 bytes for this process do. */
static void __attribute__((constructor)) draw_key(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	if (getrandom(process_key, sizeof(process_key), GRND_NONBLOCK) != (ssize_t)sizeof(process_key) &&
	    random != NULL)
		memcpy(process_key, random, sizeof(process_key));
}

struct state {
	uint64_t a, b, c, d;
};

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
mix(struct state *s)
{
	s->a += s->b;
	s->b = rotate(s->b, 13) ^ s->a;
	s->a = rotate(s->a, 32);
	s->c += s->d;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = rotate(s->b, 17) ^ s->c;
	s->c = rotate(s->c, 32);
}

static inline void
absorb(struct state *s, uint64_t word)
{
	s->d ^= word;
	mix(s);
	s->a ^= word;
}

uint64_t
hash_siphash(const uint64_t key[2], const void *data, size_t len)
{
	struct state s = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
		key[1] ^ 0x7465646279746573u };
	const uint8_t *at = data;
	uint64_t word;

	for (size_t n = len / 8; n > 0; n--, at += 8) {
		memcpy(&word, at, 8);
		absorb(&s, le64toh(word));
	}
	word = 0;
	memcpy(&word, at, len % 8);
	absorb(&s, le64toh(word) | (uint64_t)len << 56);
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

uint32_t
hash_bytes(const void *data, size_t len)
{
	return (uint32_t)hash_siphash(process_key, data, len);
}
