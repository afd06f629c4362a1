/*
 * intake - what arrives on the bus, from apps and from workers.
 *
 *     HELLO      who a peer is and its routes; answered by WELCOME
 *     BATCH      a worker's acknowledgements with their commands
 *     HEARTBEAT  of a peer that has said HELLO
 *     DEATH      a supervisor's: a worker has died
 *     BYE        of a worker that stops
 *     REQUEST    a command on its own, such as push or count; answered by REPLY
 *
 * What is malformed costs its sender an error reply and leaves a log line.
 */
#ifndef SIDECAR_INTAKE_H
#define SIDECAR_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/bus.h"
#include "shared/hash.h"
#include "shared/wire.h"
#include "sidecar/feed/histogram.h"

struct bus;
struct bus_peer;
struct buf;
struct conf;
struct feed;
struct recalls;
struct requests;
struct rolls;
struct roster;
struct turn;
struct workers;

enum intake_limits {
	INTAKE_BUDGET = 256,    /* messages taken per loop turn */
	INTAKE_MAX_APPS = 4096, /* FastCGI processes that have said HELLO */
};

/* A process that serves HTTP: known, so that it is not asked to say HELLO again. */
struct app_peer {
	UT_hash_handle hh;
	struct bus_peer peer;
	uint64_t heard_ms;
};

/* What the intake tells who listens to it, and asks of it. */
struct intake_events {
	/* True when other hosts have to be asked for the path's count first: intake_counted() answers then. */
	bool (*count_asked)(
	    void *context, const struct wire_command *command, const struct bus_peer *peer, uint64_t id);
	/* Appends the lines of a STATS answer. */
	void (*stats_asked)(void *context, struct buf *lines);
};

/* What an intake borrows. */
struct intake_parts {
	const struct conf *conf;
	struct bus *bus;
	struct feed *feed;
	struct requests *requests;
	struct recalls *recalls;
	struct rolls *rolls;
	struct roster *roster;
	const struct workers *workers;
	const struct turn *turn;
};

struct intake {
	struct intake_parts parts;
	const struct intake_events *events; /* NULL while nobody listens */
	void *context;                      /* of the events */
	struct app_peer *apps;
	uint64_t n_malformed;
	uint64_t n_answered; /* pushes in this turn */
	struct histogram receipts;
};

void intake_open(struct intake *intake, const struct intake_parts *parts);
void intake_close(struct intake *intake);

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void intake_listen(struct intake *intake, const struct intake_events *events, void *context);

/* Takes and applies at most INTAKE_BUDGET messages. */
void intake_drain(struct intake *intake);

/* Answers who asked for a count that others had to be asked for. */
void intake_counted(struct intake *intake, const struct bus_peer *peer, uint64_t id, uint32_t count);

/* Each second. */
void intake_tick(struct intake *intake);

#endif
