#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/counters.h"

enum { CODES_OF_APPS = 3000 }; /* RFC 6455 section 7.4.2: libraries' and applications' own */

/* RFC 6455 section 7.4.1 and the IANA registry; without a code it is a reason of client_drop(). */
static const struct {
	uint16_t code;
	const char *name;
} ends[COUNTERS_ENDS] = {
	{ 1000, "normal" },
	{ 1001, "going-away" },
	{ 1002, "protocol-error" },
	{ 1003, "unsupported-data" },
	{ 1005, "no-status" },
	{ 1006, "lost" },
	{ 1007, "invalid-data" },
	{ 1008, "policy" },
	{ 1009, "too-large" },
	{ 1011, "internal-error" },
	{ 1013, "try-later" },
	{ CODES_OF_APPS, "application" },
	{ 0, "queue-full" },
	{ 0, "ping-timeout" },
	{ 0, "close-timeout" },
	{ 0, "write-failed" },
	{ 0, "out-of-memory" },
	{ 0, "other" },
};

static const char *const upgrades[COUNTERS_UPGRADES] = { "101", "400", "401", "403", "404", "405", "426", "429", "503",
	"other" };

void
counters_add_end(struct counters *counters, const char *why, uint16_t code)
{
	int i = 0;

	if (code == 0)
		code = 1006; /* it broke */
	if (code >= CODES_OF_APPS)
		code = CODES_OF_APPS;
	while (i < COUNTERS_ENDS - 1 && (why != NULL ? strcmp(ends[i].name, why) != 0 : ends[i].code != code))
		i++;
	counters->ends[i]++;
}

void
counters_add_upgrade(struct counters *counters, int status)
{
	int i = 0;

	while (i < COUNTERS_UPGRADES - 1 && atoi(upgrades[i]) != status)
		i++;
	counters->upgrades[i]++;
}

const char *
counters_end_name(int index)
{
	return ends[index].name;
}

const char *
counters_upgrade_name(int index)
{
	return upgrades[index];
}
