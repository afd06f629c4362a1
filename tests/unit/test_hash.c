#include <stdio.h>
#include <string.h>

#include "shared/hash.h"
#include "tests/tap.h"

enum {
	NAMES = 1000,
	BUCKETS = 1024,
	NAME_BYTES = 24,
	LONGEST_CHAIN = 20, /* of 1000 at random in 1024: never seen above 8 */
};

static char names[NAMES][NAME_BYTES];

static uint32_t
bucket_of_uthash(const char *name)
{
	unsigned hash;

	HASH_JEN(name, strlen(name), hash);
	return hash & (BUCKETS - 1);
}

/* Names of rooms that uthash's own hash puts into one bucket. */
static void
find_names(void)
{
	for (unsigned n = 0, i = 0; n < NAMES; i++) {
		snprintf(names[n], NAME_BYTES, "/ws/chat/%u", i);
		if (bucket_of_uthash(names[n]) == 7)
			n++;
	}
}

static void
it_is_siphash(void)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} known[] = {
		/* as Python 3.11 has them, with the key 0 */
		{ "a", 0x407448d2b89b1813u },
		{ "/ws/chat", 0x17bbc17600e7d70au },
		{ "/ws/chat/general", 0xe6f2ff42c1f51e5au },
		{ "0123456789abcdef0", 0xf738bb4f30801228u },
	};
	const uint64_t zero[2] = { 0 }, other[2] = { 0, 1 };
	bool same = true;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		same &= hash_siphash(zero, known[i].text, strlen(known[i].text)) == known[i].hash;
	OK(same, "the hash is SipHash-1-3");
	OK(hash_siphash(other, "a", 1) != known[0].hash, "and depends on its key");
}

static void
nobody_can_choose_a_bucket(void)
{
	unsigned n[BUCKETS] = { 0 }, longest = 0;

	find_names();
	for (int i = 0; i < NAMES; i++) {
		uint32_t bucket = hash_bytes(names[i], strlen(names[i])) & (BUCKETS - 1);

		if (++n[bucket] > longest)
			longest = n[bucket];
	}
	OK(longest <= LONGEST_CHAIN, "names that collide under uthash's own hash do not collide");
}

int
main(void)
{
	it_is_siphash();
	nobody_can_choose_a_bucket();
	return tap_done();
}
