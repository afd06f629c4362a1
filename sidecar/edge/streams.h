/*
 * streams - event streams: a GET that is answered for as long as the connection lasts.
 *
 * libwebsockets holds the socket as a raw one, so that it is written to as a
 * WebSocket's is. What its client sends behind its request means nothing: it is
 * thrown away, and a client that goes on with it is dropped.
 */
#ifndef SIDECAR_STREAMS_H
#define SIDECAR_STREAMS_H

#include <libwebsockets.h>
#include <stddef.h>

struct client;
struct entry_parts;
struct newcomer;

#define STREAMS_PROTOCOL "event-stream" /* libwebsockets calls the callback by it */

enum streams_limits {
	STREAMS_MAX_HEARD = 64 << 10, /* bytes behind the request */
	STREAMS_RETRY_MIN_MS = 1000,  /* in which a browser comes back that has lost a stream: any time between them, */
	STREAMS_RETRY_RANGE_MS = 4000, /* so that a sidecar that has restarted is not met by all of them at once */
};

/* What libwebsockets keeps for us with a connection. */
struct streams_session {
	const struct entry_parts *parts;
	struct client *client;
	size_t heard;
};

int streams_callback(struct lws *wsi, enum lws_callback_reasons reason, void *session, void *data, size_t len);

/* Takes fd, and answers. */
void streams_adopt(const struct entry_parts *parts, struct lws_vhost *vhost, int fd, const struct newcomer *newcomer);

#endif
