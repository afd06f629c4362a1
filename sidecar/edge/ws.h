/*
 * ws - libwebsockets: its callbacks, thin, into client, hub and feed.
 *
 * It does the answer of the handshake, masking, fragments and the closing
 * handshake; it neither listens nor waits. What a client asked has been judged
 * before it comes here, and libwebsockets reads a head of ours instead.
 */
#ifndef SIDECAR_WS_H
#define SIDECAR_WS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "shared/span.h"
#include "sidecar/edge/entry.h"

struct client;
struct lws_context;
struct lws_vhost;

enum ws_limits {
	WS_MAX_READS = 1024, /* beside the first of each client, in one turn */
};

struct ws {
	struct entry_parts parts;
	struct lws_context *context;
	struct lws_vhost *vhost;
	const struct newcomer *newcomer;     /* while libwebsockets takes its socket */
	struct client *reader;               /* who is being read */
	size_t read_bytes;                   /* from that one */
	struct client *unread[WS_MAX_READS]; /* to be read in this turn, again and in this order; NULL once gone */
	uint32_t n_unread;
	uint32_t n_ticks;
};

/* Returns 0 or a negative errno. */
int ws_open(struct ws *ws, const struct entry_parts *parts, uv_loop_t *loop);

/*
 * Cuts what is still open. To be called twice: libwebsockets closes its handles
 * first and frees itself once the loop has run out.
 */
void ws_close(struct ws *ws);

/* Takes fd, of which rest has been read already: what came behind the newcomer's head. A stream is handed to streams.
 */
void ws_adopt(struct ws *ws, int fd, const struct newcomer *newcomer, struct span rest);

/*
 * Reads on, at the end of a turn, where a client's burst was larger than one
 * read, so that its recipients get it in one piece.
 */
void ws_read_on(struct ws *ws);

/*
 * Each second: libwebsockets arms the timers that were set outside its
 * callbacks. Each other second who broke the protocol is let go.
 */
void ws_tick(struct ws *ws);

#endif
