#include <stdbool.h>
#include <sys/resource.h>

#include "config.h"
#include "shared/buf.h"
#include "sidecar/edge/counters.h"
#include "sidecar/feed/feed.h"
#include "sidecar/admin/figures.h"
#include "sidecar/feed/histogram.h"
#include "sidecar/feed/intake.h"
#include "sidecar/admin/metrics.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/requests.h"

/* --- the format ----------------------------------------------------------------- */

static void
put_head(struct buf *ret, const char *name, const char *type, const char *help)
{
	buf_printf(ret, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One that is called so in the table. */
static void
put(struct buf *ret, const struct figures *figures, enum figure figure)
{
	const struct figure_name *name = &figure_names[figure];

	put_head(ret, name->metric, name->type, name->help);
	buf_printf(ret, "%s %llu\n", name->metric, (unsigned long long)figure_value(figures, figure));
}

static void
put_labelled(struct buf *ret, const char *name, const char *label, const char *value, uint64_t n)
{
	buf_printf(ret, "%s{%s=\"%s\"} %llu\n", name, label, value, (unsigned long long)n);
}

static void
put_histogram(struct buf *ret, const char *name, const struct histogram *histogram, const char *help)
{
	uint64_t n = 0;

	put_head(ret, name, "histogram", help);
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += histogram->n[i];
		buf_printf(
		    ret, "%s_bucket{le=\"%g\"} %llu\n", name, histogram_bounds_us[i] / 1e6, (unsigned long long)n);
	}
	n += histogram->n[HISTOGRAM_BOUNDS];
	buf_printf(ret, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)n);
	buf_printf(
	    ret, "%s_sum %.6f\n%s_count %llu\n", name, (double)histogram->sum_us / 1e6, name, (unsigned long long)n);
}

/* --- the figures -------------------------------------------------------------------- */

static void
put_process(const struct figures *figures, struct buf *ret)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	put_head(ret, "tina4_build_info", "gauge", "The version that runs.");
	put_labelled(ret, "tina4_build_info", "version", PACKAGE_VERSION, 1);
	put(ret, figures, FIGURE_STARTED);
	put(ret, figures, FIGURE_LOG_DROPPED);
	put_head(ret, "process_cpu_seconds_total", "counter", "Processor time, of user and system.");
	buf_printf(ret, "process_cpu_seconds_total %.6f\n",
	    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void
put_upgrades(const struct figures *figures, struct buf *ret)
{
	static const char name[] = "tina4_upgrades_total";

	put_head(ret, name, "counter", "Requests at the WebSocket listeners, by the status that they were answered.");
	for (int i = 0; i < COUNTERS_UPGRADES; i++)
		put_labelled(ret, name, "status", counters_upgrade_name(i), figures->counters->upgrades[i]);
}

static void
put_refusals(const struct figures *figures, struct buf *ret)
{
	static const char name[] = "tina4_refusals_total";

	put_head(ret, name, "counter",
	    "Requests at all listeners that were refused before they had a route, by the reason.");
	for (int i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++)
		put_labelled(ret, name, "reason", refusal_name((enum refusal)i), figures->counters->refusals[i]);
}

static void
put_connections(const struct figures *figures, struct buf *ret)
{
	static const char ends[] = "tina4_closes_total";

	put(ret, figures, FIGURE_CONNECTIONS);
	put(ret, figures, FIGURE_STREAMS);
	put(ret, figures, FIGURE_PATHS);
	put(ret, figures, FIGURE_MEMBERS);
	put_upgrades(figures, ret);
	put_refusals(figures, ret);
	put_head(ret, ends, "counter", "Connections that ended, by how.");
	for (int i = 0; i < COUNTERS_ENDS; i++)
		put_labelled(ret, ends, "reason", counters_end_name(i), figures->counters->ends[i]);
}

static void
put_messages(const struct figures *figures, struct buf *ret)
{
	put(ret, figures, FIGURE_RECEIVED);
	put(ret, figures, FIGURE_RECEIVED_BYTES);
	put(ret, figures, FIGURE_SENT);
	put(ret, figures, FIGURE_DELIVERIES);
	put(ret, figures, FIGURE_DELIVERED_BYTES);
	put(ret, figures, FIGURE_QUEUED_BYTES);
	put(ret, figures, FIGURE_MEMORY);
	put(ret, figures, FIGURE_MEMORY_LIMIT);
}

static void
put_history(const struct figures *figures, struct buf *ret)
{
	static const char ends[] = "tina4_history_dropped_total", positions[] = "tina4_history_positions_total";
	static const char *const why[] = {
		[HISTORY_FULL] = "full", [HISTORY_OLD] = "old", [HISTORY_BYTES] = "bytes", [HISTORY_MEMORY] = "memory"
	};
	const struct histories *histories = &figures->hub->histories;

	put(ret, figures, FIGURE_HISTORY_MESSAGES);
	put(ret, figures, FIGURE_HISTORY_BYTES);
	put_head(ret, ends, "counter", "Messages that are kept no more, by the reason.");
	for (int i = 0; i < HISTORY_ENDS; i++)
		put_labelled(ret, ends, "reason", why[i], histories->n_ended[i]);
	put_head(ret, positions, "counter", "Clients that said where they had been, by what became of it.");
	put_labelled(ret, positions, "outcome", "whole", histories->n_resumed);
	put_labelled(ret, positions, "outcome", "gap", histories->n_gaps);
	put_labelled(ret, positions, "outcome", "malformed", histories->n_malformed);
}

static void
put_workers(const struct figures *figures, struct buf *ret)
{
	put(ret, figures, FIGURE_WORKERS);
	put(ret, figures, FIGURE_APPS);
	put(ret, figures, FIGURE_EVENTS_WAITING);
	put(ret, figures, FIGURE_EVENTS);
	put(ret, figures, FIGURE_EVENTS_REDELIVERED);
	put(ret, figures, FIGURE_EVENTS_GIVEN_UP);
	put(ret, figures, FIGURE_CLIENT_REQUESTS);
	put(ret, figures, FIGURE_CLIENT_REQUESTS_AGAIN);
	put(ret, figures, FIGURE_CLIENT_REQUESTS_REFUSED);
	put(ret, figures, FIGURE_ONCE_BYTES);
	put(ret, figures, FIGURE_FOREIGN_CONTROL);
	put(ret, figures, FIGURE_ROUTES_IDLE);
	put_histogram(ret, "tina4_worker_round_trip_seconds", &figures->feed->round_trips,
	    "From an event's way to its worker to its acknowledgement.");
}

static bool
is_of_push(enum wire_status status)
{
	switch (status) {
	case WIRE_OK:
	case WIRE_NO_ROUTE:
	case WIRE_TOO_LARGE:
	case WIRE_EXPIRED:
	case WIRE_INVALID:
	case WIRE_BUSY:
	case WIRE_NOT_RELAYED:
	case WIRE_NOT_READY:
		return true;
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
	case WIRE_NO_CONN:
		break;
	}
	return false;
}

static void
put_pushes(const struct figures *figures, struct buf *ret)
{
	static const char name[] = "tina4_pushes_total";

	put_head(ret, name, "counter", "Pushes over the bus and over HTTP, by their outcome.");
	for (int i = 0; i < REQUESTS_STATUSES; i++)
		if (is_of_push((enum wire_status)i))
			put_labelled(
			    ret, name, "status", wire_status_name((enum wire_status)i), figures->requests->pushes[i]);
	put_histogram(ret, "tina4_push_receipt_seconds", &figures->intake->receipts,
	    "From the loop turn that found a push on the bus to its receipt.");
	put(ret, figures, FIGURE_MALFORMED);
}

static void
put_commands(const struct figures *figures, struct buf *ret)
{
	static const char name[] = "tina4_relay_commands_total";
	static const struct {
		const char *result;
		enum figure figure;
	} all[] = {
		{ "published", FIGURE_RELAY_PUBLISHED },
		{ "received", FIGURE_RELAY_RECEIVED },
		{ "duplicate", FIGURE_RELAY_DUPLICATES },
		{ "refused", FIGURE_RELAY_REFUSED },
		{ "malformed", FIGURE_RELAY_MALFORMED },
	};

	put_head(ret, name, "counter", "Commands between hosts, by what became of them.");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		put_labelled(ret, name, "result", all[i].result, figure_value(figures, all[i].figure));
}

/* Nothing without a relay, so that what is missing is not taken for broken. */
static void
put_relay(const struct figures *figures, struct buf *ret)
{
	if (figures->relay == NULL)
		return;
	put(ret, figures, FIGURE_RELAY_UP);
	put(ret, figures, FIGURE_RELAY_WAITING);
	put_commands(figures, ret);
	put(ret, figures, FIGURE_RELAY_REPAIRED);
	put(ret, figures, FIGURE_RELAY_UNSTORED);
	put(ret, figures, FIGURE_RELAY_GAPS);
	put(ret, figures, FIGURE_RELAY_CALLS);
}

void
metrics_put(const struct figures *figures, struct buf *ret)
{
	put_process(figures, ret);
	put_connections(figures, ret);
	put_messages(figures, ret);
	put_history(figures, ret);
	put_workers(figures, ret);
	put_pushes(figures, ret);
	put_relay(figures, ret);
}
