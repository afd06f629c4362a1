/*
 * ws - libwebsockets: its callbacks, thin, into client, hub and feed.
 *
 * It does HTTP, the handshake, masking, fragments and the closing handshake; it
 * neither listens nor waits. Requests of the admin listener are passed on to
 * admin.
 */
#ifndef SIDECAR_WS_H
#define SIDECAR_WS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct admin;
struct conf;
struct counters;
struct deflate;
struct expiry;
struct feed;
struct hub;
struct keys;
struct lws_context;
struct lws_vhost;
struct pings;
struct quotas;
struct request_line;
struct routes;
struct turn;

enum ws_limits {
	WS_MAX_HANDSHAKES = 512, /* under way at once; more are answered 503 */
	WS_MAX_READS = 1024,     /* beside the first of each client, in one turn */
};

/* What it borrows, but for the last. */
struct ws_parts {
	const struct conf *conf;
	struct hub *hub;
	struct feed *feed;
	const struct routes *routes;
	struct pings *pings;
	struct expiry *expiry;
	struct quotas *quotas;
	const struct keys *keys; /* of tokens */
	struct admin *admin;
	struct deflate *deflate; /* NULL: permessage-deflate is off */
	struct counters *counters;
	const struct turn *turn;
	uint32_t instance; /* the first 32 bits of every connection's id */
};

struct ws {
	struct ws_parts parts;
	struct lws_context *context;
	struct lws_vhost *vhost;
	bool stopping;                       /* no new connections */
	uint32_t n_handshakes;               /* under way */
	struct client *reader;               /* who is being read */
	size_t read_bytes;                   /* from that one */
	struct client *unread[WS_MAX_READS]; /* to be read in this turn, again and in this order; NULL once gone */
	uint32_t n_unread;
};

/* Returns 0 or a negative errno. */
int ws_open(struct ws *ws, const struct ws_parts *parts, uv_loop_t *loop);

/* From now on nobody new is let in. */
void ws_stop(struct ws *ws);

/*
 * Cuts what is still open. To be called twice: libwebsockets closes its handles
 * first and frees itself once the loop has run out.
 */
void ws_close(struct ws *ws);

/* Each a greeting_done: takes fd and line. */
void ws_adopt_browser(void *ws, int fd, struct request_line *line);
void ws_adopt_admin(void *ws, int fd, struct request_line *line);

/*
 * Reads on, at the end of a turn, where a client's burst was larger than one
 * read, so that its recipients get it in one piece.
 */
void ws_read_on(struct ws *ws);

/* Each second: libwebsockets arms the timers that were set outside its callbacks. */
void ws_tick(struct ws *ws);

#endif
