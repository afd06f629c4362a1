#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/keys.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/reply.h"
#include "sidecar/feed/routes.h"
#include "sidecar/edge/target.h"
#include "sidecar/edge/upgrade.h"
#include "tests/tap.h"

/* Each test changes one thing of a request that would be accepted. */

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
#define VERSION "Sec-WebSocket-Version: 13"
#define ASKS "Upgrade: websocket\r\nConnection: Upgrade"
#define HOST "Host: example.org:7146"

static struct routes routes;
static struct upgrade_rules rules = { .routes = &routes, .allowed_origins = "", .proxied = true };
static struct head head;
static struct target target;
static struct upgrade upgrade;
static char text[2 * HEAD_MAX_BYTES];

/* Judges a head of these lines. */
static enum refusal
judge_lines(
    const char *request, const char *host, const char *asks, const char *version, const char *key, const char *more)
{
	enum refusal refusal;

	upgrade = (struct upgrade){ 0 };
	snprintf(text, sizeof(text), "%s\r\n%s\r\n%s\r\n%s\r\n%s%s%s\r\n\r\n", request, host, asks, version, key,
	    *more == '\0' ? "" : "\r\n", more);
	head_init(&head);
	head_read(&head, text, strlen(text));
	if (!head.whole)
		return head.refusal;
	refusal = target_read(&head, &target);
	return refusal != REFUSAL_NONE ? refusal : upgrade_judge(&head, &target, &rules, &upgrade);
}

static enum refusal
judge(const char *more)
{
	return judge_lines("GET /chat/general HTTP/1.1", HOST, ASKS, VERSION, KEY, more);
}

static enum refusal
judge_request(const char *line)
{
	return judge_lines(line, HOST, ASKS, VERSION, KEY, "");
}

static enum refusal
judge_asks(const char *asks)
{
	return judge_lines("GET /chat/general HTTP/1.1", HOST, asks, VERSION, KEY, "");
}

static enum refusal
judge_version(const char *version)
{
	return judge_lines("GET /chat/general HTTP/1.1", HOST, ASKS, version, KEY, "");
}

static enum refusal
judge_key(const char *key)
{
	return judge_lines("GET /chat/general HTTP/1.1", HOST, ASKS, VERSION, key, "");
}

static void
test_accepted(void)
{
	OK(judge("") == REFUSAL_NONE && upgrade.route != NULL && upgrade.protocol.data == NULL && !upgrade.deflate,
	    "a good request is accepted");
	OK(judge_request("GET http://example.org/chat/a%20b?x=1 HTTP/1.1") == REFUSAL_NONE &&
		strcmp(target.path, "/chat/a b") == 0 && target.query.len == 3,
	    "so is one with an absolute target");
	OK(judge_asks("Upgrade: foo/1, , WebSocket\r\nConnection: keep-alive\r\nconnection: ,UPGRADE") == REFUSAL_NONE,
	    "words may stand in lists, in any case");
	OK(judge("Content-Length: 0") == REFUSAL_NONE, "a body of no bytes is none");
}

static void
test_request_line(void)
{
	OK(judge_request("POST /chat/general HTTP/1.1") == REFUSAL_NOT_GET && refusal_status(REFUSAL_NOT_GET) == 405,
	    "another method than GET is 405");
	OK(judge_request("CONNECT /chat/general HTTP/1.1") == REFUSAL_NOT_GET, "so is a tunnel");
	OK(judge_request("GET /chat/general HTTP/1.0") == REFUSAL_OLD_HTTP && refusal_status(REFUSAL_OLD_HTTP) == 400,
	    "HTTP/1.0 is 400");
	OK(judge_request("GET /nowhere HTTP/1.1") == REFUSAL_NO_ROUTE && refusal_status(REFUSAL_NO_ROUTE) == 404,
	    "a path without a route is 404");
	OK(judge_request("GET /chat/a%2Fb HTTP/1.1") == REFUSAL_PATH &&
		judge_request("GET /x/%2e%2e/chat/a HTTP/1.1") == REFUSAL_PATH &&
		judge_request("GET /chat/.. HTTP/1.1") == REFUSAL_PATH &&
		judge_request("GET /chat/%zz HTTP/1.1") == REFUSAL_PATH,
	    "one that others may read differently is 400");
	OK(judge_request("GET //chat/a HTTP/1.1") == REFUSAL_NO_ROUTE, "an empty segment has no route");
	OK(judge_request("GET /chat/a?x=%0a HTTP/1.1") == REFUSAL_QUERY &&
		judge_request("GET /chat/a?%4 HTTP/1.1") == REFUSAL_QUERY &&
		judge_request("GET /chat/a?%7F HTTP/1.1") == REFUSAL_QUERY &&
		judge_request("GET /chat/a?100% HTTP/1.1") == REFUSAL_QUERY,
	    "a query has no control bytes and no bad escapes");
	OK(judge_request("GET /chat/a?x=%7e%20+%C3%BC&y HTTP/1.1") == REFUSAL_NONE, "but any other");
}

static void
test_form(void)
{
	static const char *const bad_keys[] = { "X: y",
		"Sec-WebSocket-Key:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ===", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==" };

	OK(judge_asks("Upgrade: h2c\r\nHTTP2-Settings: AA\r\nConnection: Upgrade, HTTP2-Settings") ==
		    REFUSAL_NO_UPGRADE &&
		refusal_status(REFUSAL_NO_UPGRADE) == 426,
	    "HTTP/2 is no WebSocket");
	OK(judge_asks("Upgrade: websockets\r\nConnection: Upgrade") == REFUSAL_NO_UPGRADE &&
		judge_asks("X: websocket\r\nConnection: Upgrade") == REFUSAL_NO_UPGRADE,
	    "nor is another word, or none");
	OK(judge_asks("Upgrade: websocket\r\nConnection: close") == REFUSAL_NO_UPGRADE &&
		judge_asks("Upgrade: websocket\r\nX: Upgrade") == REFUSAL_NO_UPGRADE,
	    "without Connection nobody asks for it");
	OK(judge("Content-Length: 1") == REFUSAL_BODY && judge("Transfer-Encoding: chunked") == REFUSAL_BODY,
	    "a body is refused");
	OK(judge_version("Sec-WebSocket-Version: 8") == REFUSAL_WS_VERSION &&
		judge_version("X: y") == REFUSAL_WS_VERSION &&
		judge_version("Sec-WebSocket-Version: 13, 8") == REFUSAL_WS_VERSION &&
		refusal_status(REFUSAL_WS_VERSION) == 426,
	    "another version is 426");
	for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++)
		OK(judge_key(bad_keys[i]) == REFUSAL_WS_KEY, "a key that is not 16 bytes in base64 is 400");
	OK(judge(KEY) == REFUSAL_REPEATED && judge(VERSION) == REFUSAL_REPEATED &&
		judge("Origin: http://a.org\r\nOrigin: http://a.org") == REFUSAL_REPEATED &&
		judge("Authorization: Bearer a\r\nAuthorization: Bearer b") == REFUSAL_REPEATED,
	    "what must stand alone is not repeated");
}

static void
test_offers(void)
{
	OK(judge("Sec-WebSocket-Protocol: other, frond.1") == REFUSAL_NONE && upgrade.frond &&
		span_is(upgrade.protocol, "frond.1") && upgrade.position.data == NULL,
	    "a known subprotocol is chosen");
	OK(judge("Sec-WebSocket-Protocol: frond.at.1f_2.3, frond.1") == REFUSAL_NONE && upgrade.frond &&
		span_is(upgrade.protocol, "frond.1") && span_is(upgrade.position, "1f_2.3"),
	    "and beside it, one that says where the client was is only read");
	OK(judge("Sec-WebSocket-Protocol: frond.at.1f_2.3") == REFUSAL_NONE && !upgrade.frond &&
		span_is(upgrade.protocol, "frond.at.1f_2.3") && span_is(upgrade.position, "1f_2.3"),
	    "which is chosen when there is no other");
	OK(judge("Sec-WebSocket-Protocol: other\r\nSec-WebSocket-Protocol: ,frond.1 ") == REFUSAL_NONE && upgrade.frond,
	    "from any line");
	OK(judge("Sec-WebSocket-Protocol: soap, frond.11") == REFUSAL_PROTOCOL &&
		judge("Sec-WebSocket-Protocol:") == REFUSAL_PROTOCOL &&
		judge("Sec-WebSocket-Protocol: FROND.1") == REFUSAL_PROTOCOL,
	    "only unknown ones are 400");
	OK(judge("Sec-WebSocket-Extensions: permessage-deflate") == REFUSAL_NONE && !upgrade.deflate,
	    "compression is off unless it is on");
	rules.deflate = true;
	OK(judge("Sec-WebSocket-Extensions: foo; a=\"b, c\"\r\nSec-WebSocket-Extensions: permessage-deflate; "
		 "client_max_window_bits") == REFUSAL_NONE &&
		upgrade.deflate,
	    "an offer of it is agreed on, in any line");
	OK(judge("Sec-WebSocket-Extensions: x-permessage-deflate") == REFUSAL_NONE && !upgrade.deflate,
	    "another extension is not");
	rules.deflate = false;
}

static void
test_origins(void)
{
	OK(judge("Origin: http://example.org:7146") == REFUSAL_NONE, "the same origin passes");
	OK(judge("Origin: https://example.org:7146") == REFUSAL_NONE, "TLS may have ended in front of us");
	OK(judge("Origin: http://evil.example") == REFUSAL_ORIGIN && judge("Origin:") == REFUSAL_ORIGIN &&
		judge("Origin: null") == REFUSAL_ORIGIN && judge("Origin: evil://example.org:7146") == REFUSAL_ORIGIN,
	    "another one is 403");
	OK(judge_request("GET http://evil.example/chat/general HTTP/1.1") == REFUSAL_NONE &&
		judge_lines("GET http://other.example/chat/general HTTP/1.1", HOST, ASKS, VERSION, KEY,
		    "Origin: http://example.org:7146") == REFUSAL_ORIGIN,
	    "an absolute target says who is asked");
	OK(judge("Origin: http://example.org:7146\r\nX-Forwarded-Proto: https") == REFUSAL_ORIGIN,
	    "when a proxy says https, a page of http is another site");
	OK(judge("Origin: http://example.org:7146\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Proto: http") ==
		REFUSAL_NONE,
	    "the last word is the nearest proxy's");
	rules.proxied = false;
	OK(judge("Origin: http://example.org:7146\r\nX-Forwarded-Proto: https") == REFUSAL_NONE,
	    "strangers say nothing");
	rules.proxied = true;
	rules.allowed_origins = "https://*.a.org";
	OK(judge("Origin: https://B.a.org:443") == REFUSAL_NONE &&
		judge("Origin: http://example.org:7146") == REFUSAL_ORIGIN,
	    "a setting replaces the own origin");
	rules.allowed_origins = "";
}

static void
test_limits(void)
{
	struct routes none = { 0 };

	rules.full = true;
	OK(judge("") == REFUSAL_FULL && refusal_status(REFUSAL_FULL) == 503, "at the limit of connections it is 503");
	rules.full = false;
	rules.stopping = true;
	OK(judge("") == REFUSAL_STOPPING, "as while the sidecar stops");
	rules.stopping = false;
	rules.routes = &none;
	OK(judge("") == REFUSAL_NOT_YET, "and before any route has been announced");
	rules.routes = &routes;
	routes_await(&routes, span_of("other"));
	OK(judge_request("GET /nowhere HTTP/1.1") == REFUSAL_NOT_YET, "or while an app may still come with this one");
	routes_await_none(&routes);
}

static bool
answers(const char *offer, const char *answer, const char *spoken)
{
	char line[512];

	snprintf(line, sizeof(line), "Sec-WebSocket-Protocol: %s", offer);
	return judge(line) == REFUSAL_NONE && span_is(upgrade.protocol, answer) &&
	    upgrade.frond == (strcmp(answer, "frond.1") == 0) &&
	    (spoken == NULL ? upgrade.spoken.data == NULL : span_is(upgrade.spoken, spoken));
}

static void
test_own_protocols(void)
{
	static struct routes own;
	struct route_app *app;
	struct route *route;
	struct wire_route announced = { .pattern = span_of("/chat/{room}"), .protocols = span_of("chat.v2,mqtt") };
	const char *why;

	routes_app(&own, span_of("speaks"), &app);
	routes_add(&own, app, &announced, &route, &why);
	rules.routes = &own;
	OK(answers("mqtt, chat.v2", "mqtt", "mqtt"), "the client's order counts, and not the route's");
	OK(answers("MQTT, chat.v2", "chat.v2", "chat.v2"), "a name has its case");
	OK(answers("frond.1, chat.v2", "frond.1", "chat.v2"),
	    "frond.1 that comes first is answered, and the handler told");
	OK(answers("chat.v2, frond.1", "chat.v2", "chat.v2"), "one of the route's that comes first is answered");
	OK(answers("frond.1, chat", "frond.1", NULL), "what the route does not speak is nothing to its handler");
	OK(answers("bearer, mqtt", "bearer", NULL) && span_is(upgrade.token, "mqtt"), "behind bearer stands a token");
	OK(answers("bearer, a.b.c, frond.1", "frond.1", NULL) && span_is(upgrade.token, "a.b.c"),
	    "bearer gives way to what is spoken");
	OK(answers("mqtt, bearer, a.b.c", "mqtt", "mqtt") && span_is(upgrade.token, "a.b.c"), "on either side");
	OK(answers("bearer, a.b.c, bearer, frond.1", "bearer", NULL) && span_is(upgrade.token, "a.b.c"),
	    "the first token counts, and none is answered");
	OK(answers("bearer, a.b.c, frond.at.1f_2.3", "bearer", NULL) && span_is(upgrade.position, "1f_2.3"),
	    "bearer goes before a position");
	OK(judge("Sec-WebSocket-Protocol: bearer") == REFUSAL_PROTOCOL, "bearer without a token is nothing");
	OK(judge("Sec-WebSocket-Protocol: Bearer, a.b.c") == REFUSAL_PROTOCOL, "nor is Bearer");
	OK(judge("Sec-WebSocket-Protocol: graphql-ws") == REFUSAL_PROTOCOL, "unknown ones alone are refused");
	rules.routes = &routes;
	routes_close(&own);
}

static enum token_verdict
token_of(const struct keys *keys, const char *more, struct token *ret)
{
	static const char query[] = "GET /chat/a?token=a.b.c HTTP/1.1";

	judge_lines(more == NULL ? query : "GET /chat/a HTTP/1.1", HOST, ASKS, VERSION, KEY, more == NULL ? "" : more);
	return upgrade_token(&head, &upgrade, keys, "jwt", 1000, ret);
}

static void
test_tokens(void)
{
	struct conf conf = { .secret = "a secret with more than thirty-two bytes", .jwt_algorithm = "HS256" };
	struct buf errors = BUF_INIT, token_text = BUF_INIT;
	cJSON *claims = cJSON_CreateObject();
	struct keys *keys = NULL;
	struct token token = { 0 };
	char line[1024];

	conf.jwt_expiry = "required";
	OK(keys_new(&keys, &conf, &errors) == 0 && token_issue(keys, claims, 1000, 60, &token_text) == 0,
	    "a token is made");
	OK(token_of(keys, "", &token) == TOKEN_MISSING && upgrade_refusal(TOKEN_MISSING) == REFUSAL_TOKEN &&
		refusal_status(REFUSAL_TOKEN) == 401,
	    "without a token it is 401");
	OK(token_of(keys, NULL, &token) == TOKEN_MALFORMED, "one that is none in the query is seen");
	snprintf(line, sizeof(line), "Authorization: Bearer %s", buf_cstr(&token_text));
	OK(token_of(keys, line, &token) == TOKEN_VALID && token.claims != NULL &&
		upgrade_refusal(TOKEN_VALID) == REFUSAL_NONE,
	    "a valid one brings its claims");
	token_free(&token);
	token = (struct token){ 0 };
	snprintf(line, sizeof(line), "Cookie: a=b\r\nCookie: jwt=%s", buf_cstr(&token_text));
	OK(token_of(keys, line, &token) == TOKEN_VALID, "also from the second line of cookies");
	token_free(&token);
	keys_free(keys);
	OK(upgrade_refusal(TOKEN_UNCHECKED) == REFUSAL_NO_KEYS && refusal_status(REFUSAL_NO_KEYS) == 503,
	    "without a key nobody can tell: 503, and not 101");
	cJSON_Delete(claims);
	buf_free(&errors);
	buf_free(&token_text);
}

static void
test_our_head(void)
{
	struct buf ours = BUF_INIT;

	rules.deflate = true;
	judge("Sec-WebSocket-Protocol: frond.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nCookie: secret");
	rules.deflate = false;
	upgrade_put_head(&upgrade, &ours);
	OK(strstr(buf_cstr(&ours), "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") != NULL &&
		strstr(buf_cstr(&ours), "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n") != NULL,
	    "libwebsockets gets the key, and the extension when it was agreed on");
	OK(strstr(buf_cstr(&ours), "secret") == NULL && strstr(buf_cstr(&ours), "example") == NULL &&
		strstr(buf_cstr(&ours), "frond") == NULL,
	    "and nothing else that the client wrote");
	OK(ours.len <= UPGRADE_HEAD_BYTES, "in few bytes");
	head_init(&head);
	OK(head_read(&head, (const char *)ours.data, ours.len) && head.whole && head.len == ours.len,
	    "as one whole head");
	buf_free(&ours);
}

static bool
reply_has(const struct buf *buf, const char *part)
{
	return memmem(buf->data, buf->len, part, strlen(part)) != NULL;
}

static void
test_replies(void)
{
	struct buf reply = BUF_INIT;

	reply_put_refusal(REFUSAL_NO_UPGRADE, false, 784111777, &reply);
	OK(reply_has(&reply, "HTTP/1.1 426 Upgrade Required\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n") &&
		reply_has(&reply, "\r\nUpgrade: websocket\r\n") &&
		reply_has(&reply, "\r\nSec-WebSocket-Version: 13\r\n") &&
		reply_has(&reply, "\r\nConnection: Upgrade, close\r\n") &&
		reply_has(&reply, "\r\nContent-Length: 61\r\n") &&
		reply_has(&reply, "\r\n\r\n{\"error\":\"this port speaks WebSocket and text/event-stream\"}\n"),
	    "a refusal says what would be right, and why");
	buf_clear(&reply);
	reply_put_refusal(REFUSAL_NOT_GET, true, 0, &reply);
	OK(reply_has(&reply, "HTTP/1.1 405 ") && reply_has(&reply, "\r\nAllow: GET\r\n") &&
		reply_has(&reply, "\r\nConnection: close\r\n\r\n") &&
		memcmp(reply.data + reply.len - 4, "\r\n\r\n", 4) == 0,
	    "to HEAD without the body");
	buf_clear(&reply);
	reply_put_error(401, "expired", NULL, false, 0, &reply);
	OK(reply_has(&reply, "\r\nWWW-Authenticate: Bearer\r\n") &&
		reply_has(&reply, "{\"error\":\"Unauthorized\",\"reason\":\"expired\"}"),
	    "401 has its own form");
	buf_clear(&reply);
	reply_put_refusal(REFUSAL_CROWDED, false, 0, &reply);
	OK(reply_has(&reply, "\r\nRetry-After: 1\r\n"), "what may be better soon says when to come again");
	buf_free(&reply);
}

/* --- event streams ------------------------------------------------------------------------- */

static enum refusal
judge_stream(const char *request, const char *more)
{
	return judge_lines(request, HOST, "Connection: keep-alive", "Accept: text/event-stream", "X: y", more);
}

static enum refusal
judge_accept(const char *accept)
{
	return judge_lines("GET /chat/general HTTP/1.1", HOST, "Connection: keep-alive", accept, "X: y", "");
}

static void
test_streams(void)
{
	OK(judge_stream("GET /chat/general HTTP/1.1", "") == REFUSAL_NONE && upgrade.stream && upgrade.route != NULL &&
		upgrade.position.data == NULL,
	    "who accepts text/event-stream gets a stream");
	OK(judge_accept("Accept: text/html, Text/Event-Stream ; q=0.5") == REFUSAL_NONE && upgrade.stream,
	    "wherever it stands in the list");
	OK(judge_accept("Accept: */*") == REFUSAL_NO_UPGRADE &&
		judge_accept("Accept: text/event-stream;q=0.00") == REFUSAL_NO_UPGRADE &&
		judge_accept("Accept: text/event-streams") == REFUSAL_NO_UPGRADE,
	    "who does not is told what is spoken here");
	OK(judge("Accept: text/event-stream") == REFUSAL_NONE && !upgrade.stream,
	    "a WebSocket is one, whatever it accepts");
	OK(judge_stream("GET /chat/general HTTP/1.0", "") == REFUSAL_NONE, "HTTP/1.0 can have one");
	OK(judge_stream("HEAD /chat/general HTTP/1.1", "") == REFUSAL_NOT_GET &&
		judge_stream("POST /chat/general HTTP/1.1", "Content-Length: 0") == REFUSAL_NOT_GET,
	    "other methods cannot");
	OK(judge_stream("GET /chat/general HTTP/1.1", "Content-Length: 1") == REFUSAL_BODY, "there is no body");
	OK(judge_stream("GET /chat/general HTTP/1.1", "Last-Event-ID: a\r\nLast-Event-ID: b") == REFUSAL_REPEATED,
	    "and one position");
	OK(judge_stream("GET /nowhere HTTP/1.1", "") == REFUSAL_NO_ROUTE, "the path has a route");
}

static void
test_stream_positions(void)
{
	OK(judge_stream("GET /chat/general HTTP/1.1", "Last-Event-ID: a.b") == REFUSAL_NONE &&
		span_is(upgrade.position, "a.b"),
	    "a stream says where it was in a header");
	OK(judge_stream("GET /chat/general?x=1&last-event-id=c%7Ed&y HTTP/1.1", "") == REFUSAL_NONE &&
		span_is(upgrade.position, "c%7Ed"),
	    "or in the query");
	OK(judge_stream("GET /chat/general?last-event-id=old HTTP/1.1", "Last-Event-ID: new") == REFUSAL_NONE &&
		span_is(upgrade.position, "new"),
	    "the header is newer");
	OK(judge_stream("GET /chat/general?last-event-id=&xlast-event-id=a HTTP/1.1", "Last-Event-ID:") ==
		    REFUSAL_NONE &&
		upgrade.position.data == NULL,
	    "an empty one is none");
	OK(judge("Last-Event-ID: a") == REFUSAL_NONE && upgrade.position.data == NULL,
	    "of a WebSocket it says nothing");
}

static void
test_stream_origins(void)
{
	struct buf reply = BUF_INIT;

	OK(judge_stream("GET /chat/general HTTP/1.1", "Origin: https://evil.example") == REFUSAL_ORIGIN,
	    "a page of another site is refused");
	rules.allowed_origins = "https://pages.example";
	OK(judge_stream("GET /chat/general HTTP/1.1", "Origin: https://pages.example") == REFUSAL_NONE,
	    "unless it is allowed");
	reply_put_stream(upgrade.origin, 784111777, &reply);
	OK(reply_has(&reply, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n") &&
		reply_has(&reply, "\r\nAccess-Control-Allow-Origin: https://pages.example\r\n") &&
		reply_has(&reply, "\r\nAccess-Control-Allow-Credentials: true\r\n") &&
		reply_has(&reply, "\r\nVary: Origin\r\n"),
	    "then it may read the answer");
	rules.allowed_origins = "";
	OK(judge_stream("GET /chat/general HTTP/1.1", "Sec-Fetch-Site: cross-site") == REFUSAL_ORIGIN &&
		judge_stream("GET /chat/general HTTP/1.1", "Sec-Fetch-Site: same-site") == REFUSAL_ORIGIN,
	    "a page that may not read it cannot ask for it");
	OK(judge_stream("GET /chat/general HTTP/1.1", "Sec-Fetch-Site: same-origin") == REFUSAL_NONE &&
		judge_stream("GET /chat/general HTTP/1.1", "Sec-Fetch-Site: none") == REFUSAL_NONE,
	    "one of the same origin can, and so can the address bar");
	buf_free(&reply);
}

int
main(void)
{
	struct wire_route announced = { .pattern = span_of("/chat/{room}") };
	const char *why = NULL;
	struct route_app *app = NULL;
	struct route *route = NULL;

	routes_app(&routes, span_of("app"), &app);
	routes_add(&routes, app, &announced, &route, &why);
	test_accepted();
	test_request_line();
	test_form();
	test_offers();
	test_origins();
	test_limits();
	test_own_protocols();
	test_tokens();
	test_our_head();
	test_replies();
	test_streams();
	test_stream_positions();
	test_stream_origins();
	routes_close(&routes);
	return tap_done();
}
