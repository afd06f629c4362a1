#include <stdio.h>
#include <string.h>

#include "sidecar/relay/kept.h"
#include "tests/tap.h"

enum { ROOM = 4096, WINDOW_MS = 1000 };

static const struct span here = { "t:ws:/here", 10 }, there = { "t:ws:/there", 11 };

static void
add(struct kept *kept, struct span channel, uint64_t sequence, uint64_t now_ms, const char *text)
{
	kept_add(kept, kept_channel(kept, channel), sequence, now_ms, span_of(text));
}

static bool
is(const struct kept_message *message, uint64_t sequence, const char *text)
{
	return message != NULL && message->sequence == sequence && message->len == strlen(text) &&
	    memcmp(message->data, text, message->len) == 0;
}

static void
test_after(void)
{
	const struct kept_message *message;
	struct kept kept;
	bool lost;

	kept_open(&kept, ROOM, WINDOW_MS);
	OK(kept_channel(&kept, here)->latest == 0, "a channel that is new has no latest command");
	add(&kept, here, 1, 0, "one");
	add(&kept, there, 2, 10, "two");
	add(&kept, here, 3, 20, "three");
	OK(kept_channel(&kept, here)->latest == 3 && kept_channel(&kept, there)->latest == 2,
	    "each channel knows its latest");
	message = kept_after(&kept, here, 1, 0, &lost);
	OK(is(message, 3, "three") && !lost && message->sibling == NULL,
	    "what follows a sequence is that of its channel");
	OK(kept_after(&kept, here, 3, 0, &lost) == NULL && !lost,
	    "after the latest there is nothing, and nothing lost");
	message = kept_after(&kept, here, 0, 20, &lost);
	OK(is(message, 3, "three") && !lost, "without a sequence the time counts");
	message = kept_after(&kept, here, 0, 0, &lost);
	OK(is(message, 1, "one") && is(message->sibling, 3, "three"), "and siblings follow");
	OK(kept_after(&kept, span_of("t:ws:/never"), 1, 0, &lost) == NULL && !lost,
	    "of a channel on which nothing was said nothing is lost");
	kept_close(&kept);
}

static void
test_expiry(void)
{
	struct kept kept;
	bool lost;

	kept_open(&kept, ROOM, WINDOW_MS);
	add(&kept, here, 1, 0, "one");
	add(&kept, there, 2, 0, "two");
	add(&kept, here, 3, 500, "three");
	kept_expire(&kept, WINDOW_MS);
	OK(is(kept_after(&kept, here, 0, 0, &lost), 1, "one"), "what is kept stays for the time it should");
	kept_expire(&kept, WINDOW_MS + 1);
	OK(is(kept_after(&kept, here, 0, 0, &lost), 3, "three") && lost, "then it goes, and is known to be lost");
	OK(is(kept_after(&kept, here, 1, 0, &lost), 3, "three") && !lost, "but not for who has had it");
	kept_after(&kept, here, 0, 1, &lost);
	OK(!lost, "nor for who came later");
	OK(kept_channel(&kept, there)->latest == 2, "a channel remembers its latest");
	OK(kept_after(&kept, there, 2, 0, &lost) == NULL && !lost, "and that nothing came after it");
	kept_restart(&kept, 5000);
	kept_expire(&kept, 5000 + WINDOW_MS);
	OK(kept.oldest != NULL, "what went out only later has its time from then");
	kept_close(&kept);
}

static void
test_bytes(void)
{
	char text[600];
	struct kept kept;
	bool lost;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	kept_open(&kept, ROOM, WINDOW_MS);
	for (uint64_t n = 1; n <= 100; n++)
		add(&kept, here, n, 0, text);
	OK(kept.bytes <= ROOM && kept_after(&kept, here, 99, 0, &lost)->sequence == 100 && !lost,
	    "the oldest make room for what is new");
	OK(kept_after(&kept, here, 50, 0, &lost)->sequence > 90 && lost, "and are known to be lost");
	kept_close(&kept);

	kept_open(&kept, 300, WINDOW_MS);
	add(&kept, here, 1, 0, text);
	OK(kept.oldest == NULL && kept_channel(&kept, here)->latest == 1, "one that is too large is not kept");
	OK(kept_after(&kept, here, 0, 0, &lost) == NULL && lost, "and is known to be lost");
	kept_close(&kept);
}

static void
test_channels(void)
{
	struct kept kept;
	bool lost;

	kept_open(&kept, 64 << 20, WINDOW_MS);
	for (uint32_t i = 0; i < KEPT_IDLE_CHANNELS + 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t:ws:/%u", i);
		add(&kept, span_of(name), i + 1, 0, "x");
	}
	OK(kept.n_idle == 0 && HASH_COUNT(kept.channels) == KEPT_IDLE_CHANNELS + 10,
	    "busy channels are bounded by bytes alone");
	kept_expire(&kept, WINDOW_MS + 1);
	kept_channel(&kept, here);
	OK(kept.n_idle <= KEPT_IDLE_CHANNELS && kept.oldest == NULL, "idle ones by their number too");
	kept_close(&kept);

	kept_open(&kept, 2 * sizeof(struct kept_channel) + sizeof(struct kept_block) + sizeof(struct kept_message),
	    WINDOW_MS);
	add(&kept, here, 1, 0, "x");
	kept_expire(&kept, WINDOW_MS + 1);
	add(&kept, there, 2, 2000, "x");
	OK(HASH_COUNT(kept.channels) == 1, "idle ones make room");
	OK(kept_after(&kept, here, 1, 0, &lost) == NULL && !lost, "who has had all that they said loses nothing");
	kept_after(&kept, here, 0, 0, &lost);
	OK(lost, "of others it is not known");
	kept_close(&kept);
}

int
main(void)
{
	test_after();
	test_expiry();
	test_bytes();
	test_channels();
	return tap_done();
}
