#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/relay/outbox.h"
#include "tests/tap.h"

static const struct span channel = { "t:ws:/a", 7 };

static int
push(struct outbox *outbox, const char *message)
{
	const struct span words[] = { span_of("PUBLISH"), channel, span_of(message) };

	return outbox_push(outbox, &(struct outbox_command){ 3, words, false }, 1);
}

/* True when the next that is handed over are n commands with these bytes. */
static bool
hands(struct outbox *outbox, size_t max_bytes, uint32_t n, const char *bytes)
{
	struct span got = { 0 };

	return outbox_hand(outbox, max_bytes, &got) == n && got.len == strlen(bytes) &&
	    (got.len == 0 || memcmp(got.data, bytes, got.len) == 0);
}

#define PUBLISH(message, len) "*3\r\n$7\r\nPUBLISH\r\n$7\r\nt:ws:/a\r\n$" len "\r\n" message "\r\n"

static void
test_order(void)
{
	struct outbox outbox;

	outbox_open(&outbox, 4096);
	OK(push(&outbox, "one") == 0 && push(&outbox, "two") == 0, "commands come in");
	OK(hands(&outbox, 4096, 2, PUBLISH("one", "3") PUBLISH("two", "3")),
	    "they go out in order, as Redis wants them");
	OK(hands(&outbox, 4096, 0, ""), "once");
	push(&outbox, "three");
	OK(hands(&outbox, 4096, 1, PUBLISH("three", "5")), "what comes later goes later");
	outbox_rewind(&outbox);
	OK(hands(&outbox, 4096, 3, PUBLISH("one", "3") PUBLISH("two", "3") PUBLISH("three", "5")),
	    "the next connection gets them again, in order");
	outbox_close(&outbox);
}

static void
test_settle(void)
{
	struct outbox outbox;
	uint64_t mark;

	outbox_open(&outbox, 4096);
	push(&outbox, "one");
	push(&outbox, "two");
	push(&outbox, "six");
	hands(&outbox, 4096, 3, "");
	outbox_confirm(&outbox);
	mark = outbox_mark(&outbox);
	outbox_confirm(&outbox);
	OK(outbox_bytes(&outbox) == strlen(PUBLISH("six", "3")), "what is confirmed waits no more");
	outbox_settle(&outbox, mark);
	outbox_rewind(&outbox);
	OK(hands(&outbox, 4096, 2, PUBLISH("two", "3") PUBLISH("six", "3")),
	    "but what is not settled goes to the next connection");
	outbox_confirm(&outbox);
	outbox_settle(&outbox, mark);
	outbox_rewind(&outbox);
	OK(hands(&outbox, 4096, 2, PUBLISH("two", "3") PUBLISH("six", "3")), "a mark settles once");
	outbox_confirm(&outbox);
	outbox_confirm(&outbox);
	outbox_settle(&outbox, outbox_mark(&outbox));
	OK(outbox.ends.n == 0, "in the end nothing is left");
	outbox_close(&outbox);
}

static void
test_pieces(void)
{
	struct outbox outbox;

	outbox_open(&outbox, 4096);
	push(&outbox, "one");
	push(&outbox, "two");
	push(&outbox, "six");
	OK(hands(&outbox, 1, 1, PUBLISH("one", "3")), "at least one command is handed over, whole");
	OK(hands(&outbox, 100, 2, PUBLISH("two", "3") PUBLISH("six", "3")), "and as many as there is room for");
	outbox_close(&outbox);
}

static void
test_limit(void)
{
	struct outbox outbox;
	unsigned n = 0;

	outbox_open(&outbox, 1000);
	while (push(&outbox, "0123456789") == 0)
		n++;
	OK(n > 10 && n < 25 && outbox_bytes(&outbox) <= 1000, "it holds what it may hold");
	OK(push(&outbox, "0123456789") == -ENOBUFS, "one more is refused");
	hands(&outbox, 1, 0, "");
	OK(push(&outbox, "0123456789") == -ENOBUFS, "what was handed over still counts");
	outbox_confirm(&outbox);
	OK(push(&outbox, "0123456789") == 0, "what was confirmed makes room");
	outbox_close(&outbox);
}

static void
test_together(void)
{
	const struct span keep[] = { span_of("XADD"), span_of("k") },
			  publish[] = { span_of("PUBLISH"), span_of("one") };
	const struct outbox_command both[] = { { 2, keep, true }, { 2, publish, false } };
	struct outbox outbox;

	outbox_open(&outbox, 220);
	OK(outbox_push(&outbox, both, 2) == 0 && outbox.ends.n == 2, "commands come in together");
	OK(outbox_push(&outbox, both, 2) == -ENOBUFS && outbox.ends.n == 2, "or not at all");
	OK(!outbox_may_fail(&outbox), "before it is handed over nothing can fail");
	OK(hands(&outbox, 4096, 2, "*2\r\n$4\r\nXADD\r\n$1\r\nk\r\n*2\r\n$7\r\nPUBLISH\r\n$3\r\none\r\n"),
	    "they go out as they came");
	OK(outbox_may_fail(&outbox), "the first may fail");
	outbox_confirm(&outbox);
	OK(!outbox_may_fail(&outbox), "the second may not");
	outbox_settle(&outbox, outbox_mark(&outbox));
	outbox_rewind(&outbox);
	OK(hands(&outbox, 4096, 1, "*2\r\n$7\r\nPUBLISH\r\n$3\r\none\r\n"), "what is settled is not said again");
	outbox_close(&outbox);
}

/* Pushes, hands over, pops and rewinds at random; what is popped must be what was pushed, in order. */
static void
test_random(void)
{
	struct outbox outbox;
	unsigned pushed = 0, popped = 0, handed = 0;
	bool right = true;

	outbox_open(&outbox, 8192);
	srandom(7);
	for (unsigned i = 0; i < 100000 && right; i++) {
		char message[32], expected[128];
		struct span got;

		snprintf(message, sizeof(message), "%u", pushed);
		switch (random() % 8) {
		case 0 ... 3:
			pushed += push(&outbox, message) == 0;
			break;
		case 4 ... 5:
			if (outbox_hand(&outbox, 1, &got) == 0) {
				right = handed == pushed;
				break;
			}
			snprintf(message, sizeof(message), "%u", handed++);
			snprintf(expected, sizeof(expected), "*3\r\n$7\r\nPUBLISH\r\n$7\r\nt:ws:/a\r\n$%zu\r\n%s\r\n",
			    strlen(message), message);
			right = got.len == strlen(expected) && memcmp(got.data, expected, got.len) == 0;
			break;
		case 6:
			if (popped < handed) {
				outbox_confirm(&outbox);
				outbox_settle(&outbox, outbox_mark(&outbox));
				popped++;
			}
			break;
		case 7:
			if (random() % 16 == 0) {
				outbox_rewind(&outbox);
				handed = popped;
			}
			break;
		}
	}
	OK(right && popped > 1000, "order and bytes are kept over 100,000 random steps");
	outbox_close(&outbox);
}

int
main(void)
{
	test_order();
	test_settle();
	test_pieces();
	test_limit();
	test_together();
	test_random();
	return tap_done();
}
