/*
 * roster - workers and apps come and go, and their routes with them.
 *
 * A worker is gone when it cannot be routed to, hung when it says nothing for
 * TINA4_WORKER_TIMEOUT seconds, and dismissed when it has said BYE and owes
 * nothing more. Whoever is taken for gone and speaks again is unknown, and has
 * to say HELLO.
 *
 * A worker that a supervisor watches over is gone when both have happened: it
 * cannot be reached, so that all that it sent has been read, and its supervisor
 * has said over which event it died, so that its events do not go round again
 * before the blame is laid. Either is waited for as long as ROSTER_PROBES take.
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
struct route;
struct routes;
struct supervisor;
struct wire_death;
struct wire_hello;
struct wire_reader;
struct wire_watch;
struct worker;
struct workers;

enum roster_limits {
	ROSTER_PROBE_MS = 200, /* between probes of a worker that owes an acknowledgement */
	ROSTER_PROBES = 5,     /* of a worker that is half gone: then it is gone without the other half */
};

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

/* Tells BYE those who have said it and owe nothing more, and looks whether those that are dead can still be reached. */
void roster_dismiss(struct roster *roster);

/* Returns 0, -EPROTO when it does not name itself, -EBUSY at SUPERVISORS_MAX, or -ENOMEM. */
int roster_supervise(
    struct roster *roster, const struct bus_peer *peer, const struct wire_watch *watch, uint64_t now_ms);

/* It has said BYE. */
void roster_unsupervise(struct roster *roster, struct supervisor *supervisor);

/* What a supervisor says of one of its workers: that it has died, and that it is at an event and may be silent. */
void roster_death(struct roster *roster, const struct supervisor *supervisor, const struct wire_death *death);
void roster_vouch(struct roster *roster, const struct supervisor *supervisor, uint32_t number, uint64_t now_ms);

/* The worker cannot be reached: it is gone now, or when its supervisor has said over what it died. May free it. */
void roster_lost(struct roster *roster, struct worker *worker);

/* The worker is of no use any more: what it owes goes round again. Frees it. */
void roster_gone(struct roster *roster, struct worker *worker, const char *why);

/* Each ROSTER_PROBE_MS while somebody owes an acknowledgement. */
void roster_probe(struct roster *roster);

/* Each second: hung workers. */
void roster_tick(struct roster *roster, uint64_t now_ms);

/* True when a route with a handler has a worker, or when there are routes and none has a handler. */
bool roster_ready(const struct roster *roster);

/* The first route whose handler no worker runs, and how many there are; NULL and 0 for none. */
const struct route *roster_idle_route(const struct routes *routes, const struct workers *workers, uint32_t *ret_n);

#endif
