/*
 * counters - what came from browsers, and how it ended.
 */
#ifndef SIDECAR_COUNTERS_H
#define SIDECAR_COUNTERS_H

#include <stdint.h>

#include "sidecar/edge/refusal.h"

enum counters_sizes {
	COUNTERS_ENDS = 20,
	COUNTERS_UPGRADES = 16,
};

struct counters {
	uint32_t n_open;     /* WebSockets and event streams, now */
	uint32_t n_streams;  /* of these */
	uint64_t n_received; /* messages */
	uint64_t received_bytes;
	uint64_t ends[COUNTERS_ENDS];
	uint64_t upgrades[COUNTERS_UPGRADES];
	uint64_t refusals[REFUSAL_COUNT]; /* at the gates, of browsers and administrators */
};

/*
 * Counts a connection's end: why we dropped it, or NULL, and the status that
 * either side closed with (RFC 6455 section 7.4), or 0.
 */
void counters_add_end(struct counters *counters, const char *why, uint16_t code);

/* Counts the answer to an upgrade: an HTTP status. */
void counters_add_upgrade(struct counters *counters, int status);

/* Counts why somebody was let stand outside. */
void counters_add_refusal(struct counters *counters, enum refusal refusal);

/* What is counted at an index, in a word; "other" is the last of each. */
const char *counters_end_name(int index);
const char *counters_upgrade_name(int index);

#endif
