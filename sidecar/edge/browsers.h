/*
 * browsers - keeps the gate that browsers come to.
 *
 * A request that may become a WebSocket, by its form, its path, its origin, its
 * address and its token, is handed to libwebsockets; any other is refused.
 */
#ifndef SIDECAR_BROWSERS_H
#define SIDECAR_BROWSERS_H

#include <stdbool.h>

#include "sidecar/edge/gate.h"

struct conf;
struct counters;
struct hub;
struct keys;
struct quotas;
struct routes;
struct turn;
struct ws;

/* What it borrows. */
struct browsers_parts {
	const struct conf *conf;
	const struct hub *hub;
	const struct routes *routes;
	const struct keys *keys; /* of tokens */
	const struct turn *turn;
	struct quotas *quotas;
	struct counters *counters;
	struct ws *ws;
};

struct browsers {
	struct browsers_parts parts;
	struct gate gate;
	bool stopping; /* nobody new is let in */
};

void browsers_open(struct browsers *browsers, const struct browsers_parts *parts, uv_loop_t *loop);

/* From now on nobody is let in, and who waits is told so. */
void browsers_stop(struct browsers *browsers);

void browsers_close(struct browsers *browsers);

#endif
