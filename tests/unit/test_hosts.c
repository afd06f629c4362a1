#include "sidecar/relay/hosts.h"
#include "tests/tap.h"

static const uint64_t one = 0x0000000100000007, two = 0x0000000200000007;

static void
test_come_and_go(void)
{
	struct hosts hosts = { 0 };
	struct host *host, *other;
	bool is_new;

	host = hosts_heard(&hosts, one, &is_new);
	OK(host != NULL && is_new && hosts.n_here == 1, "who speaks is there");
	OK(hosts_heard(&hosts, one, &is_new) == host && !is_new, "and is known from then on");
	other = hosts_heard(&hosts, two, &is_new);
	OK(hosts_find(&hosts, 1) == host && hosts_find(&hosts, 2) == other, "an instance leads to its host");
	OK(hosts_find(&hosts, 3) == NULL, "or to none");
	host->command_sequence = 5;
	hosts_leave(&hosts, host);
	OK(hosts_find(&hosts, 1) == NULL && hosts.n_here == 1, "who leaves is not there");
	OK(hosts_heard(&hosts, one, &is_new) == host && is_new && host->command_sequence == 5,
	    "and when it comes back, what it said is remembered");
	hosts_close(&hosts);
}

static void
test_silence(void)
{
	struct hosts hosts = { 0 };
	struct host *host;
	bool is_new;

	host = hosts_heard(&hosts, one, &is_new);
	for (int i = 0; i < HOSTS_BEATS; i++)
		hosts_beat(&hosts);
	OK(hosts_silent(&hosts) == NULL, "a few beats of silence are no death");
	hosts_heard(&hosts, two, &is_new);
	hosts_beat(&hosts);
	OK(hosts_silent(&hosts) == host, "more are");
	hosts_leave(&hosts, host);
	OK(hosts_silent(&hosts) == NULL, "who speaks stays");
	hosts_close(&hosts);
}

static void
test_await(void)
{
	struct hosts hosts = { 0 };
	struct host *host, *other;
	bool is_new;

	host = hosts_heard(&hosts, one, &is_new);
	other = hosts_heard(&hosts, two, &is_new);
	hosts_leave(&hosts, other);
	hosts_await_all(&hosts);
	OK(hosts.n_awaited == 1, "those that are there are awaited, no others");
	hosts_heard(&hosts, one, &is_new);
	OK(hosts.n_awaited == 1, "a word does not say that it hears us");
	hosts_arrived(&hosts, host);
	OK(hosts.n_awaited == 0, "its arrival does");
	hosts_await_all(&hosts);
	hosts_await_all(&hosts);
	hosts_leave(&hosts, host);
	OK(hosts.n_awaited == 0, "who is gone is not awaited");
	hosts_close(&hosts);
}

static void
test_next(void)
{
	struct hosts hosts = { 0 };
	struct host *host;
	uint32_t next = 1;
	bool is_new;

	OK(!hosts_next(&hosts, 0, &next) && next == 1, "of no hosts none is next");
	hosts_heard(&hosts, (uint64_t)9 << 32, &is_new);
	host = hosts_heard(&hosts, (uint64_t)5 << 32, &is_new);
	hosts_heard(&hosts, (uint64_t)UINT32_MAX << 32, &is_new);
	OK(hosts_next(&hosts, 0, &next) && next == 5, "the least is the first");
	OK(hosts_next(&hosts, 5, &next) && next == 5 && hosts_next(&hosts, 6, &next) && next == 9, "then the next one");
	hosts_leave(&hosts, host);
	OK(hosts_next(&hosts, 0, &next) && next == 9, "one that is gone is passed");
	OK(hosts_next(&hosts, 10, &next) && next == UINT32_MAX && !hosts_next(&hosts, (uint64_t)next + 1, &next),
	    "the greatest is the last");
	hosts_close(&hosts);
}

static void
test_many(void)
{
	struct hosts hosts = { 0 };
	struct host *host;
	bool is_new;

	for (uint64_t i = 0; i < HOSTS_MAX; i++)
		hosts_heard(&hosts, i << 32, &is_new);
	OK(hosts_heard(&hosts, (uint64_t)HOSTS_MAX << 32, &is_new) == NULL, "more than HOSTS_MAX are not taken");
	host = hosts_find(&hosts, 7);
	hosts_leave(&hosts, host);
	OK(hosts_heard(&hosts, (uint64_t)HOSTS_MAX << 32, &is_new) != NULL, "unless one is gone, which is forgotten");
	OK(hosts.n_here == HOSTS_MAX, "all of them are there");
	hosts_close(&hosts);
}

int
main(void)
{
	test_come_and_go();
	test_silence();
	test_await();
	test_next();
	test_many();
	return tap_done();
}
