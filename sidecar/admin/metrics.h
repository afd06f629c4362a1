/*
 * metrics - the sidecar's figures, as Prometheus reads them.
 *
 * Beside what the table of figures has there are histograms, and counters with
 * labels. The format is Prometheus' text format 0.0.4.
 */
#ifndef SIDECAR_METRICS_H
#define SIDECAR_METRICS_H

struct buf;
struct figures;

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends all figures. */
void metrics_put(const struct figures *figures, struct buf *ret);

#endif
