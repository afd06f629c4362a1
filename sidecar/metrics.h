/*
 * metrics - the sidecar's figures, as Prometheus reads them.
 *
 * The parts count in plain fields where something happens; only here they are
 * looked at and added up. The format is Prometheus' text format 0.0.4.
 */
#ifndef SIDECAR_METRICS_H
#define SIDECAR_METRICS_H

struct buf;
struct figures;

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends all figures. */
void metrics_put(const struct figures *figures, struct buf *ret);

#endif
