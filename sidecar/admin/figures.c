#include "shared/log.h"
#include "sidecar/edge/counters.h"
#include "sidecar/feed/feed.h"
#include "sidecar/admin/figures.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/feed/intake.h"
#include "sidecar/relay/relay.h"
#include "sidecar/relay/transport.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/roster.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"

const struct figure_name figure_names[FIGURES] = {
	[FIGURE_UPTIME] = { .stat = "uptime_s" },
	[FIGURE_CLIENTS] = { .stat = "connections" },
	[FIGURE_STREAMS] = { "event_streams", "tina4_event_streams", "gauge",
	    "Connections that are event streams, which only listen." },
	[FIGURE_PATHS] = { "paths", "tina4_paths", "gauge", "Paths that have connections." },
	[FIGURE_MEMBERS] = { "members", "tina4_members", "gauge",
	    "Connections whose handlers let others on their path see them, also of other hosts." },
	[FIGURE_WORKERS] = { "workers", "tina4_workers", "gauge", "Workers that are connected." },
	[FIGURE_APPS] = { "apps", "tina4_apps", "gauge", "Other processes of apps that are connected." },
	[FIGURE_EVENTS] = { "events", "tina4_events_total", "counter", "Events that went to workers." },
	[FIGURE_EVENTS_WAITING] = { "events_waiting", "tina4_events_waiting", "gauge",
	    "Events that no worker has acknowledged yet." },
	[FIGURE_EVENTS_REDELIVERED] = { "events_redelivered", "tina4_events_redelivered_total", "counter",
	    "Events that went to another worker, because the first one died." },
	[FIGURE_EVENTS_GIVEN_UP] = { "events_given_up", "tina4_events_given_up_total", "counter",
	    "Events over which several workers died: their connections were closed with 1011." },
	[FIGURE_CLIENT_REQUESTS] = { "client_requests", "tina4_client_requests_total", "counter",
	    "Requests of clients, with those that came again." },
	[FIGURE_CLIENT_REQUESTS_AGAIN] = { "client_requests_again", "tina4_client_requests_again_total", "counter",
	    "Of these: came again after a cut, and were remembered." },
	[FIGURE_CLIENT_REQUESTS_REFUSED] = { "client_requests_refused", "tina4_client_requests_refused_total",
	    "counter", "Of these: no handler gets them." },
	[FIGURE_ONCE_BYTES] = { NULL, "tina4_once_bytes", "gauge",
	    "Bytes of requests that are remembered: at most TINA4_WS_ONCE_BYTES." },
	[FIGURE_FOREIGN_CONTROL] = { NULL, "tina4_foreign_control_frames_total", "counter",
	    "Control frames of frond.1 from clients that make no sense here." },
	[FIGURE_ROUTES_IDLE] = { "routes_without_worker", "tina4_routes_without_worker", "gauge",
	    "Routes whose handler no worker runs." },
	[FIGURE_PUSHES] = { .stat = "pushes" },
	[FIGURE_SENT] = { "messages", "tina4_sent_messages_total", "counter",
	    "Messages to clients; one to a whole path counts once." },
	[FIGURE_DELIVERIES] = { "deliveries", "tina4_deliveries_total", "counter",
	    "Messages to clients, times their recipients." },
	[FIGURE_MALFORMED] = { "malformed", "tina4_malformed_total", "counter",
	    "Messages on the bus that made no sense." },
	[FIGURE_RELAY_UP] = { "relay_up", "tina4_relay_up", "gauge",
	    "Whether the relay works: Redis answers, our own canary comes back, the other hosts are heard." },
	[FIGURE_RELAY_HOSTS] = { .stat = "relay_hosts" },
	[FIGURE_RELAY_WAITING] = { "relay_waiting_bytes", "tina4_relay_waiting_bytes", "gauge",
	    "Bytes of commands that wait for Redis." },
	/* in metrics these are one, by its label */
	[FIGURE_RELAY_PUBLISHED] = { .stat = "relay_published" },
	[FIGURE_RELAY_RECEIVED] = { .stat = "relay_received" },
	[FIGURE_RELAY_DUPLICATES] = { .stat = "relay_duplicates" },
	[FIGURE_RELAY_REFUSED] = { .stat = "relay_refused" },
	[FIGURE_RELAY_MALFORMED] = { .stat = "relay_malformed" },
	[FIGURE_RELAY_REPAIRED] = { "relay_repaired", "tina4_relay_repaired_total", "counter",
	    "Commands of other hosts that were missing here, and were told again." },
	[FIGURE_RELAY_UNSTORED] = { "relay_unstored", "tina4_relay_unstored_total", "counter",
	    "Times that Redis did not store what a path keeps." },
	[FIGURE_RELAY_CALLS] = { "relay_calls", "tina4_relay_calls_total", "counter",
	    "Times that another host was asked again who is on a path." },
	[FIGURE_RELAY_GAPS] = { "relay_gaps", "tina4_relay_gaps_total", "counter",
	    "Times that commands of another host on a path were missing here for good." },
	[FIGURE_STARTED] = { NULL, "process_start_time_seconds", "gauge", "Unix time of the start." },
	[FIGURE_CONNECTIONS] = { NULL, "tina4_connections", "gauge", "WebSocket connections and event streams." },
	[FIGURE_RECEIVED] = { NULL, "tina4_received_messages_total", "counter", "Messages from clients." },
	[FIGURE_RECEIVED_BYTES] = { NULL, "tina4_received_bytes_total", "counter", "Bytes of messages from clients." },
	[FIGURE_DELIVERED_BYTES] = { NULL, "tina4_delivered_bytes_total", "counter", "Bytes of their frames." },
	[FIGURE_MEMORY] = { NULL, "tina4_memory_bytes", "gauge", "Bytes that clients make the sidecar hold." },
	[FIGURE_MEMORY_LIMIT] = { NULL, "tina4_memory_limit_bytes", "gauge", "How many they may be: TINA4_WS_MEMORY." },
	[FIGURE_HISTORY_MESSAGES] = { NULL, "tina4_history_messages", "gauge",
	    "Messages that are kept for clients that come back." },
	[FIGURE_HISTORY_BYTES] = { NULL, "tina4_history_bytes", "gauge",
	    "Bytes of these: at most TINA4_WS_HISTORY_BYTES." },
	[FIGURE_LOG_DROPPED] = { NULL, "tina4_log_lines_dropped_total", "counter",
	    "Lines of the log that nobody read in time." },
	[FIGURE_QUEUED_BYTES] = { NULL, "tina4_queued_bytes", "gauge", "Bytes that wait for slow clients." },
};

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

/* Others are there for what is kept of them. */
static uint64_t
paths_in_use(const struct hub *hub)
{
	const struct path *path, *next;
	uint64_t n = 0;

	HASH_ITER(hh, hub->paths, path, next)
		n += path->n_clients > 0;
	return n;
}

static uint32_t
routes_idle(const struct figures *figures)
{
	uint32_t n;

	roster_idle_route(figures->routes, figures->workers, &n);
	return n;
}

bool
figure_exists(const struct figures *figures, enum figure figure)
{
	return figures->relay != NULL || figure < FIGURE_RELAY_UP || figure > FIGURE_RELAY_GAPS;
}

uint64_t
figure_value(const struct figures *figures, enum figure figure)
{
	switch (figure) {
	case FIGURE_UPTIME:
		return (figures->turn->now_ms - figures->started_ms) / 1000;
	case FIGURE_CLIENTS:
		return HASH_COUNT(figures->hub->clients);
	case FIGURE_STREAMS:
		return figures->counters->n_streams;
	case FIGURE_PATHS:
		return paths_in_use(figures->hub);
	case FIGURE_MEMBERS:
		return figures->hub->presences.n;
	case FIGURE_WORKERS:
		return HASH_COUNT(figures->workers->by_peer);
	case FIGURE_APPS:
		return HASH_COUNT(figures->intake->apps);
	case FIGURE_EVENTS:
		return figures->feed->n_sent;
	case FIGURE_EVENTS_WAITING:
		return figures->feed->n_waiting;
	case FIGURE_EVENTS_REDELIVERED:
		return figures->feed->redelivered;
	case FIGURE_EVENTS_GIVEN_UP:
		return figures->feed->given_up;
	case FIGURE_CLIENT_REQUESTS:
		return figures->feed->asks.n_requests;
	case FIGURE_CLIENT_REQUESTS_AGAIN:
		return figures->feed->asks.n_again;
	case FIGURE_CLIENT_REQUESTS_REFUSED:
		return figures->feed->asks.n_refused;
	case FIGURE_ONCE_BYTES:
		return figures->feed->once.bytes;
	case FIGURE_FOREIGN_CONTROL:
		return figures->feed->asks.n_foreign;
	case FIGURE_ROUTES_IDLE:
		return routes_idle(figures);
	case FIGURE_PUSHES:
		return figures->requests->pushes[WIRE_OK];
	case FIGURE_SENT:
		return figures->hub->batches.sent;
	case FIGURE_DELIVERIES:
		return figures->hub->batches.delivered;
	case FIGURE_MALFORMED:
		return figures->intake->n_malformed;
	case FIGURE_RELAY_UP:
		return relay_trouble(figures->relay) == NULL;
	case FIGURE_RELAY_HOSTS:
		return figures->relay->hosts.n_here;
	case FIGURE_RELAY_WAITING:
		return relay_waiting_bytes(figures->relay);
	case FIGURE_RELAY_PUBLISHED:
		return figures->relay->n_published;
	case FIGURE_RELAY_RECEIVED:
		return figures->relay->n_received;
	case FIGURE_RELAY_DUPLICATES:
		return figures->relay->n_duplicates;
	case FIGURE_RELAY_REFUSED:
		return figures->relay->n_refused;
	case FIGURE_RELAY_MALFORMED:
		return figures->relay->n_malformed;
	case FIGURE_RELAY_REPAIRED:
		return figures->relay->n_repaired;
	case FIGURE_RELAY_UNSTORED:
		return figures->relay->transport->n_unstored;
	case FIGURE_RELAY_CALLS:
		return figures->relay->n_muster_calls;
	case FIGURE_RELAY_GAPS:
		return figures->relay->n_gaps;
	case FIGURE_STARTED:
		return (uint64_t)figures->started;
	case FIGURE_CONNECTIONS:
		return figures->counters->n_open;
	case FIGURE_RECEIVED:
		return figures->counters->n_received;
	case FIGURE_RECEIVED_BYTES:
		return figures->counters->received_bytes;
	case FIGURE_DELIVERED_BYTES:
		return figures->hub->batches.delivered_bytes;
	case FIGURE_QUEUED_BYTES:
		return queued_bytes(figures->hub);
	case FIGURE_MEMORY:
		return memory.bytes;
	case FIGURE_MEMORY_LIMIT:
		return memory.limit;
	case FIGURE_HISTORY_MESSAGES:
		return figures->hub->histories.n_messages;
	case FIGURE_HISTORY_BYTES:
		return figures->hub->histories.bytes;
	case FIGURE_LOG_DROPPED:
		return log_n_dropped();
	case FIGURES:
		break;
	}
	return 0;
}
