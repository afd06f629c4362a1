#include <string.h>

#include "shared/closecode.h"
#include "tests/tap.h"

/* True when all codes of a range may be sent, or none. */
static bool
all_are(int first, int last, bool may)
{
	for (int code = first; code <= last; code++)
		if (closecode_may_be_sent(code) != may)
			return false;
	return true;
}

static void
codes_have_names(void)
{
	OK(strcmp(closecode_name(CLOSE_GOING_AWAY), "going-away") == 0, "a registered one");
	OK(strcmp(closecode_name(CLOSE_ABNORMAL), "lost") == 0, "a broken connection");
	OK(strcmp(closecode_name(3000), "application") == 0 && strcmp(closecode_name(4999), "application") == 0,
	    "the applications' own");
	OK(strcmp(closecode_name(1012), "other") == 0 && strcmp(closecode_name(0), "other") == 0, "the rest");
}

int
main(void)
{
	OK(all_are(1000, 1003, true) && all_are(1007, 1009, true) && all_are(1011, 1014, true),
	    "a server sends what is registered");
	OK(all_are(1004, 1006, false), "but not what is only ever reported");
	OK(all_are(1010, 1010, false), "nor what clients say");
	OK(all_are(3000, 4999, true), "libraries and applications have their own");
	OK(all_are(-1, 999, false) && all_are(1015, 2999, false) && all_are(5000, 65536, false), "no others are known");
	codes_have_names();
	return tap_done();
}
