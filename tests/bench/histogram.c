#include "tests/bench/histogram.h"

/* Below 2^5 each value has a step, above it each power of two has 2^5 steps. */
enum { BITS = 5, SUB = 1 << BITS };

void
histogram_add(struct histogram *histogram, uint64_t ns)
{
	uint64_t step = ns;

	if (ns >= SUB) {
		unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - BITS;

		step = (shift + 1) * SUB + (ns >> shift) - SUB;
	}
	histogram->count[step < HISTOGRAM_STEPS ? step : HISTOGRAM_STEPS - 1]++;
	histogram->n++;
}

double
histogram_us(const struct histogram *histogram, double share)
{
	uint64_t want = (uint64_t)((double)histogram->n * share), seen = 0, step = 0;

	if (histogram->n == 0)
		return 0;
	while (step < HISTOGRAM_STEPS - 1 && (seen += histogram->count[step]) <= want && seen < histogram->n)
		step++;
	return (double)(step < SUB ? step : (SUB + step % SUB) << (step / SUB - 1)) / 1e3;
}
