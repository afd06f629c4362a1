/*
 * supervisors - who starts workers and says over what they die.
 *
 * A worker's HELLO names its supervisor; what that one says of it is believed,
 * and what another says is not.
 */
#ifndef SIDECAR_SUPERVISORS_H
#define SIDECAR_SUPERVISORS_H

#include <stdint.h>

#include "shared/bus.h"
#include "shared/hash.h"
#include "shared/wire.h"

enum { SUPERVISORS_MAX = 256 };

struct supervisor {
	UT_hash_handle hh; /* by peer */
	struct bus_peer peer;
	struct wire_id id;
	uint64_t heard_ms;
};

struct supervisors {
	struct supervisor *by_peer; /* iterate with HASH_ITER(hh, ...) */
};

void supervisors_close(struct supervisors *supervisors);

/* NULL when there is none. */
struct supervisor *supervisors_find(const struct supervisors *supervisors, const struct bus_peer *peer);
struct supervisor *supervisors_find_id(const struct supervisors *supervisors, const struct wire_id *id);

/* Returns 0, also when it is known, -EBUSY at SUPERVISORS_MAX, or -ENOMEM. */
int supervisors_add(
    struct supervisors *supervisors, const struct bus_peer *peer, const struct wire_id *id, uint64_t now_ms);
void supervisors_remove(struct supervisors *supervisors, struct supervisor *supervisor);

#endif
