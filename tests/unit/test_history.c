#include <errno.h>
#include <string.h>

#include "sidecar/hub/frame.h"
#include "sidecar/hub/history.h"
#include "sidecar/hub/memory.h"
#include "tests/tap.h"

enum {
	ORIGIN = 7,
	MANY = 1000,
	LARGEST = 2000, /* of messages that are as many as their sizes */
};

static char text[LARGEST];

/* Keeps a message that nobody else holds. */
static bool
keep(struct history *history, uint64_t number, size_t len, uint64_t except)
{
	const struct keeping keeping = { .mark = { ORIGIN, number }, .except = except, .at_ms = number };
	struct frame *frame = frame_new(FRAME_TEXT, text, len);
	bool kept = history_add(history, &keeping, frame) == 0;

	frame_unref(frame);
	return kept;
}

/* What glibc takes of the heap for so many bytes, beyond them. */
static size_t
beyond(size_t bytes)
{
	return (bytes + sizeof(size_t) + 15) / 16 * 16 - bytes;
}

/* What each of n messages costs beside its bytes, when their sizes are from `least` in such steps. */
static double
cost(uint32_t n, size_t least, size_t step)
{
	struct history *history = history_new();
	size_t before = memory.bytes, own = 0, around = 0;
	double held;

	for (uint32_t i = 0; i < n; i++) {
		size_t len = least + i * step % (LARGEST - least);

		keep(history, i + 1, len, 0);
		own += len;
		around += beyond(sizeof(struct frame) + history_at(history, i)->frame->len);
	}
	held = (double)(memory.bytes - before - own + around) + sizeof(*history);
	history_free(history);
	return held / n;
}

static void
test_cost(void)
{
	static const uint32_t numbers[] = { 100, 1000, 10000 };
	static const size_t sizes[] = { 10, 16, 64, 100, 128, 200, 256, 1000, 1024 };
	bool any_size = true, each_size = true;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		any_size &= cost(numbers[i], 1, 17) <= HISTORY_MESSAGE_BYTES;
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++)
			each_size &= cost(numbers[i], sizes[j], 0) <= HISTORY_MESSAGE_BYTES;
	}
	OK(any_size, "a message costs at most what is counted for it, beside its bytes");
	OK(each_size, "also when all have the same size");
	OK(cost(5, 16, 0) <= 2 * HISTORY_MESSAGE_BYTES, "twice that where a path has five");
}

/* One number of three is excluded from its message, but none of the first. */
static uint64_t
except_of(uint64_t number)
{
	return number > MANY / 2 && number % 3 == 0 ? number : 0;
}

static void
test_exceptions(void)
{
	struct history *history = history_new();
	bool right = true;

	for (uint64_t number = 1; number <= MANY; number++) {
		right &= keep(history, number, 10, except_of(number));
		if (number % 4 == 0)
			history_drop(history);
	}
	OK(right && history->messages.n == MANY - MANY / 4, "messages are kept, and the oldest let go");
	for (uint32_t i = 0; i < history->messages.n; i++) {
		uint64_t number = history_at(history, i)->number;

		right &= number == MANY / 4 + i + 1 && history_except(history, i) == except_of(number);
	}
	OK(right, "of each it is known who did not get it, also when that begins late");
	history_free(history);
}

static void
test_number(void)
{
	struct history *history = history_new();
	const struct keeping keeping = { .mark = { ORIGIN, HISTORY_NUMBER_MAX + 1 } };
	struct frame *frame = frame_new(FRAME_TEXT, text, 1);
	struct position position = { .n = 1, .marks = { { ORIGIN, HISTORY_NUMBER_MAX } } };

	OK(keep(history, HISTORY_NUMBER_MAX, 1, 0) &&
		history_mark(history, history_at(history, 0)).number == HISTORY_NUMBER_MAX,
	    "numbers are kept up to the highest");
	OK(history_add(history, &keeping, frame) == -ERANGE && history_has(history, keeping.mark) &&
		!history_is_whole(history, &position, 0),
	    "a higher one is known, and that it is not kept");
	frame_unref(frame);
	history_free(history);
}

/* Keeps one message of an origin, when it says so. */
static void
hear(struct history *history, uint64_t origin, uint64_t at_ms)
{
	const struct keeping keeping = { .mark = { origin, 1 }, .at_ms = at_ms };
	struct frame *frame = frame_new(FRAME_TEXT, text, 1);

	history_add(history, &keeping, frame);
	frame_unref(frame);
}

static void
test_origins(void)
{
	struct history *history = history_new();

	for (uint64_t i = 1; i <= POSITION_ORIGINS; i++)
		hear(history, i, 100 + i);
	hear(history, POSITION_ORIGINS + 1, 900);
	OK(history->n_origins == POSITION_ORIGINS && history_latest(history, 1) == 0 && history->since_ms > 0,
	    "of one more than it can know it forgets the one that was heard longest ago, and nobody can be judged by "
	    "it");
	for (int i = 0; i < 4; i++)
		history_drop(history);
	history->since_ms = 0;
	history_forget_origins(history, 105);
	OK(history->n_origins == POSITION_ORIGINS - 3 && history_latest(history, 5) == 1 && history->since_ms == 0,
	    "what no one can lack any more is forgotten, and that costs nothing");
	history_forget_origins(history, UINT64_MAX);
	OK(history->n_origins == POSITION_ORIGINS - 4 && history_mark(history, history_at(history, 0)).origin == 6,
	    "but nobody of whom a message is kept");
	history_free(history);
}

static void
test_memory(void)
{
	struct history *history = history_new();
	size_t empty, few;

	keep(history, 1, 10, 0);
	history_drop(history);
	empty = memory.bytes;
	for (uint64_t number = 2; number < MANY; number++)
		keep(history, number, 10, 0);
	few = memory.bytes;
	while (history->messages.n > 0)
		history_drop(history);
	OK(memory.bytes == empty, "one that is empty again holds no room for messages");
	for (uint64_t number = MANY; number < 2 * MANY - 2; number++)
		keep(history, number, 10, number);
	OK(memory.bytes > few, "who did not get a message takes room only where there is such a message");
	history_free(history);
	OK(memory.bytes == 0, "and all is let go");
}

int
main(void)
{
	memset(text, 'x', sizeof(text));
	test_cost();
	test_exceptions();
	test_number();
	test_origins();
	test_memory();
	return tap_done();
}
