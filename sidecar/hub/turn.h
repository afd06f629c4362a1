/*
 * turn - the time of one turn of the loop.
 *
 * The loop owns it and looks at the clock once per turn; the parts borrow it, so
 * that all that happens in a turn happens at one time.
 */
#ifndef SIDECAR_TURN_H
#define SIDECAR_TURN_H

#include <stdint.h>

struct turn {
	uint64_t now_ms;
	uint64_t now_us; /* the same moment, for what is measured */
};

#endif
