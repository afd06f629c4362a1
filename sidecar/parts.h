/*
 * parts - what a sidecar is made of: opened, connected with each other, closed.
 *
 * No part knows the whole. What one has to tell another that stands above or
 * beside it goes through callbacks that are connected here.
 */
#ifndef SIDECAR_PARTS_H
#define SIDECAR_PARTS_H

#include <uv.h>

#include "sidecar/admin/admin.h"
#include "sidecar/edge/browsers.h"
#include "sidecar/edge/counters.h"
#include "sidecar/feed/dispatch.h"
#include "sidecar/hub/expiry.h"
#include "sidecar/feed/feed.h"
#include "sidecar/admin/figures.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/intake.h"
#include "sidecar/feed/known.h"
#include "sidecar/hub/pings.h"
#include "sidecar/hub/relief.h"
#include "sidecar/admin/post.h"
#include "sidecar/edge/quotas.h"
#include "sidecar/relay/relay.h"
#include "sidecar/relay/relay_redis.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/feed/roster.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"
#include "sidecar/edge/ws.h"

struct acceptor;
struct bus;
struct conf;
struct deflate;
struct keys;

struct parts {
	const struct conf *conf;
	const struct keys *keys;
	uv_loop_t *loop;
	uint64_t origin;    /* of what this run says: its first half begins the ids of its connections */
	char *history_file; /* NULL before it has been read */
	void *zmq;
	struct bus *bus;
	struct turn turn;
	struct hub hub;
	struct relief relief;
	struct feed feed;
	struct routes routes;
	struct known known;
	struct workers workers;
	struct roster roster;
	struct dispatch dispatch;
	struct requests requests;
	struct recalls recalls;
	struct rolls rolls;
	struct intake intake;
	struct relay_redis redis;
	struct relay relay;
	struct relay *others; /* the relay, or NULL while there is only this host */
	struct pings pings;
	struct expiry expiry;
	struct quotas quotas;
	struct deflate *deflate; /* NULL when it is off */
	struct counters counters;
	struct figures figures;
	struct posts posts;
	struct admin admin;
	struct browsers browsers;
	struct ws ws;
	struct acceptor *acceptors;
};

/* Borrows all of them. Returns 0 or a negative errno; in either case parts_shut() and parts_close() must follow. */
int parts_open(struct parts *parts, const struct conf *conf, const struct keys *keys, uv_loop_t *loop);

/* Lets browsers and administrators come. */
int parts_listen(struct parts *parts);

/* Begins to close what waits in the loop, which is to run out then. */
void parts_shut(struct parts *parts);
void parts_close(struct parts *parts);

#endif
