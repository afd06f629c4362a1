/*
 * admin - what administrators and their machines ask over HTTP.
 *
 *     GET /healthz        200: the loop turns
 *     GET /readyz         200: the bus takes connections and a route is served, "degraded"
 *                         when the relay is on and not all right; else 503
 *     GET /metrics        see metrics
 *     POST /push/PATH     see post
 */
#ifndef SIDECAR_ADMIN_H
#define SIDECAR_ADMIN_H

struct conf;
struct figures;
struct lws;
struct posts;
struct request_line;
struct roster;

struct admin {
	const struct conf *conf;
	const struct roster *roster;
	const struct figures *figures;
	struct posts *posts;
};

/* Borrows all of them. */
void admin_open(struct admin *admin, const struct conf *conf, const struct roster *roster,
    const struct figures *figures, struct posts *posts);

/* Answers a request, or begins to. Returns 0 while its body is to come, else -1: the connection ends. */
int admin_request(struct admin *admin, struct lws *wsi, struct request_line *line);

#endif
