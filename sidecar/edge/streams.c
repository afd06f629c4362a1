#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/buf.h"
#include "shared/closecode.h"
#include "shared/conf.h"
#include "sidecar/edge/entry.h"
#include "sidecar/edge/reply.h"
#include "sidecar/edge/streams.h"
#include "sidecar/edge/upgrade.h"
#include "sidecar/hub/block.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"

/* --- its end, and what it says ---------------------------------------------------------------- */

static void
on_received(struct streams_session *session, size_t len)
{
	session->heard += len;
	if (session->heard > STREAMS_MAX_HEARD)
		client_drop(session->client, "talks");
}

/* A client that leaves has no code to say. One that has not taken all is lost. */
static void
on_closed(struct streams_session *session)
{
	struct client *client = session->client;

	session->client = NULL;
	if (client->ending.code == 0 && !client->socket.broken && client_drained(client))
		client->ending.code = CLOSE_NO_STATUS;
	entry_end(session->parts, client);
}

int
streams_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data, size_t len)
{
	struct streams_session *session = user;

	(void)wsi;
	(void)data;
	if (session == NULL ||
	    session->client == NULL) /* it had no memory for the session, or we none for the client */
		return 0;
	switch ((int)reason) {
	case LWS_CALLBACK_RAW_RX:
		on_received(session, len);
		return 0;
	case LWS_CALLBACK_RAW_WRITEABLE:
		client_writable(session->client);
		return 0;
	case LWS_CALLBACK_RAW_CLOSE:
		on_closed(session);
		return 0;
	default: /* libwebsockets has a hundred more */
		return 0;
	}
}

/* --- its beginning ---------------------------------------------------------------------------- */

/* A stream cannot be pinged: who acknowledges nothing for as long as two heartbeats are apart is gone. */
static void
set_up_socket(const struct conf *conf, int fd)
{
	unsigned patience_ms = 2000 * conf->ws_ping_seconds;

	if (patience_ms > 0)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof(patience_ms));
}

static unsigned
choose_retry_ms(void)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	return STREAMS_RETRY_MIN_MS + random % STREAMS_RETRY_RANGE_MS;
}

static struct frame *
make_answer(const struct upgrade *upgrade)
{
	struct buf answer = BUF_INIT;
	struct frame *frame;

	reply_put_stream(upgrade->origin, (int64_t)time(NULL), &answer);
	block_put_retry(&answer, choose_retry_ms());
	frame = answer.failed ? NULL : frame_alloc(answer.len);
	if (frame != NULL)
		memcpy(frame->data, answer.data, answer.len);
	buf_free(&answer);
	return frame;
}

/* Its end arrives as an event of the loop. */
static void
begin(const struct entry_parts *parts, struct client *client, const struct newcomer *newcomer, struct frame *answer)
{
	set_up_socket(parts->conf, client->socket.fd);
	client_write(client, answer, parts->conf->ws_queue_bytes);
	entry_open(parts, client, newcomer, 200);
}

void
streams_adopt(const struct entry_parts *parts, struct lws_vhost *vhost, int fd, const struct newcomer *newcomer)
{
	struct frame *answer = make_answer(newcomer->upgrade);
	lws_sock_file_fd_type socket = { .sockfd = fd };
	struct streams_session *session;
	struct lws *wsi;

	if (answer == NULL) {
		close(fd);
		return;
	}
	/* It closes fd when it fails. */
	wsi = lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_SOCKET, socket, STREAMS_PROTOCOL, NULL);
	session = wsi == NULL ? NULL : lws_wsi_user(wsi);
	if (session != NULL) {
		session->parts = parts;
		session->client = entry_make(parts, wsi, newcomer);
	}
	if (session != NULL && session->client != NULL)
		begin(parts, session->client, newcomer, answer);
	else if (wsi != NULL)
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
	frame_unref(answer);
}
