#include <string.h>

#include "shared/credentials.h"
#include "shared/origin.h"
#include "shared/list.h"
#include "shared/token.h"
#include "sidecar/edge/handshake.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/routes.h"

enum { KEY_CHARS = 24 }; /* 16 bytes in base64 */

static bool
is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* RFC 6455 section 4.1: the key is a nonce of 16 bytes in base64. */
static bool
is_key(const char *key)
{
	if (key == NULL || strlen(key) != KEY_CHARS || strcmp(key + KEY_CHARS - 2, "==") != 0)
		return false;
	for (int i = 0; i < KEY_CHARS - 2; i++)
		if (!is_base64(key[i]))
			return false;
	return true;
}

bool
handshake_offers(const char *protocols, const char *name)
{
	struct span item;

	while (protocols != NULL && list_next(&protocols, &item))
		if (span_is(item, name))
			return true;
	return false;
}

static struct span
span_or_none(const char *text)
{
	return text == NULL ? (struct span){ NULL, 0 } : span_of(text);
}

static struct verdict
refuse(int status, const char *why)
{
	return (struct verdict){ status, why, NULL };
}

struct verdict
handshake_check(const struct upgrade *upgrade, const struct routes *routes, const char *allowed_origins, bool full)
{
	const struct request_line *line = upgrade->line;
	const struct route *route;

	if (!line->is_get)
		return refuse(405, "a WebSocket begins with GET");
	if (upgrade->version == NULL || strcmp(upgrade->version, "13") != 0)
		return refuse(426, "Sec-WebSocket-Version must be 13");
	if (!is_key(upgrade->key))
		return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64");
	route = routes_match(routes, line->path, line->path_len);
	if (route == NULL)
		return routes_may_come(routes) ? refuse(503, "no application has announced this path yet")
					       : refuse(404, "no WebSocket route matches this path");
	if (!origin_allowed(span_or_none(upgrade->origin), span_or_none(upgrade->host), allowed_origins, false))
		return refuse(403, "this origin is not allowed");
	if (upgrade->protocols != NULL && !handshake_offers(upgrade->protocols, "frond.1"))
		return refuse(400, "none of the offered subprotocols is known");
	if (full)
		return refuse(503, "too many connections");
	return (struct verdict){ 101, NULL, route };
}

struct verdict
handshake_check_token(const struct keys *keys, const struct credentials *credentials, int64_t now, struct token *ret)
{
	struct span text = credentials_token(credentials);
	enum token_verdict verdict = token_verify(keys, text.data, text.len, now, ret);

	if (verdict == TOKEN_VALID)
		return (struct verdict){ .status = 101 };
	return refuse(verdict == TOKEN_UNCHECKED ? 503 : 401, token_reason(verdict));
}
