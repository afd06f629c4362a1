/*
 * registration - enters what workers and apps announce into the table of routes.
 *
 * Where an app has workers, they alone say what its routes are: a FastCGI
 * process of an older program adds nothing. A route goes when the app's workers
 * have all announced a table without it; while they are away it stays.
 */
#ifndef SIDECAR_REGISTRATION_H
#define SIDECAR_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"

struct routes;
struct route_app;
struct wire_reader;
struct worker;
struct workers;

/* What one process announces. */
struct registration {
	struct route_app *app;
	struct worker *worker;      /* NULL for a process that serves HTTP */
	struct wire_reader *routes; /* stands at the first */
	uint16_t n;
};

/* The patterns that are not entered, as blobs. */
struct refusals {
	struct buf patterns;
	uint16_t n;
};

/*
 * Enters the routes for the app, adding to the refusals. Returns 1 when paths
 * must look for their routes anew, 0 when the table is as it was, -EPROTO or -ENOMEM.
 */
int registration_take(
    struct routes *routes, const struct workers *workers, struct registration *registration, struct refusals *refusals);

/* Removes those routes of an app with workers that none of them announces. Returns true if there was one. */
bool registration_prune(struct routes *routes, const struct workers *workers, struct route_app *app);

/* The push-only routes of a site without workers: a comma-separated list. 0, -EINVAL or -ENOMEM. */
int registration_static(struct routes *routes, const char *list);

#endif
