#include <time.h>

#include "shared/clock.h"

static int64_t
read_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t
clock_ms(void)
{
	return clock_ns() / 1000000;
}

uint64_t
clock_unix_ms(void)
{
	return (uint64_t)(read_ns(CLOCK_REALTIME) / 1000000);
}
