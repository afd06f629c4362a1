/*
 * announce - enters what workers and apps announce into the table of routes.
 *
 * Where an app has workers, they alone say what its routes are: a FastCGI
 * process of an older program adds nothing. A route goes when the app's workers
 * have all announced a table without it; while they are away it stays.
 */
#ifndef SIDECAR_ANNOUNCE_H
#define SIDECAR_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

struct buf;
struct routes;
struct route_app;
struct worker;
struct workers;

/*
 * Reads n routes and enters them for the app; worker is NULL for a process that
 * serves HTTP. The patterns that are refused are appended to refused as blobs
 * and counted. Returns 1 when paths must look for their routes anew, 0 when the
 * table is as it was, -EPROTO or -ENOMEM.
 */
int announce(struct routes *routes, struct workers *workers, struct route_app *app, struct worker *worker,
    struct wire_reader *from, uint16_t n, struct buf *refused, uint16_t *ret_refused);

/* Removes those routes of an app with workers that none of them announces. Returns true if there was one. */
bool announce_prune(const struct workers *workers, struct route_app *app);

/* The push-only routes of a site without workers: a comma-separated list. 0, -EINVAL or -ENOMEM. */
int announce_static(struct routes *routes, const char *list);

#endif
