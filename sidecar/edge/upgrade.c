#include <string.h>

#include "shared/buf.h"
#include "shared/credentials.h"
#include "shared/origin.h"
#include "shared/protocols.h"
#include "shared/valid.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/deflate.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/elements.h"
#include "sidecar/feed/routes.h"
#include "sidecar/edge/target.h"
#include "sidecar/edge/upgrade.h"

enum { KEY_CHARS = 24 }; /* 16 bytes in base64 */

static const char FROND[] = "frond.1";

static bool
is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* RFC 6455 section 4.1: the key is a nonce of 16 bytes in base64. */
static bool
is_key(struct span key)
{
	if (key.data == NULL || key.len != KEY_CHARS || memcmp(key.data + KEY_CHARS - 2, "==", 2) != 0)
		return false;
	for (int i = 0; i < KEY_CHARS - 2; i++)
		if (!is_base64(key.data[i]))
			return false;
	return true;
}

/* Fields of which two would leave it to the reader which one counts. */
static bool
has_repeated(const struct head *head)
{
	static const char *const single[] = { "sec-websocket-key", "sec-websocket-version", "origin", "authorization",
		"last-event-id" };

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (head_count(head, single[i]) > 1)
			return true;
	return false;
}

static bool
is_upgrade(const struct head *head)
{
	return head_lists(head, "upgrade", "websocket") && head_lists(head, "connection", "upgrade");
}

/* RFC 6455 section 4.2.1, items 1 to 6; RFC 9110 section 7.8: without Connection, Upgrade says nothing. */
static enum refusal
judge_form(const struct head *head)
{
	if (!is_upgrade(head))
		return REFUSAL_NO_UPGRADE;
	if (!head_is(head, "GET"))
		return REFUSAL_NOT_GET;
	if (head->minor == 0)
		return REFUSAL_OLD_HTTP;
	if (head_has_body(head))
		return REFUSAL_BODY;
	if (has_repeated(head))
		return REFUSAL_REPEATED;
	if (!element_is(head_get(head, "sec-websocket-version"), "13"))
		return REFUSAL_WS_VERSION;
	if (!is_key(head_get(head, "sec-websocket-key")))
		return REFUSAL_WS_KEY;
	return REFUSAL_NONE;
}

/* --- event streams -------------------------------------------------------------------------- */

/* "; q=0", with as many zeros as it likes. */
static bool
refuses(struct span weight)
{
	size_t at = span_find(weight, 0, span_of("q=0"));

	if (at == weight.len)
		return false;
	for (at += 2; at < weight.len; at++)
		if (weight.data[at] != '0' && weight.data[at] != '.')
			return false;
	return true;
}

/* The first value of that name, as it came; empty when there is none. */
static struct span
query_value(struct span query, const char *name)
{
	size_t len = strlen(name);

	for (size_t at = 0, end; at < query.len; at = end + 1) {
		end = span_find(query, at, span_of("&"));
		if (end - at > len && memcmp(query.data + at, name, len) == 0 && query.data[at + len] == '=')
			return (struct span){ query.data + at + len + 1, end - at - len - 1 };
	}
	return SPAN_EMPTY;
}

/* RFC 9110 section 12.5.1: a media type, and behind it its weight, which at 0 refuses it. */
static bool
accepts_stream(const struct head *head)
{
	static const char type[] = "text/event-stream";
	struct head_list list = head_list(head, "accept");
	struct span range;

	while (head_list_next(&list, &range)) {
		struct span name = { range.data, span_find(range, 0, span_of(";")) };
		struct span weight = span_from(range, name.len);

		while (name.len > 0 && (name.data[name.len - 1] == ' ' || name.data[name.len - 1] == '\t'))
			name.len--;
		if (element_is(name, type))
			return !refuses(weight);
	}
	return false;
}

/* A response of any length, which an older HTTP can have as well. */
static enum refusal
judge_stream_form(const struct head *head)
{
	if (!head_is(head, "GET"))
		return REFUSAL_NOT_GET;
	if (head_has_body(head))
		return REFUSAL_BODY;
	return has_repeated(head) ? REFUSAL_REPEATED : REFUSAL_NONE;
}

/*
 * A page of another site can make a browser ask without Origin, though not read the
 * answer: but that would open a connection in the visitor's name.
 */
static bool
is_blind(const struct head *head)
{
	struct span site = head_get(head, "sec-fetch-site");

	return head_count(head, "origin") == 0 && site.data != NULL && !element_is(site, "same-origin") &&
	    !element_is(site, "none");
}

/* EventSource has a header of its own for it, but cannot send it the first time. */
static struct span
find_position(const struct head *head, const struct target *target)
{
	struct span said = head_get(head, "last-event-id");

	if (said.data == NULL || said.len == 0)
		said = query_value(target->query, "last-event-id");
	return said.len == 0 ? (struct span){ 0 } : said;
}

/* --- both --------------------------------------------------------------------------------------- */

/* The proxy next to us speaks last. */
static bool
is_https(const struct head *head)
{
	struct head_list list = head_list(head, "x-forwarded-proto");
	struct span scheme = { NULL, 0 };

	while (head_list_next(&list, &scheme))
		;
	return scheme.data != NULL && element_is(scheme, "https");
}

/* It goes back as it came, and so it must be what RFC 6455 section 4.1 lets a client offer. */
static bool
may_be_chosen(struct span offer)
{
	return offer.len <= UPGRADE_OFFER_BYTES && valid_token(offer.data, offer.len);
}

/* What a client offers, as far as it has been looked at. */
struct offers {
	struct span chosen;   /* frond.1 or one of the route's, whichever came first */
	struct span bearer;   /* with a token behind it */
	struct span position; /* frond.at. and where it was */
	bool before_token;    /* the latest was bearer: the next one is no name */
};

static void
take_name(struct offers *offers, struct span offer, struct upgrade *upgrade)
{
	const size_t prefix = strlen(COMING_PREFIX);
	bool speaks = protocols_have(span_of(upgrade->route->protocols), offer);

	if (offers->chosen.data == NULL && (speaks || span_is(offer, FROND)))
		offers->chosen = offer;
	if (speaks && upgrade->spoken.data == NULL)
		upgrade->spoken = offer;
	if (offer.len >= prefix && memcmp(offer.data, COMING_PREFIX, prefix) == 0) {
		upgrade->position = span_from(offer, prefix);
		if (may_be_chosen(offer))
			offers->position = offer;
	}
}

/* A token is none of the names, and so it can never be answered. Only the first one counts. */
static void
take_offer(struct offers *offers, struct span offer, struct upgrade *upgrade)
{
	if (offers->before_token) {
		offers->before_token = false;
		upgrade->token = upgrade->token.data == NULL ? offer : upgrade->token;
	} else if (span_is(offer, PROTOCOLS_BEARER)) {
		offers->before_token = true;
		offers->bearer = offer;
	} else {
		take_name(offers, offer, upgrade);
	}
}

/*
 * RFC 6455 section 4.2.2: one of those that the client offers, in its order. bearer is
 * answered when nothing else is spoken, for a browser that offers something wants one of
 * it. So is, after that, the offer that says where a client was: it may be no browser's
 * that stays without one. A subprotocol has its case.
 */
static void
choose_protocol(const struct head *head, struct upgrade *upgrade)
{
	struct head_list list = head_list(head, "sec-websocket-protocol");
	struct offers offers = { 0 };
	struct span offer;

	for (int i = 0; i < UPGRADE_MAX_OFFERS && head_list_next(&list, &offer); i++)
		take_offer(&offers, offer, upgrade);
	upgrade->frond = offers.chosen.data != NULL && span_is(offers.chosen, FROND);
	if (offers.chosen.data != NULL)
		upgrade->protocol = offers.chosen;
	else if (upgrade->token.data != NULL)
		upgrade->protocol = offers.bearer;
	else
		upgrade->protocol = offers.position;
}

static bool
accepts_deflate(const struct head *head)
{
	struct buf all = BUF_INIT;
	bool accepts = head_join(head, "sec-websocket-extensions", &all) > 0 && buf_cstr(&all) != NULL &&
	    deflate_accepts((const char *)all.data);

	buf_free(&all);
	return accepts;
}

static enum refusal
judge_route(const struct target *target, const struct upgrade_rules *rules, struct upgrade *upgrade)
{
	upgrade->route = routes_match(rules->routes, target->path, target->path_len);
	if (upgrade->route != NULL)
		return REFUSAL_NONE;
	return routes_may_come(rules->routes) ? REFUSAL_NOT_YET : REFUSAL_NO_ROUTE;
}

static enum refusal
judge_origin(const struct head *head, const struct upgrade_rules *rules, struct upgrade *upgrade)
{
	upgrade->origin = head_get(head, "origin");
	if (upgrade->stream && is_blind(head))
		return REFUSAL_ORIGIN;
	return origin_allowed(
		   upgrade->origin, head_host(head), rules->allowed_origins, rules->proxied && is_https(head))
	    ? REFUSAL_NONE
	    : REFUSAL_ORIGIN;
}

/* What the two kinds of connection agree on, each in its own way. */
static enum refusal
negotiate(
    const struct head *head, const struct target *target, const struct upgrade_rules *rules, struct upgrade *upgrade)
{
	if (upgrade->stream) {
		upgrade->position = find_position(head, target);
		return REFUSAL_NONE;
	}
	choose_protocol(head, upgrade);
	if (upgrade->protocol.data == NULL && head_count(head, "sec-websocket-protocol") > 0)
		return REFUSAL_PROTOCOL;
	upgrade->deflate = rules->deflate && accepts_deflate(head);
	return REFUSAL_NONE;
}

enum refusal
upgrade_judge(
    const struct head *head, const struct target *target, const struct upgrade_rules *rules, struct upgrade *ret)
{
	struct upgrade upgrade = { .key = head_get(head, "sec-websocket-key"), .query = target->query };
	enum refusal refusal = rules->stopping ? REFUSAL_STOPPING : REFUSAL_NONE;

	upgrade.stream = !is_upgrade(head) && accepts_stream(head);
	if (refusal == REFUSAL_NONE)
		refusal = upgrade.stream ? judge_stream_form(head) : judge_form(head);
	if (refusal == REFUSAL_NONE)
		refusal = judge_route(target, rules, &upgrade);
	if (refusal == REFUSAL_NONE)
		refusal = judge_origin(head, rules, &upgrade);
	if (refusal == REFUSAL_NONE)
		refusal = negotiate(head, target, rules, &upgrade);
	if (refusal == REFUSAL_NONE && rules->full)
		refusal = REFUSAL_FULL;
	if (refusal == REFUSAL_NONE)
		*ret = upgrade;
	return refusal;
}

/* Appends the value, terminated; returns where it begins, or SIZE_MAX when there is none. */
static size_t
put_string(struct buf *buf, struct span value)
{
	size_t at = buf->len;

	if (value.data == NULL)
		return SIZE_MAX;
	buf_bytes(buf, value.data, value.len);
	buf_u8(buf, '\0');
	return at;
}

static const char *
string_at(const struct buf *buf, size_t at)
{
	return at == SIZE_MAX || buf->failed ? NULL : (const char *)buf->data + at;
}

enum token_verdict
upgrade_token(const struct head *head, const struct upgrade *upgrade, const struct keys *keys, const char *cookie,
    int64_t now, struct token *ret)
{
	struct buf text = BUF_INIT;
	size_t authorization = put_string(&text, head_get(head, "authorization"));
	size_t offered = put_string(&text, upgrade->token);
	size_t query = put_string(&text, upgrade->query), cookies = text.len;
	bool has_cookies = head_join(head, "cookie", &text) > 0;
	struct credentials credentials = { .cookie_name = cookie };
	enum token_verdict verdict = TOKEN_UNCHECKED;
	struct span token;

	buf_u8(&text, '\0');
	credentials.authorization = string_at(&text, authorization);
	credentials.offered = string_at(&text, offered);
	credentials.query = string_at(&text, query);
	credentials.cookies = string_at(&text, has_cookies ? cookies : SIZE_MAX);
	if (!text.failed) {
		token = credentials_token(&credentials);
		verdict = token_verify(keys, token.data, token.len, now, ret);
	}
	buf_free(&text);
	return verdict;
}

enum refusal
upgrade_refusal(enum token_verdict verdict)
{
	switch (verdict) {
	case TOKEN_VALID:
		return REFUSAL_NONE;
	case TOKEN_UNCHECKED:
		return REFUSAL_NO_KEYS;
	case TOKEN_MISSING:
	case TOKEN_MALFORMED:
	case TOKEN_WRONG_ALGORITHM:
	case TOKEN_BAD_SIGNATURE:
	case TOKEN_EXPIRED:
	case TOKEN_NO_EXPIRY:
	case TOKEN_NOT_YET_VALID:
	case TOKEN_WRONG_AUDIENCE:
	case TOKEN_WRONG_ISSUER:
		break;
	}
	return REFUSAL_TOKEN;
}

void
upgrade_put_head(const struct upgrade *upgrade, struct buf *ret)
{
	buf_string(ret,
	    "GET / HTTP/1.1\r\nHost: tina4\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
	buf_bytes(ret, upgrade->key.data, upgrade->key.len);
	if (upgrade->deflate)
		buf_string(ret, "\r\nSec-WebSocket-Extensions: permessage-deflate");
	buf_string(ret, "\r\n\r\n");
}
