/*
 * roster - workers and apps come and go, and their routes with them.
 *
 * A worker is gone when it cannot be routed to, hung when it says nothing for
 * TINA4_WORKER_TIMEOUT seconds, and dismissed when it has said BYE and owes
 * nothing more. Whoever is taken for gone and speaks again is unknown, and has
 * to say HELLO.
 */
#ifndef SIDECAR_ROSTER_H
#define SIDECAR_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

struct bus;
struct bus_peer;
struct conf;
struct feed;
struct refusals;
struct routes;
struct wire_hello;
struct wire_reader;
struct worker;
struct workers;

enum { ROSTER_PROBE_MS = 200 }; /* between probes of a worker that owes an acknowledgement */

/* All borrowed. */
struct roster {
	const struct conf *conf;
	struct bus *bus;
	struct feed *feed;
	struct routes *routes;
	struct workers *workers;
};

/* Push-only routes come from the settings. Returns 0 or a negative errno. */
int roster_open(struct roster *roster, const struct conf *conf, struct bus *bus, struct feed *feed,
    struct routes *routes, struct workers *workers);

/*
 * A worker or an app announces its routes; the reader stands at the first one.
 * Those that are refused are added to the refusals. Returns 0, -EPROTO, -EBUSY at
 * WORKERS_MAX, or -ENOMEM.
 */
int roster_hello(struct roster *roster, const struct bus_peer *peer, const struct wire_hello *hello,
    struct wire_reader *routes, uint64_t now_ms, struct refusals *refusals);

/* The worker wants no new events; it is told BYE when it owes nothing more. */
void roster_bye(struct roster *roster, struct worker *worker);

/* Tells BYE those who have said it and owe nothing more. */
void roster_dismiss(struct roster *roster);

/* The worker cannot be reached, or is of no use: what it owes goes round again. Frees it. */
void roster_gone(struct roster *roster, struct worker *worker, const char *why);

/* Each ROSTER_PROBE_MS while somebody owes an acknowledgement. */
void roster_probe(struct roster *roster);

/* Each second: hung workers. */
void roster_tick(struct roster *roster, uint64_t now_ms);

/* True when at least one route can serve: push-only, or with a worker. */
bool roster_ready(const struct roster *roster);

#endif
