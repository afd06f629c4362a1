#include <string.h>

#include "shared/buf.h"
#include "sidecar/feed.h"
#include "sidecar/figures.h"
#include "sidecar/greeting.h"
#include "sidecar/histogram.h"
#include "sidecar/hub.h"
#include "sidecar/intake.h"
#include "sidecar/metrics.h"
#include "sidecar/tally.h"
#include "sidecar/workers.h"
#include "sidecar/ws.h"
#include "tests/tap.h"

static uint64_t
ended(const char *why, uint16_t code, const char *name)
{
	struct tally tally = { 0 };

	tally_end(&tally, why, code);
	for (int i = 0; i < TALLY_ENDS; i++)
		if (strcmp(tally_end_name(i), name) == 0)
			return tally.ends[i];
	return 0;
}

static void
test_ends(void)
{
	OK(ended(NULL, 1000, "normal") && ended(NULL, 1009, "too-large"), "a close has the name of its code");
	OK(ended(NULL, 0, "lost") && ended(NULL, 1006, "lost"), "without one the connection was lost");
	OK(ended(NULL, 3000, "application") && ended(NULL, 4999, "application"), "applications' codes are one");
	OK(ended(NULL, 1012, "other"), "a rare one is another");
	OK(ended("queue-full", 1000, "queue-full"), "what we dropped it for goes first");
	OK(ended("not-opened", 0, "other"), "a rare reason is another, too");
}

static uint64_t
upgraded(int status, const char *name)
{
	struct tally tally = { 0 };

	tally_upgrade(&tally, status);
	for (int i = 0; i < TALLY_UPGRADES; i++)
		if (strcmp(tally_upgrade_name(i), name) == 0)
			return tally.upgrades[i];
	return 0;
}

static void
test_upgrades(void)
{
	OK(upgraded(101, "101") && upgraded(503, "503"), "an upgrade is counted by its status");
	OK(upgraded(418, "other"), "an unexpected one is another");
	OK(strcmp(tally_upgrade_name(TALLY_BAD_REQUEST), "400") == 0, "a bad request has its place");
}

static void
test_histogram(void)
{
	struct histogram histogram = { 0 };
	bool ascending = true;

	for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
		ascending &= histogram_bounds_us[i - 1] < histogram_bounds_us[i];
	OK(ascending, "bounds ascend");
	histogram_add(&histogram, 0, 1);
	histogram_add(&histogram, 50, 1);
	OK(histogram.n[0] == 2, "a bound belongs to what is below it");
	histogram_add(&histogram, 51, 3);
	OK(histogram.n[1] == 3, "several are counted at once");
	histogram_add(&histogram, 10000001, 1);
	OK(histogram.n[HISTOGRAM_BOUNDS] == 1, "the last has no bound");
	OK(histogram.sum_us == 50 + 3 * 51 + 10000001, "the sum is of all");
}

static bool
has(const struct buf *text, const char *line)
{
	return memmem(text->data, text->len, line, strlen(line)) != NULL;
}

static void
test_text(void)
{
	struct ws ws = { .n_open = 7, .tally.upgrades[TALLY_BAD_REQUEST] = 2 };
	struct greetings browsers = { .n_refused = 3 };
	struct hub hub = { .batches.delivered = 11 };
	struct feed feed = { 0 };
	struct intake intake = { .pushes = { [WIRE_NO_ROUTE] = 5 } };
	struct workers workers = { 0 };
	const struct figures figures = { .ws = &ws,
		.browsers = &browsers,
		.hub = &hub,
		.feed = &feed,
		.workers = &workers,
		.intake = &intake,
		.started = 1700000000 };
	struct buf text = BUF_INIT;

	histogram_add(&feed.round_trips, 60, 2);
	histogram_add(&feed.round_trips, 20000000, 1);
	metrics_put(&figures, &text);
	OK(!text.failed && text.data[text.len - 1] == '\n', "the last line ends");
	OK(has(&text, "# HELP tina4_connections ") && has(&text, "# TYPE tina4_connections gauge\n"),
	    "a figure says what it is");
	OK(has(&text, "\ntina4_connections 7\n") && has(&text, "\ntina4_deliveries_total 11\n"), "and how much");
	OK(has(&text, "tina4_upgrades_total{status=\"400\"} 5\n"), "bad requests are added up");
	OK(has(&text, "tina4_pushes_total{status=\"no-route\"} 5\n"), "pushes have their outcome");
	OK(has(&text, "tina4_worker_round_trip_seconds_bucket{le=\"5e-05\"} 0\n") &&
		has(&text, "tina4_worker_round_trip_seconds_bucket{le=\"0.0001\"} 2\n") &&
		has(&text, "tina4_worker_round_trip_seconds_bucket{le=\"10\"} 2\n") &&
		has(&text, "tina4_worker_round_trip_seconds_bucket{le=\"+Inf\"} 3\n"),
	    "a histogram is cumulative");
	OK(has(&text, "_seconds_sum 20.000120\n") && has(&text, "_seconds_count 3\n"), "with its sum and count");
	OK(has(&text, "process_start_time_seconds 1700000000\n"), "the start is there");
	buf_free(&text);
}

int
main(void)
{
	test_ends();
	test_upgrades();
	test_histogram();
	test_text();
	return tap_done();
}
