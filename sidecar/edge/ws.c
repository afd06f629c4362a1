#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "shared/utf8.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/control.h"
#include "sidecar/edge/counters.h"
#include "sidecar/hub/deflate.h"
#include "sidecar/edge/entry.h"
#include "sidecar/edge/extension.h"
#include "sidecar/feed/asks.h"
#include "sidecar/feed/feed.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/edge/quotas.h"
#include "sidecar/edge/streams.h"
#include "sidecar/hub/turn.h"
#include "sidecar/edge/upgrade.h"
#include "sidecar/edge/ws.h"

enum {
	HEADER_BYTES = 4096, /* of the head that it gets from us */
	HANDSHAKES = 16,     /* at once: each is over before the next begins */
	HANDSHAKE_SECONDS = 5,
	SERVICE_BYTES = 16384,
	RECEIVE_BYTES = 1024,  /* per connection: larger messages come in pieces */
	WRITE_BYTES = 65536,   /* the most that libwebsockets hands to one send(2) */
	MASKED_HEAD_BYTES = 6, /* of a small frame from a client: RFC 6455 section 5.2 */
	RSV1 = 0x40,           /* of a frame: RFC 7692 section 6 */
};

/* What libwebsockets keeps for us with a connection. */
struct session {
	struct client *client;
};

/* --- the handshake -------------------------------------------------------------------------- */

/* What the answer says beside what libwebsockets writes. Returns 0, or -1 when that is not as expected. */
static int
on_answer(const struct ws *ws, struct lws_process_html_args *args)
{
	const struct upgrade *upgrade = ws->newcomer == NULL ? NULL : ws->newcomer->upgrade;
	int n;

	if (upgrade == NULL || (upgrade->deflate && extension_answer(args) < 0))
		return -1;
	if (upgrade->protocol.data == NULL)
		return 0;
	n = snprintf(args->p, (size_t)args->max_len, "Sec-WebSocket-Protocol: %.*s\r\n", (int)upgrade->protocol.len,
	    upgrade->protocol.data);
	if (n >= args->max_len)
		return -1;
	args->p += n;
	args->max_len -= n;
	return 0;
}

static int
on_established(struct ws *ws, struct lws *wsi, struct session *session)
{
	const struct newcomer *newcomer = ws->newcomer;

	if (newcomer == NULL)
		return -1;
	session->client = entry_make(&ws->parts, wsi, newcomer);
	if (session->client == NULL)
		return -1;
	ws->newcomer = NULL; /* what came behind the head may be a client's message already */
	entry_open(&ws->parts, session->client, newcomer, 101);
	return 0;
}

/* --- its messages and its end ------------------------------------------------------------------- */

/*
 * Refuses what the client sends. The close frame goes out at the end of the
 * turn: returning -1 here would let libwebsockets forget the rest of its buffer,
 * take what follows for garbage, and cut the client off before it can read why.
 */
static void
refuse_message(struct ws *ws, struct client *client, uint16_t code, const char *why)
{
	reading_forget(&ws->parts.hub->readings, client);
	hub_disconnect(ws->parts.hub, client, code, why, SPAN_EMPTY);
}

/* What came of it: 0, or a negative errno. */
static void
end_if_wrong(struct ws *ws, struct client *client, int result)
{
	if (result == -EBADMSG)
		refuse_message(ws, client, CLOSE_POLICY, "bad-control");
	else if (result < 0)
		refuse_message(ws, client, CLOSE_INTERNAL_ERROR, "out-of-memory");
}

static void
take_message(struct ws *ws, struct client *client, const void *data, size_t len, bool binary)
{
	struct span text = { data, len };

	if (!binary && !utf8_valid(data, len)) {
		refuse_message(ws, client, CLOSE_INVALID_DATA, "not-utf8");
		return;
	}
	ws->parts.counters->n_received++;
	ws->parts.counters->received_bytes += len;
	client->reading.n_messages++;
	if (!binary && client->ping.frond && !control_take_text(&text))
		end_if_wrong(ws, client, asks_take(ws->parts.feed, client, span_from(text, 1)));
	else if (binary && client->asks.number != 0)
		end_if_wrong(ws, client, asks_take_binary(ws->parts.feed, client, text));
	else
		end_if_wrong(ws, client, feed_client_message(ws->parts.feed, client, text.data, text.len, binary));
}

static void
take_deflated(struct ws *ws, struct client *client, const void *data, size_t len, bool binary)
{
	struct buf message = BUF_INIT;
	int r = deflate_unpack(ws->parts.deflate, data, len, ws->parts.conf->ws_max_message, &message);

	if (r == 0)
		take_message(ws, client, (const char *)message.data, message.len, binary);
	else if (r == -EMSGSIZE)
		refuse_message(ws, client, CLOSE_TOO_LARGE, "message-too-large");
	else if (r == -EBADMSG)
		refuse_message(ws, client, CLOSE_INVALID_DATA, "not-deflate");
	else
		refuse_message(ws, client, CLOSE_INTERNAL_ERROR, "out-of-memory");
	buf_free(&message);
}

static void
take_whole(struct ws *ws, struct client *client, const void *data, size_t len, bool binary)
{
	if (!quota_take(&client->quota.paid_us, ws->parts.conf->ws_message_rate, ws->parts.turn->now_ms))
		refuse_message(ws, client, CLOSE_POLICY, "too-many-messages");
	else if (client->reading.deflated)
		take_deflated(ws, client, data, len, binary);
	else
		take_message(ws, client, data, len, binary);
}

/* RFC 7692 section 6.1: a message's first frame says whether it is compressed; false when another one does. */
static bool
note_frame(struct lws *wsi, struct client *client)
{
	bool first = lws_is_first_fragment(wsi), marked = (lws_get_reserved_bits(wsi) & RSV1) != 0;

	if (first)
		client->reading.deflated = marked;
	first |= client->reading.first_frame; /* libwebsockets calls only its first piece so */
	client->reading.first_frame = first && lws_remaining_packet_payload(wsi) > 0;
	return first || !marked;
}

static size_t
max_received(const struct ws *ws, const struct client *client)
{
	size_t max = ws->parts.conf->ws_max_message;

	return client->reading.deflated ? deflate_bound(max) : max;
}

/* libwebsockets reads once per turn and client, and what fills its buffer has most likely left some behind. */
static void
note_read(struct ws *ws, struct client *client, size_t len)
{
	if (ws->reader != client)
		ws->read_bytes = 0;
	ws->reader = client;
	ws->read_bytes += len + MASKED_HEAD_BYTES;
	if (ws->read_bytes >= RECEIVE_BYTES && !client->reading.unread && ws->n_unread < WS_MAX_READS) {
		ws->unread[ws->n_unread++] = client;
		client->reading.unread = true;
	}
}

static void
forget_unread(struct ws *ws, struct client *client)
{
	for (uint32_t i = 0; client->reading.unread && i < ws->n_unread; i++)
		if (ws->unread[i] == client)
			ws->unread[i] = NULL;
	client->reading.unread = false;
}

void
ws_read_on(struct ws *ws)
{
	for (uint32_t i = 0; i < ws->n_unread; i++) {
		struct client *client = ws->unread[i];
		struct lws_pollfd readable = { .events = POLLIN, .revents = POLLIN };

		if (client == NULL)
			continue;
		readable.fd = client->socket.fd;
		client->reading.unread = false;
		ws->unread[i] = NULL;
		ws->reader = NULL;
		lws_service_fd(ws->context, &readable);
	}
	ws->n_unread = 0;
	ws->reader = NULL;
}

/* libwebsockets hands over messages in pieces: of a frame, and of what it read at once. */
static void
on_receive(struct ws *ws, struct lws *wsi, struct client *client, const void *data, size_t len)
{
	bool whole = lws_is_final_fragment(wsi), binary = lws_frame_is_binary(wsi);

	client->ping.quiet = false;
	note_read(ws, client, len);
	if (client->place.state == CLIENT_CLOSING || client->socket.broken)
		return;
	if (client->socket.deflate && !note_frame(wsi, client)) {
		refuse_message(ws, client, CLOSE_PROTOCOL_ERROR, "reserved-bit");
		return;
	}
	if (client->reading.message.len + len + lws_remaining_packet_payload(wsi) > max_received(ws, client)) {
		refuse_message(ws, client, CLOSE_TOO_LARGE, "message-too-large");
		return;
	}
	if (memory_is_full()) {
		refuse_message(ws, client, CLOSE_TRY_LATER, "memory");
		return;
	}
	if (client->reading.message.len == 0 && whole) {
		take_whole(ws, client, data, len, binary);
		reading_forget(&ws->parts.hub->readings, client); /* pieces may have come that were empty */
		return;
	}
	if (reading_add(&ws->parts.hub->readings, client, data, len) < 0) {
		refuse_message(ws, client, CLOSE_INTERNAL_ERROR, "out-of-memory");
		return;
	}
	if (whole) {
		take_whole(ws, client, client->reading.message.data, client->reading.message.len, binary);
		reading_forget(&ws->parts.hub->readings, client);
	}
}

/* RFC 6455 sections 5.5.1 and 7.4, RFC 7692 section 6.1. Returns 0, or the code that the client is told. */
static uint16_t
check_peer_close(struct lws *wsi, const uint8_t *body, size_t len)
{
	int code = len >= 2 ? body[0] << 8 | body[1] : 0;

	if (len == 1 || code > CLOSE_LAST_FREE || (lws_get_reserved_bits(wsi) & RSV1) != 0)
		return CLOSE_PROTOCOL_ERROR;
	if (len > 2 && !utf8_valid((const char *)body + 2, len - 2))
		return CLOSE_INVALID_DATA;
	return 0;
}

/* Returns -1 to close with what was just said, and not with the client's own words. */
static int
on_peer_close(struct ws *ws, struct client *client, const uint8_t *body, size_t len)
{
	uint16_t wrong = check_peer_close(client->socket.wsi, body, len);

	client->socket.write_closed = true;
	if (client->ending.code == 0)
		client->ending.code = len >= 2 ? (uint16_t)(body[0] << 8 | body[1]) : CLOSE_NO_STATUS;
	hub_leave(ws->parts.hub, client);
	if (wrong == 0)
		return 0;
	client->ending.code = wrong;
	client->ending.why = closecode_name(wrong);
	lws_close_reason(client->socket.wsi, (enum lws_close_status)wrong, NULL, 0);
	return -1;
}

static void
on_pong(struct ws *ws, struct lws *wsi, struct client *client)
{
	client->ping.quiet = false;
	if ((lws_get_reserved_bits(wsi) & RSV1) != 0 && client->place.state != CLIENT_CLOSING)
		refuse_message(ws, client, CLOSE_PROTOCOL_ERROR, "reserved-bit");
}

/* Takes note, once, of a close that is libwebsockets' own, on a frame that breaks the protocol. Returns true then. */
static bool
note_own_close(struct client *client)
{
	uint16_t code = client_close_code(client);

	if (code == 0 || client->ending.code != 0 || client->ending.why != NULL)
		return false;
	client->ending.code = code;
	client->ending.why = closecode_name(code);
	return true;
}

static void
on_closed(struct ws *ws, struct session *session)
{
	struct client *client = session->client;

	note_own_close(client);
	session->client = NULL;
	forget_unread(ws, client);
	entry_end(&ws->parts, client);
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws *ws = lws_context_user(lws_get_context(wsi));
	struct session *session = user;
	struct client *client = session == NULL ? NULL : session->client; /* it had no memory for the session */

	switch ((int)reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return ws->newcomer == NULL ? -1 : 0;
	case LWS_CALLBACK_HTTP: /* the head that it gets from us asks for a WebSocket */
		return -1;
	case LWS_CALLBACK_ADD_HEADERS:
		return on_answer(ws, in);
	case LWS_CALLBACK_ESTABLISHED:
		return session == NULL ? -1 : on_established(ws, wsi, session);
	case LWS_CALLBACK_RECEIVE:
		if (client != NULL)
			on_receive(ws, wsi, client, in, len);
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
		if (client != NULL)
			on_pong(ws, wsi, client);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		if (client != NULL)
			client_writable(client);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return client == NULL ? 0 : on_peer_close(ws, client, in, len);
	case LWS_CALLBACK_CLOSED:
		if (client != NULL)
			on_closed(ws, session);
		return 0;
	default: /* libwebsockets has a hundred more */
		return 0;
	}
}

/* --- opening and closing ------------------------------------------------------------------------------ */

static const struct lws_protocols protocols[] = {
	{ "tina4", callback, sizeof(struct session), RECEIVE_BYTES, 0, NULL, WRITE_BYTES },
	{ STREAMS_PROTOCOL, streams_callback, sizeof(struct streams_session), 0, 0, NULL, WRITE_BYTES },
	{ NULL, NULL, 0, 0, 0, NULL, 0 },
};

/* We ping ourselves: libwebsockets' way costs a sorted list of timers. */
static const lws_retry_bo_t no_pings = { .secs_since_valid_ping = 0, .secs_since_valid_hangup = 0 };

static void
emit_log(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

	if (strstr(line, "calling service") != NULL) /* it says so of each socket that ws_adopt() gives to it */
		return;
	/* A peer can cause these: they are no more than warnings of ours. */
	if (level & LLL_ERR)
		log_limited(LOG_LEVEL_WARN, "libwebsockets says text=%.*s", len, line);
	else
		log_debug("libwebsockets says text=%.*s", len, line);
}

static struct lws_vhost *
open_vhost(struct ws *ws)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.vhost_name = "tina4",
		.protocols = protocols,
		.timeout_secs = HANDSHAKE_SECONDS,
		.timeout_secs_ah_idle = HANDSHAKE_SECONDS,
		.keepalive_timeout = HANDSHAKE_SECONDS,
		.retry_and_idle_policy = &no_pings,
		.alpn = "http/1.1",
		.extensions = ws->parts.deflate == NULL ? NULL : extensions,
	};

	return lws_create_vhost(ws->context, &info);
}

int
ws_open(struct ws *ws, const struct entry_parts *parts, uv_loop_t *loop)
{
	void *loops[] = { loop };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.user = ws,
		.pcontext = &ws->context, /* becomes NULL when it is freed */
		.max_http_header_data = HEADER_BYTES,
		.max_http_header_pool = HANDSHAKES,
		.pt_serv_buf_size = SERVICE_BYTES,
		.timeout_secs = HANDSHAKE_SECONDS,
		.retry_and_idle_policy = &no_pings,
	};

	*ws = (struct ws){ .parts = *parts };
	lws_set_log_level(LLL_ERR | LLL_WARN, emit_log);
	ws->context = lws_create_context(&info);
	if (ws->context == NULL) {
		log_error("libwebsockets does not start: is libwebsockets-evlib-uv installed?");
		return -ENOTSUP;
	}
	ws->vhost = open_vhost(ws);
	return ws->vhost == NULL ? -ENOMEM : 0;
}

void
ws_close(struct ws *ws)
{
	if (ws->context != NULL)
		lws_context_destroy(ws->context);
}

void
ws_adopt(struct ws *ws, int fd, const struct newcomer *newcomer, struct span rest)
{
	struct buf bytes = BUF_INIT;
	struct lws *wsi = NULL;

	if (newcomer->upgrade->stream) {
		streams_adopt(&ws->parts, ws->vhost, fd, newcomer);
		return;
	}
	upgrade_put_head(newcomer->upgrade, &bytes);
	buf_bytes(&bytes, rest.data, rest.len);
	if (bytes.failed || bytes.len >= SERVICE_BYTES) {
		close(fd);
	} else {
		ws->newcomer = newcomer;
		/* All of the handshake happens in here, and it closes fd when that fails. */
		wsi = lws_adopt_socket_vhost_readbuf(ws->vhost, fd, (const char *)bytes.data, bytes.len);
	}
	if (ws->newcomer != NULL && wsi != NULL) /* it has no reason to wait: whatever it does, it would never end */
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
	ws->newcomer = NULL;
	buf_free(&bytes);
}

/* True when a close frame has gone out. */
static bool
is_closing(const struct client *client)
{
	return client->socket.wsi != NULL && !client->socket.write_closed && client_close_code(client) != 0;
}

/* True when that was because the client did wrong, said by libwebsockets or by us. */
static bool
was_refused(struct client *client)
{
	return note_own_close(client) || (client->ending.why != NULL && client_drained(client));
}

static void
end_if_refused(struct ws *ws, struct client *client)
{
	if (!was_refused(client))
		return;
	client->socket.write_closed = true;
	hub_leave(ws->parts.hub, client);
	shutdown(client->socket.fd, SHUT_WR);
}

/*
 * After its close frame libwebsockets waits 5 s for the client's, 35 s when a
 * message was cut short, and what others send to the client meanwhile still goes
 * out. RFC 6455 section 7.1.7 wants the connection failed: nothing is written any
 * more, and the client hears that this is the end.
 */
static void
end_refused(struct ws *ws)
{
	for (struct client *client = ws->parts.hub->clients, *next; client != NULL; client = next) {
		next = client->hh.next;
		if (is_closing(client))
			end_if_refused(ws, client);
	}
}

void
ws_tick(struct ws *ws)
{
	/* It looks at each client, which thousands of quiet ones would notice each second. */
	if (++ws->n_ticks % 2 == 0)
		end_refused(ws);
	lws_cancel_service(ws->context);
}
