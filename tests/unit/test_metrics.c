#include <string.h>

#include "shared/buf.h"
#include "sidecar/edge/counters.h"
#include "sidecar/feed/feed.h"
#include "sidecar/admin/figures.h"
#include "sidecar/feed/histogram.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/intake.h"
#include "sidecar/admin/metrics.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "sidecar/feed/workers.h"
#include "tests/tap.h"

static bool
has(const struct buf *text, const char *line)
{
	return memmem(text->data, text->len, line, strlen(line)) != NULL;
}

static void
test_text(void)
{
	struct counters counters = { .n_open = 7 };
	struct hub hub = { .batches.delivered = 11 };
	struct feed feed = { 0 };
	struct intake intake = { 0 };
	struct requests requests = { .pushes = { [WIRE_NO_ROUTE] = 5 } };
	struct routes routes = { 0 };
	struct workers workers = { 0 };
	const struct figures figures = { .counters = &counters,
		.hub = &hub,
		.feed = &feed,
		.routes = &routes,
		.workers = &workers,
		.intake = &intake,
		.requests = &requests,
		.started = 1700000000 };
	struct buf text = BUF_INIT;

	counters_add_upgrade(&counters, 400);
	counters_add_refusal(&counters, REFUSAL_HOST);
	histogram_add(&feed.round_trips, 60, 2);
	histogram_add(&feed.round_trips, 20000000, 1);
	metrics_put(&figures, &text);
	OK(!text.failed && text.data[text.len - 1] == '\n', "the last line ends");
	OK(has(&text, "# HELP tina4_connections ") && has(&text, "# TYPE tina4_connections gauge\n"),
	    "a figure says what it is");
	OK(has(&text, "\ntina4_connections 7\n") && has(&text, "\ntina4_deliveries_total 11\n"), "and how much");
	OK(has(&text, "tina4_upgrades_total{status=\"400\"} 1\n"), "upgrades have their status");
	OK(has(&text, "tina4_refusals_total{reason=\"bad-host\"} 1\n"), "refusals have their reason");
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
	test_text();
	return tap_done();
}
