#include "shared/conf.h"
#include "sidecar/edge/quotas.h"
#include "tests/tap.h"

static struct conf conf;
static struct quotas quotas;

/* Asks for n upgrades at a moment. Returns how many are let in. */
static int
let_in(const char *ip, int n, uint64_t now_ms)
{
	int in = 0;

	while (n-- > 0)
		in += quotas_refuse(&quotas, ip, now_ms) == REFUSAL_NONE;
	return in;
}

static void
a_rate_is_an_average(void)
{
	uint64_t paid = 0;
	int taken = 0;

	for (int i = 0; i < 100; i++)
		taken += quota_take(&paid, 2, 1000);
	OK(taken == 2 * QUOTA_BURST_MS / 1000, "ten seconds' worth at once");
	OK(!quota_take(&paid, 2, 1400) && quota_take(&paid, 2, 1500) && !quota_take(&paid, 2, 1500),
	    "then one each time that the rate allows one");
	taken = 0;
	for (int i = 0; i < 100; i++)
		taken += quota_take(&paid, 2, 100000);
	OK(taken == 20, "and no more at once after a long pause");
	paid = 0;
	for (int i = 0; i < 1000; i++)
		taken += quota_take(&paid, 0, 0);
	OK(taken == 1020 && paid == 0, "a rate of 0 is no limit");
}

static void
nothing_is_counted_unless_it_is_asked_for(void)
{
	conf = (struct conf){ 0 };
	OK(let_in("192.0.2.1", 1000, 0) == 1000, "no limit, no refusal");
	OK(quotas_enter(&quotas, "192.0.2.1") == NULL && quotas.by_address == NULL, "and no memory");
	quotas_leave(NULL);
}

static void
connections_are_counted_by_address(void)
{
	struct quota *first, *second;

	conf = (struct conf){ .ws_max_per_address = 2 };
	first = quotas_enter(&quotas, "192.0.2.1");
	OK(let_in("192.0.2.1", 1, 0) == 1, "one of two is there");
	second = quotas_enter(&quotas, "192.0.2.1");
	OK(first == second && let_in("192.0.2.1", 1, 0) == 0, "a third is refused");
	OK(let_in("::ffff:192.0.2.1", 1, 0) == 0, "the address in its other form as well");
	OK(let_in("192.0.2.2", 1, 0) == 1, "the neighbour is not");
	OK(let_in("", 1, 0) == 1, "nor is who has no address");
	quotas_leave(first);
	OK(let_in("192.0.2.1", 1, 0) == 1, "who leaves makes room");
	quotas_leave(second);
	quotas_tick(&quotas, 0);
	OK(quotas.by_address == NULL, "and nothing stays");
}

static void
the_unknown_count_as_one(void)
{
	struct quota *first = quotas_enter(&quotas, "unknown"), *second = quotas_enter(&quotas, "unknown");

	OK(first != NULL && first == second && let_in("unknown", 1, 0) == 0,
	    "whom a proxy does not name shares a limit");
	quotas_leave(first);
	quotas_leave(second);
	quotas_tick(&quotas, 0);
}

static void
ipv6_counts_by_network(void)
{
	struct quota *quota = quotas_enter(&quotas, "2001:db8:1:2::1");

	conf.ws_max_per_address = 1;
	OK(let_in("2001:db8:1:2:3::4", 1, 0) == 0, "the same network of 64 bits is the same customer");
	OK(let_in("2001:db8:1:3::1", 1, 0) == 1, "the next one is another");
	quotas_leave(quota);
	quotas_tick(&quotas, 0);
}

static void
upgrades_have_a_rate(void)
{
	conf = (struct conf){ .ws_upgrade_rate = 1 };
	OK(let_in("192.0.2.1", 100, 5000) == 10, "ten at once");
	OK(let_in("192.0.2.2", 5, 5000) == 5, "each address for itself");
	quotas_tick(&quotas, 5000);
	OK(let_in("192.0.2.1", 5, 5000) == 0, "a tick forgives nothing");
	OK(let_in("192.0.2.1", 5, 7000) == 2, "time does");
	quotas_tick(&quotas, 60000);
	OK(quotas.by_address == NULL, "in the end it is forgotten");
}

static void
there_is_an_end_to_addresses(void)
{
	char ip[32];
	int in = 0;

	for (unsigned i = 0; i < QUOTAS_MAX + 10; i++) {
		snprintf(ip, sizeof(ip), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		in += let_in(ip, 1, 0);
	}
	OK(in == QUOTAS_MAX + 10, "too many addresses are let in");
	OK(let_in("10.1.0.5", 100, 0) == 100, "but those past the limit are not counted");
	OK(let_in("10.0.0.5", 100, 0) == 9, "as those before it still are");
}

int
main(void)
{
	quotas_open(&quotas, &conf);
	a_rate_is_an_average();
	nothing_is_counted_unless_it_is_asked_for();
	connections_are_counted_by_address();
	the_unknown_count_as_one();
	ipv6_counts_by_network();
	upgrades_have_a_rate();
	there_is_an_end_to_addresses();
	quotas_close(&quotas);
	return tap_done();
}
