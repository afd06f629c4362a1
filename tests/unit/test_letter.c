#include <string.h>

#include "tests/bench/letter.h"
#include "tests/tap.h"

static struct letter letter;
static uint8_t copy[256];

/* What the check says of the copy, with one byte changed. */
static enum letter_check
check_changed(size_t at)
{
	uint64_t origin, number;
	enum letter_check said;

	copy[at] ^= 1;
	said = letter_check(&letter, copy, letter.size, &origin, &number);
	copy[at] ^= 1;
	return said;
}

static void
test_recognise(void)
{
	uint64_t origin = 0, number = 0;

	letter_init(&letter, 128, 0x1234);
	letter_stamp(&letter, 4999, 123456789);
	memcpy(copy, letter.text, letter.size);
	letter_stamp(&letter, 1, 2);
	OK(letter_check(&letter, copy, 128, &origin, &number) == LETTER_OURS, "a letter is recognised");
	OK(origin == 4999 && number == 123456789, "and says where it comes from, and its number");
}

static void
test_damage(void)
{
	uint64_t origin, number;

	OK(letter_check(&letter, copy, 127, &origin, &number) == LETTER_DAMAGED, "one that was cut is damaged");
	OK(letter_check(&letter, copy, 129, &origin, &number) == LETTER_DAMAGED, "so is one with more behind it");
	OK(check_changed(127) == LETTER_DAMAGED && check_changed(16) == LETTER_DAMAGED,
	    "and one whose filler was changed");
	copy[20] ^= copy[21];
	copy[21] ^= copy[20];
	copy[20] ^= copy[21];
	OK(letter_check(&letter, copy, 128, &origin, &number) == LETTER_DAMAGED, "or exchanged");
}

static void
test_foreign(void)
{
	uint64_t origin, number;

	OK(check_changed(0) == LETTER_FOREIGN, "a letter of another run is foreign");
	OK(letter_check(&letter, (const uint8_t *)"hello", 5, &origin, &number) == LETTER_FOREIGN,
	    "and so is what is no letter");
}

int
main(void)
{
	test_recognise();
	test_damage();
	test_foreign();
	return tap_done();
}
