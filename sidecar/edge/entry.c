#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/list.h"
#include "shared/log.h"
#include "shared/token.h"
#include "shared/url.h"
#include "sidecar/edge/counters.h"
#include "sidecar/edge/elements.h"
#include "sidecar/edge/entry.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/quotas.h"
#include "sidecar/edge/target.h"
#include "sidecar/edge/upgrade.h"
#include "sidecar/feed/feed.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/expiry.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/pings.h"
#include "sidecar/hub/users.h"

/* --- a new client --------------------------------------------------------------------------- */

/* Those that say something about a request to a handler, and not about the connection or the handshake. */
static bool
is_for_handlers(struct span name)
{
	static const char *const names[] = { "accept", "accept-charset", "accept-encoding", "accept-language",
		"authorization", "cache-control", "content-type", "cookie", "date", "expect", "from", "host",
		"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards",
		"origin", "pragma", "proxy-authorization", "range", "referer", "te", "user-agent", "via",
		"x-auth-token", "x-forwarded-for", "x-real-ip" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (element_is(name, names[i]))
			return true;
	return false;
}

/* One of TINA4_WS_HEADERS. */
static bool
is_asked_for(const struct conf *conf, struct span name)
{
	const char *rest = conf->ws_headers;
	struct span item;

	while (list_next(&rest, &item))
		if (item.len == name.len && strncasecmp(item.data, name.data, name.len) == 0)
			return true;
	return false;
}

/* What is offered behind bearer is a token, and so that field is for nobody but us. */
static bool
is_shown(const struct entry_parts *parts, struct span name)
{
	return !element_is(name, "cookie") && !element_is(name, "sec-websocket-protocol") &&
	    (is_for_handlers(name) || is_asked_for(parts->conf, name));
}

/* Lines of cookies are one (RFC 9113 section 8.2.3); others stay as they came. */
static void
put_headers(const struct entry_parts *parts, const struct head *head, struct buf *meta)
{
	struct buf cookies = BUF_INIT;

	if (head_join(head, "cookie", &cookies) > 0)
		wire_put_pair(meta, span_of("cookie"), span_of_buf(&cookies));
	meta->failed |= cookies.failed;
	buf_free(&cookies);
	for (size_t i = 0; i < head->n_fields; i++) {
		struct span name = head_name(head, i);

		if (is_shown(parts, name))
			wire_put_pair(meta, name, head_value(head, i));
	}
}

static void
put_meta(const struct entry_parts *parts, const struct newcomer *newcomer, struct client *client)
{
	struct wire_meta meta = {
		.pattern = span_of(
		    client->place.path->route == NULL ? "" : path_pattern_text(client->place.path->route->pattern)),
		.path = { newcomer->target->path, newcomer->target->path_len },
		.query = newcomer->target->query,
		.ip = span_of(newcomer->ip),
		.claims = { newcomer->token->claims, newcomer->token->claims_len },
		.protocol = newcomer->upgrade->spoken,
	};

	client->quota.address = quotas_enter(parts->quotas, newcomer->ip);
	wire_put_meta(&client->feed.meta, &meta);
	put_headers(parts, newcomer->head, &client->feed.meta);
}

static int
new_id(const struct entry_parts *parts, struct wire_id *ret)
{
	int r = wire_id_random(ret);

	memcpy(ret->bytes, &parts->instance, sizeof(parts->instance));
	return r;
}

/* What a turn has for it goes out in one write: nothing is gained by waiting for more, which TCP would do. */
static void
set_up_socket(const struct entry_parts *parts, int fd)
{
	int size = (int)parts->conf->ws_send_buffer, on = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* of no use on a unix socket, where it fails */
}

/* Where it says that it was. In a query, what is written there may be escaped. */
static int
take_position(struct client *client, const struct upgrade *upgrade)
{
	struct span text = upgrade->position;
	char *decoded = NULL;

	if (text.data == NULL)
		return 0;
	if (upgrade->stream) {
		decoded = malloc(text.len + 1);
		if (decoded == NULL)
			return -ENOMEM;
		text = (struct span){ decoded, url_decode_component(text.data, text.len, decoded) };
	}
	client->coming = coming_new(text);
	free(decoded);
	return client->coming == NULL ? -ENOMEM : 0;
}

/* Whom its token names. Returns 0 or -ENOMEM. */
static int
take_user(const struct entry_parts *parts, struct client *client, const struct token *token)
{
	struct span name = token->subject == NULL ? SPAN_EMPTY : span_of(token->subject);
	int r = users_set(&parts->hub->users, client, name);

	if (r == -EINVAL)
		log_limited(LOG_LEVEL_WARN, "client without a user path=%s conn=%s why=sub-too-long-or-with-controls",
		    path_name(client->place.path), client_name(client));
	return r == -ENOMEM ? r : 0;
}

struct client *
entry_make(const struct entry_parts *parts, struct lws *wsi, const struct newcomer *newcomer)
{
	const struct target *target = newcomer->target;
	struct wire_id id;
	struct client *client = new_id(parts, &id) < 0 ? NULL : client_new(&id);

	if (client == NULL)
		return NULL;
	client->socket.wsi = wsi;
	client->socket.fd = lws_get_socket_fd(wsi);
	client->socket.deflate = newcomer->upgrade->deflate;
	client->socket.stream = newcomer->upgrade->stream;
	client->ping.frond = newcomer->upgrade->frond;
	if (take_position(client, newcomer->upgrade) < 0) {
		client_free(client);
		return NULL;
	}
	if (hub_enter(parts->hub, client, target->path, target->path_len) < 0) {
		client_free(client);
		return NULL;
	}
	if (client->place.path->n_clients == 1)
		route_set(client->place.path, routes_match(parts->routes, target->path, target->path_len));
	put_meta(parts, newcomer, client);
	client_recount(client);
	client->feed.meta.failed |= take_user(parts, client, newcomer->token) < 0;
	return client;
}

static void
watch_expiry(const struct entry_parts *parts, struct client *client, const struct token *token)
{
	if (!parts->conf->ws_close_expired || token->claims == NULL || token->expires == INT64_MAX)
		return;
	client->expiry.at = token->expires;
	expiry_add(parts->expiry, client);
}

void
entry_open(const struct entry_parts *parts, struct client *client, const struct newcomer *newcomer, int status)
{
	counters_add_upgrade(parts->counters, status);
	parts->counters->n_open++;
	parts->counters->n_streams += client->socket.stream;
	set_up_socket(parts, client->socket.fd);
	pings_add(parts->pings, client);
	watch_expiry(parts, client, newcomer->token);
	log_debug("client connected path=%s conn=%s ip=%s", newcomer->target->path, client_name(client), newcomer->ip);
	if (client->feed.meta.failed || feed_client_open(parts->feed, client) < 0)
		client_drop(client, "not-opened");
}

/* --- its end ---------------------------------------------------------------------------------- */

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

void
entry_end(const struct entry_parts *parts, struct client *client)
{
	parts->counters->n_open--;
	parts->counters->n_streams -= client->socket.stream;
	pings_remove(parts->pings, client);
	expiry_remove(parts->expiry, client);
	quotas_leave(client->quota.address);
	client->quota.address = NULL;
	counters_add_end(parts->counters, client->socket.broken ? client->ending.why : NULL, client->ending.code);
	hub_socket_gone(parts->hub, client);
	client_socket_gone(client);
	reading_forget(&parts->hub->readings, client);
	log_end(client);
	feed_client_gone(parts->feed, client);
}
