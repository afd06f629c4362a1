/*
 * metrics - the sidecar's figures, as Prometheus reads them.
 *
 * The parts count in plain fields where something happens; only here they are
 * looked at and added up. The format is Prometheus' text format 0.0.4.
 */
#ifndef SIDECAR_METRICS_H
#define SIDECAR_METRICS_H

#include <stdint.h>

struct buf;
struct feed;
struct greetings;
struct hub;
struct intake;
struct relay;
struct ws;

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All borrowed. */
struct metrics {
	const struct ws *ws;
	const struct greetings *browsers;
	const struct hub *hub;
	const struct feed *feed;
	const struct intake *intake;
	const struct relay *relay; /* NULL while there is only this host */
	int64_t started;           /* Unix time */
};

/* Appends all figures. */
void metrics_put(const struct metrics *metrics, struct buf *ret);

#endif
