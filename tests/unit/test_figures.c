#include <string.h>

#include "shared/buf.h"
#include "sidecar/edge/counters.h"
#include "sidecar/feed/feed.h"
#include "sidecar/admin/figures.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/intake.h"
#include "sidecar/admin/metrics.h"
#include "sidecar/relay/relay.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "sidecar/admin/stats.h"
#include "sidecar/relay/transport.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"
#include "tests/tap.h"

static size_t
waiting_bytes(const struct transport *of)
{
	(void)of;
	return 12;
}

static struct counters counters = { .n_received = 4 };
static struct hub hub = { .batches.delivered = 11 };
static struct feed feed = { .n_sent = 5, .n_waiting = 2 };
static struct routes routes;
static struct workers workers;
static struct intake intake = { .n_malformed = 7 };
static struct requests requests;
static const struct transport_calls calls = { .waiting_bytes = waiting_bytes };
static struct transport transport = { .calls = &calls };
static struct relay relay = { .transport = &transport, .n_published = 9 };
static struct turn turn = { .now_ms = 65000 };

static struct figures
all(void)
{
	return (struct figures){ .counters = &counters,
		.hub = &hub,
		.feed = &feed,
		.routes = &routes,
		.workers = &workers,
		.intake = &intake,
		.requests = &requests,
		.turn = &turn,
		.started_ms = 5000 };
}

static void
test_names(void)
{
	bool told = true, complete = true;

	for (int i = 0; i < FIGURES; i++) {
		const struct figure_name *name = &figure_names[i];

		told &= name->stat != NULL || name->metric != NULL;
		complete &=
		    (name->metric == NULL) == (name->type == NULL) && (name->metric == NULL) == (name->help == NULL);
	}
	OK(told, "each figure is told somewhere");
	OK(complete, "a metric has its type and its help");
}

static bool
has(const struct buf *text, const char *line)
{
	return memmem(text->data, text->len, line, strlen(line)) != NULL;
}

static void
test_two_forms(void)
{
	struct figures figures = all();
	struct buf stats = BUF_INIT, metrics = BUF_INIT;

	stats_put(&figures, &stats);
	metrics_put(&figures, &metrics);
	OK(has(&stats, "uptime_s=60\n"), "uptime is in seconds");
	OK(has(&stats, "events=5\n") && has(&metrics, "\ntina4_events_total 5\n"),
	    "a figure is the same in both forms");
	OK(has(&stats, "deliveries=11\n") && has(&metrics, "\ntina4_deliveries_total 11\n"), "whoever counts it");
	OK(!has(&stats, "received") && has(&metrics, "\ntina4_received_messages_total 4\n"), "some have one form only");
	buf_free(&stats);
	buf_free(&metrics);
}

static void
test_relay(void)
{
	struct figures figures = all();
	struct buf alone = BUF_INIT, together = BUF_INIT, metrics = BUF_INIT;

	stats_put(&figures, &alone);
	figures.relay = &relay;
	stats_put(&figures, &together);
	metrics_put(&figures, &metrics);
	OK(!has(&alone, "relay_"), "without a relay there is nothing of it");
	OK(has(&together, "relay_up=0\n") && has(&together, "relay_waiting_bytes=12\n") &&
		has(&together, "relay_published=9\n"),
	    "else it is told");
	OK(has(&metrics, "tina4_relay_commands_total{result=\"published\"} 9\n"), "in metrics by its label");
	buf_free(&alone);
	buf_free(&together);
	buf_free(&metrics);
}

int
main(void)
{
	test_names();
	test_two_forms();
	test_relay();
	return tap_done();
}
