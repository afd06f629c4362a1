#include <string.h>

#include "sidecar/edge/counters.h"
#include "tests/tap.h"

static uint64_t
ended(const char *why, uint16_t code, const char *name)
{
	struct counters counters = { 0 };

	counters_add_end(&counters, why, code);
	for (int i = 0; i < COUNTERS_ENDS; i++)
		if (strcmp(counters_end_name(i), name) == 0)
			return counters.ends[i];
	return 0;
}

static void
test_ends(void)
{
	OK(ended(NULL, 1000, "normal") && ended(NULL, 1009, "too-large"), "a close has the name of its code");
	OK(ended(NULL, 0, "lost") && ended(NULL, 1006, "lost"), "without one the connection was lost");
	OK(ended(NULL, 3000, "application") && ended(NULL, 4999, "application"), "applications' codes are one");
	OK(ended(NULL, 1012, "other"), "a rare one is another");
	OK(ended("queue-full", 1000, "queue-full"), "what we dropped it for goes first");
	OK(ended("not-opened", 0, "other"), "a rare reason is another, too");
}

static uint64_t
upgraded(int status, const char *name)
{
	struct counters counters = { 0 };

	counters_add_upgrade(&counters, status);
	for (int i = 0; i < COUNTERS_UPGRADES; i++)
		if (strcmp(counters_upgrade_name(i), name) == 0)
			return counters.upgrades[i];
	return 0;
}

static void
test_upgrades(void)
{
	OK(upgraded(101, "101") && upgraded(503, "503"), "an upgrade is counted by its status");
	OK(upgraded(418, "other"), "an unexpected one is another");
}

int
main(void)
{
	test_ends();
	test_upgrades();
	return tap_done();
}
