/*
 * handshake - may this upgrade become a WebSocket?
 *
 * The verdict is an HTTP status: 101, or why not. Pure: it looks at a request
 * that is laid out as strings, and asks the routes.
 */
#ifndef SIDECAR_HANDSHAKE_H
#define SIDECAR_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct credentials;
struct keys;
struct request_line;
struct route;
struct routes;
struct token;

/* The headers that decide; NULL where there is none. */
struct upgrade {
	const struct request_line *line;
	const char *host;
	const char *origin;
	const char *key;
	const char *version;
	const char *protocols; /* Sec-WebSocket-Protocol, as offered */
};

struct verdict {
	int status; /* 101 or an error */
	const char *why;
	const struct route *route; /* with 101 */
};

/*
 * RFC 6455 sections 4.2.1 and 4.2.2; allowed_origins is a comma-separated
 * list, "*", or "" for the same origin only; full is true at the limit of
 * connections.
 */
struct verdict handshake_check(
    const struct upgrade *upgrade, const struct routes *routes, const char *allowed_origins, bool full);

/*
 * The same for the token of a secure route: 101 and *ret, which the caller frees
 * with token_free(), or 401 with a reason that helps nobody guess; 503 without
 * keys. now is Unix time.
 */
struct verdict handshake_check_token(
    const struct keys *keys, const struct credentials *credentials, int64_t now, struct token *ret);

/* True when a comma-separated offer has the subprotocol. */
bool handshake_offers(const char *protocols, const char *name);

#endif
