#include <stdbool.h>
#include <sys/resource.h>

#include "config.h"
#include "shared/buf.h"
#include "sidecar/counters.h"
#include "sidecar/feed.h"
#include "sidecar/figures.h"
#include "sidecar/greeting.h"
#include "sidecar/histogram.h"
#include "sidecar/hub.h"
#include "sidecar/intake.h"
#include "sidecar/metrics.h"
#include "sidecar/relay.h"
#include "sidecar/workers.h"
#include "sidecar/ws.h"

/* --- the format ----------------------------------------------------------------- */

static void
put_head(struct buf *ret, const char *name, const char *type, const char *help)
{
	buf_printf(ret, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
put_gauge(struct buf *ret, const char *name, uint64_t value, const char *help)
{
	put_head(ret, name, "gauge", help);
	buf_printf(ret, "%s %llu\n", name, (unsigned long long)value);
}

static void
put_counter(struct buf *ret, const char *name, uint64_t value, const char *help)
{
	put_head(ret, name, "counter", help);
	buf_printf(ret, "%s %llu\n", name, (unsigned long long)value);
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

/* Counting it where it changes would cost the fan-out more than this costs who asks. */
static uint64_t
queued_bytes(const struct hub *hub)
{
	const struct client *client, *next;
	uint64_t bytes = 0;

	HASH_ITER(hh, hub->clients, client, next)
		bytes += client->socket.outq.bytes;
	return bytes;
}

static void
put_process(const struct figures *figures, struct buf *ret)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	put_head(ret, "tina4_build_info", "gauge", "The version that runs.");
	put_labelled(ret, "tina4_build_info", "version", PACKAGE_VERSION, 1);
	put_gauge(ret, "process_start_time_seconds", (uint64_t)figures->started, "Unix time of the start.");
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
	for (int i = 0; i < COUNTERS_UPGRADES; i++) {
		uint64_t n = figures->ws->counters.upgrades[i];

		if (i == COUNTERS_BAD_REQUEST)
			n += figures->browsers->n_refused;
		put_labelled(ret, name, "status", counters_upgrade_name(i), n);
	}
}

static void
put_connections(const struct figures *figures, struct buf *ret)
{
	static const char ends[] = "tina4_closes_total";

	put_gauge(ret, "tina4_connections", figures->ws->n_open, "WebSocket connections.");
	put_gauge(ret, "tina4_paths", HASH_COUNT(figures->hub->paths), "Paths that have connections.");
	put_upgrades(figures, ret);
	put_head(ret, ends, "counter", "Connections that ended, by how.");
	for (int i = 0; i < COUNTERS_ENDS; i++)
		put_labelled(ret, ends, "reason", counters_end_name(i), figures->ws->counters.ends[i]);
}

static void
put_messages(const struct figures *figures, struct buf *ret)
{
	const struct ws *ws = figures->ws;
	const struct hub *hub = figures->hub;

	put_counter(ret, "tina4_received_messages_total", ws->n_received, "Messages from clients.");
	put_counter(ret, "tina4_received_bytes_total", ws->received_bytes, "Bytes of messages from clients.");
	put_counter(ret, "tina4_sent_messages_total", hub->batches.sent,
	    "Messages to clients; one to a whole path counts once.");
	put_counter(
	    ret, "tina4_deliveries_total", hub->batches.delivered, "Messages to clients, times their recipients.");
	put_counter(ret, "tina4_delivered_bytes_total", hub->batches.delivered_bytes, "Bytes of their frames.");
	put_gauge(ret, "tina4_queued_bytes", queued_bytes(hub), "Bytes that wait for slow clients.");
}

static void
put_workers(const struct figures *figures, struct buf *ret)
{
	const struct feed *feed = figures->feed;

	put_gauge(ret, "tina4_workers", HASH_COUNT(figures->workers->by_peer), "Workers that are connected.");
	put_gauge(ret, "tina4_apps", HASH_COUNT(figures->intake->apps), "Other processes of apps that are connected.");
	put_gauge(ret, "tina4_events_waiting", feed->n_waiting, "Events that no worker has acknowledged yet.");
	put_counter(ret, "tina4_events_total", feed->n_sent, "Events that went to workers.");
	put_counter(ret, "tina4_events_redelivered_total", feed->redelivered,
	    "Events that went to another worker, because the first one died.");
	put_histogram(ret, "tina4_worker_round_trip_seconds", &feed->round_trips,
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
	const struct intake *intake = figures->intake;

	put_head(ret, name, "counter", "Pushes over the bus and over HTTP, by their outcome.");
	for (int i = 0; i < INTAKE_STATUSES; i++)
		if (is_of_push((enum wire_status)i))
			put_labelled(ret, name, "status", wire_status_name((enum wire_status)i), intake->pushes[i]);
	put_histogram(ret, "tina4_push_receipt_seconds", &intake->receipts,
	    "From the loop turn that found a push on the bus to its receipt.");
	put_counter(ret, "tina4_malformed_total", intake->n_malformed, "Messages on the bus that made no sense.");
}

/* Nothing without a relay, so that what is missing is not taken for broken. */
static void
put_relay(const struct relay *relay, struct buf *ret)
{
	static const char name[] = "tina4_relay_commands_total";

	if (relay == NULL)
		return;
	put_gauge(ret, "tina4_relay_up", relay_trouble(relay) == NULL,
	    "Whether the relay works: Redis answers, our own canary comes back, the other hosts are heard.");
	put_gauge(ret, "tina4_relay_waiting_bytes", outbox_bytes(&relay->redis.outbox),
	    "Bytes of commands that wait for Redis.");
	put_head(ret, name, "counter", "Commands between hosts, by what became of them.");
	put_labelled(ret, name, "result", "published", relay->n_published);
	put_labelled(ret, name, "result", "received", relay->n_received);
	put_labelled(ret, name, "result", "duplicate", relay->n_duplicates);
	put_labelled(ret, name, "result", "refused", relay->n_refused);
	put_labelled(ret, name, "result", "malformed", relay->n_malformed);
}

void
metrics_put(const struct figures *figures, struct buf *ret)
{
	put_process(figures, ret);
	put_connections(figures, ret);
	put_messages(figures, ret);
	put_workers(figures, ret);
	put_pushes(figures, ret);
	put_relay(figures->relay, ret);
}
