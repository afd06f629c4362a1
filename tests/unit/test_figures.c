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

/* Each part counts to another number, so that none is taken for its neighbour. */
static void
test_each_is_its_own(void)
{
	static const struct {
		enum figure figure;
		uint64_t expected;
	} all_of[] = {
		{ FIGURE_UPTIME, 60 },
		{ FIGURE_EVENTS, 101 },
		{ FIGURE_EVENTS_WAITING, 102 },
		{ FIGURE_EVENTS_REDELIVERED, 103 },
		{ FIGURE_EVENTS_GIVEN_UP, 119 },
		{ FIGURE_ROUTES_IDLE, 0 },
		{ FIGURE_PUSHES, 104 },
		{ FIGURE_SENT, 105 },
		{ FIGURE_DELIVERIES, 106 },
		{ FIGURE_DELIVERED_BYTES, 107 },
		{ FIGURE_MALFORMED, 108 },
		{ FIGURE_RELAY_HOSTS, 109 },
		{ FIGURE_RELAY_WAITING, 12 },
		{ FIGURE_RELAY_PUBLISHED, 110 },
		{ FIGURE_RELAY_RECEIVED, 111 },
		{ FIGURE_RELAY_DUPLICATES, 112 },
		{ FIGURE_RELAY_REFUSED, 113 },
		{ FIGURE_RELAY_MALFORMED, 114 },
		{ FIGURE_STARTED, 115 },
		{ FIGURE_CONNECTIONS, 116 },
		{ FIGURE_RECEIVED, 117 },
		{ FIGURE_RECEIVED_BYTES, 118 },
		{ FIGURE_QUEUED_BYTES, 0 },
	};
	struct feed busy = { .n_sent = 101, .n_waiting = 102, .redelivered = 103, .given_up = 119 };
	struct requests asked = { .pushes = { [WIRE_OK] = 104 } };
	struct hub full = { .batches = { .sent = 105, .delivered = 106, .delivered_bytes = 107 } };
	struct intake confused = { .n_malformed = 108 };
	struct relay others = { .transport = &transport,
		.hosts = { .n_here = 109 },
		.n_published = 110,
		.n_received = 111,
		.n_duplicates = 112,
		.n_refused = 113,
		.n_malformed = 114 };
	struct counters come = { .n_open = 116, .n_received = 117, .received_bytes = 118 };
	struct figures figures = all();

	figures.feed = &busy;
	figures.requests = &asked;
	figures.hub = &full;
	figures.intake = &confused;
	figures.relay = &others;
	figures.counters = &come;
	figures.started = 115;
	for (size_t i = 0; i < sizeof(all_of) / sizeof(all_of[0]); i++) {
		const struct figure_name *name = &figure_names[all_of[i].figure];

		OK(figure_value(&figures, all_of[i].figure) == all_of[i].expected,
		    name->stat != NULL ? name->stat : name->metric);
	}
}

int
main(void)
{
	test_each_is_its_own();
	test_names();
	test_two_forms();
	test_relay();
	return tap_done();
}
