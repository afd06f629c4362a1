/*
 * figures - what the sidecar counts: where each figure is, and what it is called.
 *
 * The parts count in plain fields where something happens. Stats and metrics tell
 * the same figures, each in its own form; only when they are asked are the
 * figures looked at and added up.
 */
#ifndef SIDECAR_FIGURES_H
#define SIDECAR_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

struct counters;
struct feed;
struct hub;
struct intake;
struct relay;
struct requests;
struct routes;
struct turn;
struct workers;

/* All borrowed. */
struct figures {
	const struct counters *counters;
	const struct hub *hub;
	const struct feed *feed;
	const struct routes *routes;
	const struct workers *workers;
	const struct intake *intake;
	const struct requests *requests;
	const struct relay *relay; /* NULL while there is only this host */
	const struct turn *turn;
	uint64_t started_ms; /* in loop ms */
	int64_t started;     /* the same in Unix time */
};

/* In the order of STATS. */
enum figure {
	FIGURE_UPTIME,
	FIGURE_CLIENTS,
	FIGURE_STREAMS,
	FIGURE_PATHS,
	FIGURE_MEMBERS,
	FIGURE_WORKERS,
	FIGURE_APPS,
	FIGURE_EVENTS,
	FIGURE_EVENTS_WAITING,
	FIGURE_EVENTS_REDELIVERED,
	FIGURE_EVENTS_GIVEN_UP,
	FIGURE_CLIENT_REQUESTS,
	FIGURE_CLIENT_REQUESTS_AGAIN,
	FIGURE_CLIENT_REQUESTS_REFUSED,
	FIGURE_ONCE_BYTES,
	FIGURE_FOREIGN_CONTROL,
	FIGURE_ROUTES_IDLE,
	FIGURE_PUSHES,
	FIGURE_SENT,
	FIGURE_DELIVERIES,
	FIGURE_MALFORMED,
	FIGURE_RELAY_UP,
	FIGURE_RELAY_HOSTS,
	FIGURE_RELAY_WAITING,
	FIGURE_RELAY_PUBLISHED,
	FIGURE_RELAY_RECEIVED,
	FIGURE_RELAY_DUPLICATES,
	FIGURE_RELAY_REFUSED,
	FIGURE_RELAY_MALFORMED,
	FIGURE_RELAY_REPAIRED,
	FIGURE_RELAY_UNSTORED,
	FIGURE_RELAY_CALLS,
	FIGURE_RELAY_GAPS,
	/* of metrics only */
	FIGURE_STARTED,
	FIGURE_CONNECTIONS,
	FIGURE_RECEIVED,
	FIGURE_RECEIVED_BYTES,
	FIGURE_DELIVERED_BYTES,
	FIGURE_QUEUED_BYTES,
	FIGURE_MEMORY,
	FIGURE_MEMORY_LIMIT,
	FIGURE_HISTORY_MESSAGES,
	FIGURE_HISTORY_BYTES,
	FIGURE_LOG_DROPPED,
	FIGURES
};

/* What a figure is called; NULL where it is not told. */
struct figure_name {
	const char *stat;
	const char *metric;
	const char *type; /* for Prometheus */
	const char *help;
};

extern const struct figure_name figure_names[FIGURES];

/* False for one of the relay, while there is only this host. */
bool figure_exists(const struct figures *figures, enum figure figure);

/* It must exist. */
uint64_t figure_value(const struct figures *figures, enum figure figure);

#endif
