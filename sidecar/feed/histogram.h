/*
 * histogram - how long something took, counted by size.
 *
 * The bounds are the same for all of them: from 50 microseconds, which is what
 * one hop of the bus costs, to 10 seconds.
 */
#ifndef SIDECAR_HISTOGRAM_H
#define SIDECAR_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 14 };

struct histogram {
	uint64_t n[HISTOGRAM_BOUNDS + 1]; /* of those above the bound before, up to this one; the last is above all */
	uint64_t sum_us;
};

/* The upper bounds, in microseconds, ascending. */
extern const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* Counts that something took us microseconds, so many times. */
static inline void
histogram_add(struct histogram *histogram, uint64_t us, uint64_t times)
{
	int i = 0;

	while (i < HISTOGRAM_BOUNDS && us > histogram_bounds_us[i])
		i++;
	histogram->n[i] += times;
	histogram->sum_us += us * times;
}

#endif
