#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/deflate.h"
#include "tests/tap.h"

enum { MAX = 100000 };

static struct deflate *both;

/* --- offers ------------------------------------------------------------------- */

static void
test_offers(void)
{
	static const char *const accepted[] = {
		"permessage-deflate",
		"permessage-deflate; client_max_window_bits",
		"permessage-deflate;client_max_window_bits=8;server_no_context_takeover",
		" x-other; a=1 ,permessage-deflate ; client_max_window_bits = \"15\" ; client_no_context_takeover ",
		"permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
		"permessage-deflate; client_max_window_bits, permessage-deflate",
	};
	static const char *const declined[] = {
		"",
		",",
		"x-webkit-deflate-frame",
		"permessage-deflate2",
		"permessage-deflate;",
		"permessage-deflate; unknown",
		"permessage-deflate; server_max_window_bits",
		"permessage-deflate; server_max_window_bits=15",
		"permessage-deflate; client_max_window_bits=",
		"permessage-deflate; client_max_window_bits=7",
		"permessage-deflate; client_max_window_bits=08",
		"permessage-deflate; client_max_window_bits=16",
		"permessage-deflate; client_max_window_bits=10=5",
		"permessage-deflate; client_max_window_bits=\"",
		"permessage-deflate; client_max_window_bits=\"10",
		"permessage-deflate; client_max_window_bits; client_max_window_bits=10",
		"permessage-deflate; server_no_context_takeover=1",
		"permessage-deflate; server_no_context_takeover; server_no_context_takeover",
		"permessage-deflate, permessage-deflate; client_max_window_bits",
	};

	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		OK(deflate_accepts(accepted[i]), accepted[i]);
	for (size_t i = 0; i < sizeof(declined) / sizeof(declined[0]); i++)
		if (!OK(!deflate_accepts(declined[i]), "is declined:"))
			printf("# %s\n", declined[i]);
	OK(!deflate_accepts(NULL), "without the header nothing is offered");
}

/* --- messages ----------------------------------------------------------------- */

static int
unpack(const void *data, size_t len, size_t max, struct buf *ret)
{
	*ret = (struct buf)BUF_INIT;
	return deflate_unpack(both, data, len, max, ret);
}

static bool
gives(const char *data, size_t len, const char *text)
{
	struct buf got;
	int r = unpack(data, len, MAX, &got);
	bool same = r == 0 && got.len == strlen(text) && memcmp(buf_cstr(&got), text, got.len) == 0;

	buf_free(&got);
	return same;
}

static int
fails(const void *data, size_t len, size_t max)
{
	struct buf got;
	int r = unpack(data, len, max, &got);

	buf_free(&got);
	return r;
}

/* RFC 7692 section 7.2.3. */
static void
test_examples(void)
{
	OK(gives("\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello"), "one block");
	OK(gives("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11, "Hello"), "a block without compression");
	OK(gives("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8, "Hello"), "a block that says it is the last one");
	OK(gives("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13, "Hello"), "two blocks");
	OK(gives("\x00", 1, ""), "an empty message");
	OK(gives("\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello"), "what came before is forgotten");
}

static void
test_corrupt(void)
{
	OK(fails("", 0, MAX) == -EBADMSG, "no bytes are no block");
	OK(fails("\x07", 1, MAX) == -EBADMSG, "nor is a block of a kind that does not exist");
	OK(fails("\xf2\x48\xcd", 3, MAX) == -EBADMSG, "nor half a block");
	OK(fails("\xf2\x00\x11\x00", 4, MAX) == -EBADMSG, "nor one that looks back before the message");
	OK(gives("\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello"), "the next message is read all the same");
}

static void
test_last_block_looks_back(void)
{
	/* "HelloHello" as a last block, then a distance of 5 in one of its own. */
	OK(fails("\xf3\x48\xcd\xc9\xc9\x07\x00\x02\x13\x00\x00", 11, MAX) != 0,
	    "nothing looks back beyond a last block");
}

static bool
survives(const void *data, size_t len)
{
	struct buf packed = BUF_INIT, got = BUF_INIT;
	bool same = deflate_pack(both, data, len, &packed) == 0 && packed.len < len &&
	    packed.len <= deflate_bound(len) && unpack(packed.data, packed.len, len, &got) == 0 && got.len == len &&
	    memcmp(got.data, data, len) == 0;

	buf_free(&packed);
	buf_free(&got);
	return same;
}

static int
packs(const void *data, size_t len)
{
	struct buf packed = BUF_INIT;
	int r = deflate_pack(both, data, len, &packed);

	buf_free(&packed);
	return r;
}

static void
test_there_and_back(void)
{
	static char text[MAX];
	uint32_t random = 1;

	memset(text, 'x', MAX);
	OK(survives(text, DEFLATE_MIN_BYTES), "the smallest message that is compressed");
	OK(packs(text, DEFLATE_MIN_BYTES - 1) == -ENOSPC, "a smaller one is left as it is");
	OK(survives(text, MAX), "a large one");
	for (size_t i = 0; i < MAX; i++)
		text[i] = (char)((random = random * 1664525u + 1013904223u) >> 28);
	OK(survives(text, MAX), "one that is hard to compress");
	for (size_t i = 0; i < MAX; i++)
		text[i] = (char)((random = random * 1664525u + 1013904223u) >> 24);
	OK(packs(text, MAX) == -ENOSPC, "one that does not shrink is left as it is");
	memset(text, 'x', MAX);
	OK(survives(text, MAX), "the next one is compressed all the same");
}

static void
test_bomb(void)
{
	char *zeros = calloc(1, 10 * MAX);
	struct buf packed = BUF_INIT, got;

	OK(deflate_pack(both, zeros, 10 * MAX, &packed) == 0 && packed.len < MAX / 10,
	    "a million zeros make a small message");
	OK(unpack(packed.data, packed.len, MAX, &got) == -EMSGSIZE, "which is refused past the limit");
	OK(got.cap <= 4 * MAX, "and takes no more memory than about that");
	buf_free(&got);
	OK(fails(packed.data, packed.len, 10 * MAX - 1) == -EMSGSIZE, "a limit of one byte less refuses it, too");
	OK(fails(packed.data, packed.len, 10 * MAX) == 0, "the limit itself passes");
	buf_free(&packed);
	free(zeros);
}

int
main(void)
{
	both = deflate_new();
	test_offers();
	test_examples();
	test_corrupt();
	test_last_block_looks_back();
	test_there_and_back();
	test_bomb();
	deflate_free(both);
	deflate_free(NULL);
	return tap_done();
}
