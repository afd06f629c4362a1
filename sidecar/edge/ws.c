#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/address.h"
#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/credentials.h"
#include "shared/list.h"
#include "shared/log.h"
#include "shared/utf8.h"
#include "sidecar/admin/admin.h"
#include "sidecar/edge/answer.h"
#include "sidecar/hub/client.h"
#include "sidecar/edge/counters.h"
#include "sidecar/hub/deflate.h"
#include "sidecar/hub/expiry.h"
#include "sidecar/edge/extension.h"
#include "sidecar/feed/feed.h"
#include "sidecar/edge/greeting.h"
#include "sidecar/edge/handshake.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/pings.h"
#include "sidecar/admin/post.h"
#include "sidecar/edge/quotas.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"
#include "sidecar/edge/ws.h"

enum {
	HEADER_BYTES = 8192, /* of one request's headers */
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

/* --- the request ---------------------------------------------------------------------- */

/* Copies a header into ret; NULL when there is none or it does not fit. */
static const char *
header(struct lws *wsi, enum lws_token_indexes token, char *ret, int size)
{
	if (lws_hdr_total_length(wsi, token) <= 0 || lws_hdr_copy(wsi, ret, size, token) < 0)
		return NULL;
	return ret;
}

static struct verdict
check_upgrade(struct ws *ws, struct lws *wsi, const struct request_line *line)
{
	char host[256], origin[512], key[64], version[16], protocols[256];
	struct upgrade upgrade = {
		.line = line,
		.host = header(wsi, WSI_TOKEN_HOST, host, sizeof(host)),
		.origin = header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)),
		.key = header(wsi, WSI_TOKEN_KEY, key, sizeof(key)),
		.version = header(wsi, WSI_TOKEN_VERSION, version, sizeof(version)),
		.protocols = header(wsi, WSI_TOKEN_PROTOCOL, protocols, sizeof(protocols)),
	};
	uint32_t max = ws->parts.conf->ws_max_connections;
	/* Clients that are gone count only when no worker takes note of it for long. */
	bool full = ws->parts.counters->n_open >= max || HASH_COUNT(ws->parts.hub->clients) / 2 >= max;

	/* One that is there but could not be copied counts as a foreign or unknown one. */
	if (upgrade.origin == NULL && lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0)
		upgrade.origin = "";
	if (upgrade.protocols == NULL && lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0)
		upgrade.protocols = "";
	if (ws->stopping)
		return (struct verdict){ .status = 503, .why = "stopping" };
	return handshake_check(&upgrade, ws->parts.routes, ws->parts.conf->ws_allowed_origins, full);
}

/* Checks the token of a secure route, which goes on with the request. */
static struct verdict
check_token(struct ws *ws, struct lws *wsi, struct request_line *line)
{
	char authorization[TOKEN_MAX_BYTES + 16], cookies[HEADER_BYTES];
	struct credentials credentials = {
		.authorization = header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization, sizeof(authorization)),
		.query = line->query,
		.cookies = header(wsi, WSI_TOKEN_HTTP_COOKIE, cookies, sizeof(cookies)),
		.cookie_name = ws->parts.conf->token_cookie,
	};

	return handshake_check_token(ws->parts.keys, &credentials, time(NULL), &line->token);
}

/* Puts the client's address in the place of the peer's: what trusted proxies tell, or "" when nobody knows. */
static void
resolve_ip(const struct ws *ws, struct lws *wsi, struct request_line *line)
{
	char forwarded[1024], ip[ADDRESS_TEXT_MAX];

	address_of_client(ws->parts.conf->trusted_proxies, line->ip,
	    header(wsi, WSI_TOKEN_X_FORWARDED_FOR, forwarded, sizeof(forwarded)), ip);
	strcpy(line->ip, ip);
}

static int
on_upgrade(struct ws *ws, struct lws *wsi)
{
	struct request_line *line = lws_get_opaque_user_data(wsi);
	struct verdict verdict;
	const char *why;

	if (line == NULL || line->for_admin)
		return answer_error(wsi, 400, "no WebSocket here", NULL);
	verdict = check_upgrade(ws, wsi, line);
	resolve_ip(ws, wsi, line);
	/* Before the token is checked, so that nobody tries one after the other. */
	if (verdict.status == 101 && (why = quotas_refuse(ws->parts.quotas, line->ip, ws->parts.turn->now_ms)) != NULL)
		verdict = (struct verdict){ 429, why, NULL };
	if (verdict.status == 101 && verdict.route->secure)
		verdict = check_token(ws, wsi, line);
	if (verdict.status == 101)
		return 0;
	counters_add_upgrade(ws->parts.counters, verdict.status);
	log_limited(
	    LOG_LEVEL_INFO, "upgrade refused path=%s status=%d why=%s", line->path, verdict.status, verdict.why);
	return answer_error(wsi, verdict.status, verdict.why, "GET");
}

/* --- a new client --------------------------------------------------------------------------- */

static void
put_header(struct buf *meta, const char *name, size_t name_len, const char *value)
{
	wire_put_pair(meta, (struct span){ name, name_len }, span_of(value));
}

/* True for "host:", "cookie:", ...; not for parts of the request line and of the handshake. */
static bool
is_for_handlers(const char *name)
{
	static const char *const not [] = { "connection:", "upgrade:", "sec-websocket-", "http/", "content-length:" };
	size_t len = strlen(name);

	if (len < 2 || name[0] == ':' || name[len - 1] != ':')
		return false;
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		if (strncasecmp(name, not [i], strlen(not [i])) == 0)
			return false;
	return true;
}

static void
put_headers(struct ws *ws, struct lws *wsi, struct buf *meta)
{
	char value[HEADER_BYTES], name[128];
	const char *rest = ws->parts.conf->ws_headers;
	struct span item;

	for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
		const char *known;

		if (lws_hdr_total_length(wsi, (enum lws_token_indexes)token) <= 0)
			continue;
		known = (const char *)lws_token_to_string((enum lws_token_indexes)token);
		if (known != NULL && is_for_handlers(known) &&
		    header(wsi, (enum lws_token_indexes)token, value, sizeof(value)) != NULL)
			put_header(meta, known, strlen(known) - 1, value);
	}
	while (list_next(&rest, &item)) {
		int n = snprintf(name, sizeof(name), "%.*s:", (int)item.len, item.data);

		if (n < (int)sizeof(name) && lws_hdr_custom_copy(wsi, value, sizeof(value), name, n) > 0)
			put_header(meta, name, (size_t)n - 1, value);
	}
}

static void
put_meta(struct ws *ws, struct lws *wsi, const struct request_line *line, struct client *client)
{
	struct wire_meta meta = {
		.pattern = span_of(
		    client->place.path->route == NULL ? "" : path_pattern_text(client->place.path->route->pattern)),
		.path = { line->path, line->path_len },
		.query = span_of(line->query),
		.ip = span_of(line->ip),
		.user = { line->token.claims, line->token.claims_len },
	};

	client->quota.address = quotas_enter(ws->parts.quotas, line->ip);
	wire_put_meta(&client->feed.meta, &meta);
	put_headers(ws, wsi, &client->feed.meta);
}

static int
new_id(const struct ws *ws, struct wire_id *ret)
{
	int r = wire_id_random(ret);

	memcpy(ret->bytes, &ws->parts.instance, sizeof(ws->parts.instance));
	return r;
}

static void
set_up_socket(const struct ws *ws, int fd)
{
	int size = (int)ws->parts.conf->ws_send_buffer;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static struct client *
make_client(struct ws *ws, struct lws *wsi, const struct request_line *line)
{
	struct wire_id id;
	struct client *client = new_id(ws, &id) < 0 ? NULL : client_new(&id);

	if (client == NULL)
		return NULL;
	client->socket.wsi = wsi;
	client->socket.fd = lws_get_socket_fd(wsi);
	client->socket.deflate = line->deflate;
	client->ping.frond = strcmp(lws_get_protocol(wsi)->name, "frond.1") == 0;
	if (hub_enter(ws->parts.hub, client, line->path, line->path_len) < 0) {
		client_free(client);
		return NULL;
	}
	if (client->place.path->n_clients == 1)
		client->place.path->route = routes_match(ws->parts.routes, line->path, line->path_len);
	put_meta(ws, wsi, line, client);
	return client;
}

static int
on_established(struct ws *ws, struct lws *wsi, struct session *session)
{
	struct request_line *line = lws_get_opaque_user_data(wsi);
	struct client *client = make_client(ws, wsi, line);

	if (client == NULL)
		return -1;
	session->client = client;
	counters_add_upgrade(ws->parts.counters, 101);
	ws->parts.counters->n_open++;
	ws->n_handshakes--;
	set_up_socket(ws, client->socket.fd);
	pings_add(ws->parts.pings, client);
	if (ws->parts.conf->ws_close_expired && line->token.claims != NULL && line->token.expires != INT64_MAX) {
		client->expiry.at = line->token.expires;
		expiry_add(ws->parts.expiry, client);
	}
	log_debug("client connected path=%s conn=%s ip=%s", line->path, client_name(client), line->ip);
	lws_set_opaque_user_data(wsi, NULL);
	request_line_free(line);
	if (client->feed.meta.failed || feed_client_open(ws->parts.feed, client) < 0)
		client_drop(client, "not-opened");
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
	buf_free(&client->reading.message);
	hub_disconnect(ws->parts.hub, client, code, why, SPAN_EMPTY);
}

static void
take_message(struct ws *ws, struct client *client, const void *data, size_t len, bool binary)
{
	if (!binary && !utf8_valid(data, len)) {
		refuse_message(ws, client, CLOSE_INVALID_DATA, "not-utf8");
		return;
	}
	ws->parts.counters->n_received++;
	ws->parts.counters->received_bytes += len;
	if (feed_client_message(ws->parts.feed, client, data, len, binary) < 0)
		refuse_message(ws, client, CLOSE_INTERNAL_ERROR, "out-of-memory");
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
	if (client->reading.message.len == 0 && whole) {
		take_whole(ws, client, data, len, binary);
		return;
	}
	buf_bytes(&client->reading.message, data, len);
	if (client->reading.message.failed) {
		refuse_message(ws, client, CLOSE_INTERNAL_ERROR, "out-of-memory");
		return;
	}
	if (whole) {
		take_whole(ws, client, client->reading.message.data, client->reading.message.len, binary);
		buf_free(&client->reading.message);
	}
}

/*
 * RFC 6455 section 5.5.1: the body of a close frame, if there is one, begins
 * with the code, and the rest is text. Returns -1 to cut off one that is not.
 */
static int
on_peer_close(struct ws *ws, struct client *client, const uint8_t *body, size_t len)
{
	if (len > 2 && !utf8_valid((const char *)body + 2, len - 2))
		return -1;
	client->socket.write_closed = true;
	if (client->ending.code == 0)
		client->ending.code = len >= 2 ? (uint16_t)(body[0] << 8 | body[1]) : CLOSE_NO_STATUS;
	hub_leave(ws->parts.hub, client);
	return 0;
}

/* Who ended it, and why: the sidecar's own reason, or what the code means. */
static void
log_end(const struct client *client)
{
	int code = client->ending.code != 0 ? client->ending.code : CLOSE_ABNORMAL;
	const char *by = client->ending.by_app ? "app" : "client", *why = closecode_name(code);

	if (client->ending.why != NULL) {
		by = "sidecar";
		why = client->ending.why;
	}
	log_limited(LOG_LEVEL_INFO, "client disconnected path=%s conn=%s code=%d by=%s why=%s",
	    path_name(client->place.path), client_name(client), code, by, why);
}

static void
on_closed(struct ws *ws, struct session *session)
{
	struct client *client = session->client;

	if (client == NULL)
		return;
	session->client = NULL;
	ws->parts.counters->n_open--;
	pings_remove(ws->parts.pings, client);
	expiry_remove(ws->parts.expiry, client);
	quotas_leave(client->quota.address);
	client->quota.address = NULL;
	counters_add_end(ws->parts.counters, client->socket.broken ? client->ending.why : NULL, client->ending.code);
	forget_unread(ws, client);
	client->socket.wsi = NULL;
	client->socket.fd = -1;
	outq_clear(&client->socket.outq);
	log_end(client);
	feed_client_gone(ws->parts.feed, client);
}

/* A connection that never became a WebSocket still has its request line. */
static void
on_destroy(struct ws *ws, struct lws *wsi)
{
	struct request_line *line = lws_get_opaque_user_data(wsi);

	if (line == NULL)
		return;
	ws->n_handshakes--;
	lws_set_opaque_user_data(wsi, NULL);
	post_free(line->post);
	request_line_free(line);
}

/* A request that asks for no WebSocket. */
static int
on_http(struct ws *ws, struct lws *wsi)
{
	struct request_line *line = lws_get_opaque_user_data(wsi);

	if (line != NULL && line->for_admin)
		return admin_request(ws->parts.admin, wsi, line);
	counters_add_upgrade(ws->parts.counters, 426);
	answer_error(wsi, 426, "this port speaks WebSocket", NULL);
	return -1;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws *ws = lws_context_user(lws_get_context(wsi));
	struct session *session = user;

	switch ((int)reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_upgrade(ws, wsi);
	case LWS_CALLBACK_HTTP:
		return on_http(ws, wsi);
	case LWS_CALLBACK_HTTP_BODY:
		return post_body(lws_get_opaque_user_data(wsi), in, len);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return post_end(lws_get_opaque_user_data(wsi));
	case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY:
		return extension_confirm(wsi);
	case LWS_CALLBACK_ADD_HEADERS:
		return extension_answer(wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
		return on_established(ws, wsi, session);
	case LWS_CALLBACK_RECEIVE:
		if (session->client != NULL)
			on_receive(ws, wsi, session->client, in, len);
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
		if (session->client != NULL)
			session->client->ping.quiet = false;
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		if (session->client != NULL)
			client_writable(session->client);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return session->client == NULL ? 0 : on_peer_close(ws, session->client, in, len);
	case LWS_CALLBACK_CLOSED:
		on_closed(ws, session);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		on_destroy(ws, wsi);
		return 0;
	default: /* libwebsockets has a hundred more */
		return 0;
	}
}

/* --- opening and closing ------------------------------------------------------------------------------ */

static const struct lws_protocols protocols[] = {
	{ "tina4-none-asked", callback, sizeof(struct session), RECEIVE_BYTES, 0, NULL, WRITE_BYTES },
	{ "frond.1", callback, sizeof(struct session), RECEIVE_BYTES, 0, NULL, WRITE_BYTES },
	{ NULL, NULL, 0, 0, 0, NULL, 0 },
};

/* We ping ourselves: libwebsockets' way costs a sorted list of timers. */
static const lws_retry_bo_t no_pings = { .secs_since_valid_ping = 0, .secs_since_valid_hangup = 0 };

static void
emit_log(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

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
ws_open(struct ws *ws, const struct ws_parts *parts, uv_loop_t *loop)
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
		.max_http_header_pool = WS_MAX_HANDSHAKES,
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
ws_stop(struct ws *ws)
{
	ws->stopping = true;
}

static void
adopt(struct ws *ws, int fd, struct request_line *line)
{
	struct lws *wsi;

	if (ws->n_handshakes >= WS_MAX_HANDSHAKES) {
		if (!line->for_admin)
			counters_add_upgrade(ws->parts.counters, 503);
		greeting_refuse(fd, "503 Service Unavailable", "too many handshakes at once");
		request_line_free(line);
		return;
	}
	wsi = lws_adopt_socket_vhost(ws->vhost, fd);
	if (wsi == NULL) { /* it has closed fd */
		request_line_free(line);
		return;
	}
	ws->n_handshakes++;
	lws_set_opaque_user_data(wsi, line);
}

void
ws_adopt_browser(void *ws, int fd, struct request_line *line)
{
	adopt(ws, fd, line);
}

void
ws_adopt_admin(void *ws, int fd, struct request_line *line)
{
	line->for_admin = true;
	adopt(ws, fd, line);
}

void
ws_tick(struct ws *ws)
{
	lws_cancel_service(ws->context);
}
