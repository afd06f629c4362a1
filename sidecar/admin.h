/*
 * admin - what administrators and their machines ask over HTTP.
 *
 *     GET /healthz        200: the loop turns
 *     GET /readyz         200: bus bound and at least one route served, "degraded"
 *                         when the relay is on and not all right; else 503
 *     POST /push/PATH     see post
 */
#ifndef SIDECAR_ADMIN_H
#define SIDECAR_ADMIN_H

#include "sidecar/post.h"

struct admin {
	const struct feed *feed;
	struct posts posts;
};

/* Answers a request, or begins to. Returns 0 while its body is to come, else -1: the connection ends. */
int admin_request(struct admin *admin, struct lws *wsi, struct request_line *line);

#endif
