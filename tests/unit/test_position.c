#include <string.h>

#include "sidecar/hub/coming.h"
#include "sidecar/hub/position.h"
#include "tests/tap.h"

static const char whole[] = "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.18_90aa61e4d0b7c215.18446744073709551615";

static bool
parses(const char *text, struct position *ret)
{
	return position_parse(span_of(text), ret) == 0;
}

static void
test_text(void)
{
	struct position position, empty;
	struct buf text = BUF_INIT;

	OK(parses(whole, &position) && position.tag == 0x1f0c22ab && position.at_ms == 0x019ab3c4d5e6 &&
		position.n == 2 && position.marks[0].origin == 0x5d2e90cb01a4f3c7 && position.marks[0].number == 18 &&
		position.marks[1].number == UINT64_MAX,
	    "a tag and marks are read");
	position_put(&text, &position);
	OK(span_is(span_of_buf(&text), whole), "and written the same way");
	buf_free(&text);
	OK(parses("1f0c22ab.019ab3c4d5e6", &empty) && empty.n == 0, "a position may have no marks");
	OK(position_find(&position, 0x90aa61e4d0b7c215) == &position.marks[1] && position_find(&position, 1) == NULL,
	    "a mark is found by its origin");
}

static void
test_refused(void)
{
	static const char *const bad[] = { "", "1f0c22a", "1f0c22abc", "1F0C22AB", "1f0c22ab.019ab3c4d5e6_",
		"1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7", "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.",
		"1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.01", "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.-1",
		"1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.18446744073709551616",
		"1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c.1", "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.1_",
		"1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.1_5d2e90cb01a4f3c7.2",
		"1f0c22ab.019ab3c4d5e.5d2e90cb01a4f3c7.1", "1f0c22ab.019ab3c4d5e6_5D2e90cb01a4f3c7.1",
		" 1f0c22ab.019ab3c4d5e6", "1f0c22ab", "1f0c22ab.019ab3c4d5E6", "1f0c22ab.019ab3c4d5e" };
	struct position position = { .tag = 7 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		OK(!parses(bad[i], &position) && position.tag == 7, "what would never be written is refused");
}

static void
test_limit(void)
{
	struct position position = position_of(span_of("/ws/a"), UINT32_MAX), back;
	struct buf text = BUF_INIT;

	for (uint64_t i = 0; i < POSITION_ORIGINS; i++)
		position_add(&position, (struct mark){ UINT64_MAX - i, UINT64_MAX });
	position_put(&text, &position);
	OK(text.len <= POSITION_BYTES && position_parse(span_of_buf(&text), &back) == 0 &&
		memcmp(&position, &back, sizeof(back)) == 0,
	    "as many origins as there may be fit");
	buf_string(&text, "_0000000000000001.1");
	OK(position_parse(span_of_buf(&text), &back) < 0, "and not one more");
	buf_free(&text);
	OK(position_of(span_of("/ws/b"), 0).tag != position.tag, "another path has another tag");
}

static void
test_join(void)
{
	struct position few = { .n = 2, .marks = { { 1, 5 }, { 2, 5 } } }, many = { .n = POSITION_ORIGINS };

	for (uint32_t i = 0; i < POSITION_ORIGINS; i++)
		many.marks[i] = (struct mark){ 2 + i, 9 };
	position_join(&few, &many);
	OK(few.n == POSITION_ORIGINS && few.marks[0].number == 5 && few.marks[1].number == 9,
	    "what the other one has seen is raised, and the others are added");
	OK(position_find(&few, 3) == NULL && position_find(&few, POSITION_ORIGINS + 1) != NULL,
	    "when they are too many, those that were heard of last");
}

static void
test_coming(void)
{
	struct coming *coming = coming_new(span_of("1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.18~00000000000000ff"));

	OK(coming != NULL && coming->valid && coming->n_names == 1 && coming->names[0] == 255 &&
		coming->position.n == 1,
	    "who comes back may say what it was called");
	coming_free(coming);
	coming = coming_new(span_of(whole));
	OK(coming != NULL && coming->valid && coming->n_names == 0, "or not");
	coming_free(coming);
	coming = coming_new(span_of("1f0c22ab.019ab3c4d5e6~ff"));
	OK(coming != NULL && !coming->valid, "what is no name makes it no position");
	coming_free(coming);
	coming = coming_new(span_of("1f0c22ab.019ab3c4d5e6~00000000000000ff~000000000000000a"));
	OK(coming != NULL && coming->valid && coming_was(coming, 255) && coming_was(coming, 10) &&
		!coming_was(coming, 0),
	    "it may have been called several names");
	coming_free(coming);
	coming = coming_new(span_of("1f0c22ab.019ab3c4d5e6~00000000000000ff~"));
	OK(coming != NULL && !coming->valid, "none of which is empty");
	coming_free(coming);
	coming = coming_new(span_of("1f0c22ab.019ab3c4d5e6~0000000000000001~0000000000000002~0000000000000003"
				    "~0000000000000004~0000000000000005"));
	OK(coming != NULL && !coming->valid, "nor are they too many");
	coming_free(coming);
	coming = coming_new(span_of("1f0c22ab.019ab3c4d5e6~00000000000000ff!00000000000000ab"));
	OK(coming->valid && coming->placed && coming->lists && coming->key == 0xab && coming_was(coming, 0xff),
	    "behind a position, a key");
	coming_free(coming);
	coming = coming_new(span_of("!00000000000000ab"));
	OK(!coming->placed && coming->lists && coming->key == 0xab, "or a key alone");
	coming_free(coming);
	coming = coming_new(span_of("!ab"));
	OK(coming->placed && !coming->valid && !coming->lists, "which has 16 digits");
	coming_free(coming);
	coming = coming_new(SPAN_EMPTY);
	OK(coming != NULL && !coming->valid, "nor is nothing one");
	coming_free(coming);
}

int
main(void)
{
	test_text();
	test_refused();
	test_limit();
	test_join();
	test_coming();
	return tap_done();
}
