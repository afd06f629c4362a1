/*
 * admin - what administrators and their machines ask over HTTP.
 *
 *     GET /healthz        200: the loop turns
 *     GET /readyz         200: the bus takes connections and a handler is served, or no route
 *                         has one; "degraded" when the relay is on and not all right, or the
 *                         handler of a route has no worker; else 503
 *     GET /metrics        see metrics
 *     POST /push/PATH     see post
 *     GET /history/PATH   see past
 *     GET /conns, DELETE /conns/ID, DELETE /path/PATH: see conns
 *
 * HEAD is answered as GET is, without the body. It keeps a gate of its own, so
 * that it answers whatever browsers do.
 */
#ifndef SIDECAR_ADMIN_H
#define SIDECAR_ADMIN_H

#include "sidecar/edge/gate.h"

struct conf;
struct counters;
struct figures;
struct posts;
struct recalls;
struct requests;
struct rolls;
struct roster;

/* What it borrows. */
struct admin_parts {
	const struct conf *conf;
	const struct roster *roster;
	const struct figures *figures;
	struct posts *posts;
	struct recalls *recalls;
	struct rolls *rolls;
	struct requests *requests;
	struct counters *counters;
};

struct admin {
	struct admin_parts parts;
	struct gate gate;
};

void admin_open(struct admin *admin, const struct admin_parts *parts, uv_loop_t *loop);
void admin_close(struct admin *admin);

#endif
