/*
 * histogram - latencies, in steps of at most 3 %.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 32 * 60 };

/* Zeroed: empty. */
struct histogram {
	uint64_t count[HISTOGRAM_STEPS];
	uint64_t n;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* The value that this share of them (0 to 1) is not above, in microseconds; 0 when it is empty. */
double histogram_us(const struct histogram *histogram, double share);

#endif
