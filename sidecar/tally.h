/*
 * tally - how often upgrades and connections ended in which way.
 */
#ifndef SIDECAR_TALLY_H
#define SIDECAR_TALLY_H

#include <stdint.h>

enum tally_sizes {
	TALLY_ENDS = 18,
	TALLY_UPGRADES = 10,
	TALLY_BAD_REQUEST = 1, /* index of the status 400 */
};

struct tally {
	uint64_t ends[TALLY_ENDS];
	uint64_t upgrades[TALLY_UPGRADES];
};

/*
 * Counts a connection's end: why we dropped it, or NULL, and the status that
 * either side closed with (RFC 6455 section 7.4), or 0.
 */
void tally_end(struct tally *tally, const char *why, uint16_t code);

/* Counts the answer to an upgrade: an HTTP status. */
void tally_upgrade(struct tally *tally, int status);

/* What is counted at an index, in a word; "other" is the last of each. */
const char *tally_end_name(int index);
const char *tally_upgrade_name(int index);

#endif
