#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/closecode.h"
#include "sidecar/edge/counters.h"

/* Without a code it is a reason of client_drop(). */
static const struct {
	uint16_t code;
	const char *name;
} ends[COUNTERS_ENDS] = {
	{ CLOSE_NORMAL, "normal" },
	{ CLOSE_GOING_AWAY, "going-away" },
	{ CLOSE_PROTOCOL_ERROR, "protocol-error" },
	{ CLOSE_UNSUPPORTED_DATA, "unsupported-data" },
	{ CLOSE_NO_STATUS, "no-status" },
	{ CLOSE_ABNORMAL, "lost" },
	{ CLOSE_INVALID_DATA, "invalid-data" },
	{ CLOSE_POLICY, "policy" },
	{ CLOSE_TOO_LARGE, "too-large" },
	{ CLOSE_INTERNAL_ERROR, "internal-error" },
	{ CLOSE_TRY_LATER, "try-later" },
	{ CLOSE_FIRST_FREE, "application" },
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
		code = CLOSE_ABNORMAL;
	if (code >= CLOSE_FIRST_FREE)
		code = CLOSE_FIRST_FREE;
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
