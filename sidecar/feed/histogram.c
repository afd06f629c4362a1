#include "sidecar/feed/histogram.h"

const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	50,
	100,
	250,
	500,
	1000,
	2500,
	5000,
	10000,
	25000,
	100000,
	250000,
	1000000,
	2500000,
	10000000,
};
