#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/tina4_test.h"
#include "tests/tap.h"

/* What programs that were compiled with the header rely on: see "Releases" in CONTRIBUTING.md. */

static void
versions_are_one(void)
{
	char numbers[32];

	snprintf(numbers, sizeof(numbers), "%d.%d.%d", TINA4_VERSION_MAJOR, TINA4_VERSION_MINOR, TINA4_VERSION_PATCH);
	OK(strcmp(TINA4_VERSION, numbers) == 0, "the text is the numbers");
	OK(strcmp(TINA4_VERSION, PACKAGE_VERSION) == 0, "and the package's");
	OK(TINA4_VERSION_NUMBER == TINA4_VERSION_MAJOR * 10000 + TINA4_VERSION_MINOR * 100 + TINA4_VERSION_PATCH,
	    "the number can be compared");
	OK(strcmp(tina4_version(), TINA4_VERSION) == 0 && tina4_version_number() == TINA4_VERSION_NUMBER,
	    "the library says the same");
}

/* A struct that a program allocates never grows: new members come out of what is reserved. */
static void
structs_keep_their_sizes(void)
{
	if (sizeof(void *) != 8)
		return;
	OK(sizeof(struct tina4_cookie) == 64, "tina4_cookie");
	OK(sizeof(struct tina4_websocket_options) == 128, "tina4_websocket_options");
	OK(sizeof(struct tina4_push_options) == 48, "tina4_push_options");
	OK(sizeof(struct tina4_receipt) == 136, "tina4_receipt");
	OK(sizeof(struct tina4_test_request) == 152, "tina4_test_request");
	OK(sizeof(struct tina4_test_message) == 72, "tina4_test_message");
}

static void
numbers_stay(void)
{
	OK(TINA4_OPEN == 0 && TINA4_MESSAGE == 1 && TINA4_CLOSE == 2, "of events");
	OK(TINA4_TEXT == 0 && TINA4_BINARY == 1 && TINA4_EXCLUDE_SENDER == 2, "of flags");
	OK(TINA4_SAMESITE_LAX == 0 && TINA4_SAMESITE_STRICT == 1 && TINA4_SAMESITE_NONE == 2, "of cookies");
	OK(TINA4_LOG_ERROR == 0 && TINA4_LOG_WARN == 1 && TINA4_LOG_INFO == 2 && TINA4_LOG_DEBUG == 3, "of levels");
}

int
main(void)
{
	versions_are_one();
	structs_keep_their_sizes();
	numbers_stay();
	return tap_done();
}
