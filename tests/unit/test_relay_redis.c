#include "sidecar/relay/relay_redis.h"
#include "tests/tap.h"

static void
test_pause(void)
{
	bool bounded = true;

	OK(relay_redis_pause_ms(0, 0) == 0, "the pause before an attempt may be none");
	OK(relay_redis_pause_ms(0, UINT32_MAX) == RELAY_REDIS_FIRST_PAUSE_MS - 1, "the first one is short");
	OK(relay_redis_pause_ms(3, UINT32_MAX) == 8 * RELAY_REDIS_FIRST_PAUSE_MS - 1,
	    "the longest possible one doubles");
	OK(relay_redis_pause_ms(3, UINT32_MAX / 4) == 2 * RELAY_REDIS_FIRST_PAUSE_MS - 1,
	    "and any pause up to it is as likely: full jitter");
	for (unsigned attempts = 0; attempts < 100; attempts++)
		bounded = bounded && relay_redis_pause_ms(attempts, UINT32_MAX) < RELAY_REDIS_LAST_PAUSE_MS;
	OK(bounded, "it never grows past the last");
}

int
main(void)
{
	test_pause();
	return tap_done();
}
