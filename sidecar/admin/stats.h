/*
 * stats - what a STATS request is answered: lines of name=value, for people.
 *
 * Beside the figures there is a line for each worker, each route and each of
 * the largest paths; tina4-wire(7) tells what is in them.
 */
#ifndef SIDECAR_STATS_H
#define SIDECAR_STATS_H

struct buf;
struct figures;

enum stats_limits {
	STATS_MAX_ROUTES = 256, /* that are told one by one */
	STATS_MAX_PATHS = 10,   /* the largest */
};

/* Appends them. */
void stats_put(const struct figures *figures, struct buf *lines);

#endif
