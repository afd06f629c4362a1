/*
 * app - the root of a program: its settings, its routes and its user pointer.
 *
 * What runs it is run.c. The ZeroMQ context is made when it is needed first,
 * after any fork of the program's own.
 */
#ifndef FCGI_APP_H
#define FCGI_APP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "fcgi/tina4.h"
#include "fcgi/ws/reach.h"
#include "shared/conf.h"

struct buf;
struct hand;
struct keys;
struct remote;
struct router;
struct path_pattern;
struct store;
struct templates;
struct wire_reply;
struct wire_request;

struct ws_route {
	struct path_pattern *pattern;
	tina4_ws_handler *handler; /* NULL: push-only */
	bool secure;               /* only for clients with a valid token */
	uint32_t history;          /* messages that are kept of each path; 0: none */
	uint32_t history_seconds;  /* so long; 0 is the sidecar's choice */
	char *protocols;           /* that it speaks, see protocols.h; "" for none */
};

struct hooks {
	tina4_start_hook *start; /* or NULL */
	tina4_stop_hook *stop;
};

/* Who answers in the sidecar's place. */
struct app_standin {
	/* Returns 0 and *ret, or a negative errno as exchange_ask() does. NULL: the sidecar is asked. */
	int (*ask)(void *context, const struct wire_request *request, struct wire_reply *ret, struct buf *text);
	void *context;
};

struct tina4_app {
	struct conf conf;
	void *user;
	struct hooks on_process;
	struct hooks on_thread;
	const char *name; /* conf.app, or the program's name: borrowed */

	struct templates *templates;   /* NULL until a folder is set */
	struct router *router;         /* HTTP routes */
	tina4_http_handler *not_found; /* what no route matches, or NULL */
	struct ws_route *ws_routes;
	size_t n_ws_routes;
	bool refused; /* a route was refused: said on standard error already */

	struct keys *keys;      /* of tokens; NULL until auth_open() */
	struct store *sessions; /* NULL until sessions_open() */

	struct app_standin standin;
	struct reach reach; /* does the sidecar answer? */

	atomic_uint n_streams; /* answers in pieces that are under way: see fcgi/http/stream.h */

	int (*declare)(struct tina4_app *app); /* in a process that serves, declares what it does; or NULL */
	const char *watched;                   /* a file with whose change workers are replaced; or NULL */
	struct remote *remote;                 /* where the handlers are, when they are elsewhere; or NULL */

	struct hand *hand; /* of a worker: the page that it shares with its supervisor; NULL without one */

	pthread_mutex_t zmq_lock;
	void *zmq; /* ZeroMQ context, NULL until app_zmq() */
};

/* The ZeroMQ context that the app's threads share, made on first use. Returns NULL when that fails. */
void *app_zmq(struct tina4_app *app);

/* The WebSocket route of exactly this pattern text, or NULL. */
const struct ws_route *app_ws_route(const struct tina4_app *app, const char *pattern, size_t len);

#endif
