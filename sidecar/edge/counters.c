#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/closecode.h"
#include "sidecar/edge/counters.h"

/* Names of closecode_name(), and then reasons of client_drop(). */
static const char *const ends[COUNTERS_ENDS] = { "normal", "going-away", "protocol-error", "unsupported-data",
	"no-status", "lost", "invalid-data", "policy", "too-large", "internal-error", "try-later", "application",
	"queue-full", "ping-timeout", "close-timeout", "write-failed", "out-of-memory", "memory", "talks", "other" };

static const char *const upgrades[COUNTERS_UPGRADES] = { "101", "200", "400", "401", "403", "404", "405", "408", "414",
	"426", "429", "431", "501", "503", "505", "other" };

void
counters_add_end(struct counters *counters, const char *why, uint16_t code)
{
	int i = 0;

	if (why == NULL)
		why = closecode_name(code != 0 ? code : CLOSE_ABNORMAL);
	while (i < COUNTERS_ENDS - 1 && strcmp(ends[i], why) != 0)
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

void
counters_add_refusal(struct counters *counters, enum refusal refusal)
{
	counters->refusals[refusal]++;
}

const char *
counters_end_name(int index)
{
	return ends[index];
}

const char *
counters_upgrade_name(int index)
{
	return upgrades[index];
}
