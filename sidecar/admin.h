/*
 * admin - what administrators and their machines ask over HTTP.
 *
 *     GET /healthz   200: the loop turns
 *     GET /readyz    200: bus bound and at least one route served; else 503
 */
#ifndef SIDECAR_ADMIN_H
#define SIDECAR_ADMIN_H

struct feed;
struct lws;
struct request_line;

struct admin {
	const struct feed *feed;
};

/* Answers one request; the connection then ends. */
void admin_answer(const struct admin *admin, struct lws *wsi, const struct request_line *line);

#endif
