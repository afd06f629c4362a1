#include <string.h>

#include "shared/list.h"
#include "shared/origin.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* RFC 3986 section 3.1. */
static bool
parse_scheme(const char *text, size_t len, char ret[static ORIGIN_SCHEME_MAX + 1])
{
	if (len == 0 || len > ORIGIN_SCHEME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = lower(text[i]);
		bool letter = c >= 'a' && c <= 'z';

		if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '+' && c != '-' && c != '.')))
			return false;
		ret[i] = c;
	}
	ret[len] = '\0';
	return true;
}

static void
set_default_port(struct origin *origin)
{
	if (origin->authority.has_port)
		return;
	origin->authority.has_port = true;
	if (strcmp(origin->scheme, "http") == 0)
		origin->authority.port = 80;
	else if (strcmp(origin->scheme, "https") == 0)
		origin->authority.port = 443;
	else
		origin->authority.has_port = false;
}

/* Parses an origin; with *ret_below, "*." may stand in front of its host. */
static bool
parse(const char *text, size_t len, struct origin *ret, bool *ret_below)
{
	const char *host = memmem(text, len, "://", 3), *end = text + len;
	struct origin origin;

	if (host == NULL || !parse_scheme(text, (size_t)(host - text), origin.scheme))
		return false;
	host += 3;
	if (ret_below != NULL) {
		*ret_below = end - host > 2 && memcmp(host, "*.", 2) == 0;
		host += *ret_below ? 2 : 0;
	}
	if (!authority_parse(host, (size_t)(end - host), &origin.authority))
		return false;
	if (ret_below != NULL && *ret_below && authority_is_address(&origin.authority))
		return false;
	set_default_port(&origin);
	*ret = origin;
	return true;
}

bool
origin_parse(const char *text, size_t len, struct origin *ret)
{
	return parse(text, len, ret, NULL);
}

bool
origin_is_pattern(const char *text, size_t len)
{
	struct origin origin;
	bool below;

	return (len == 1 && text[0] == '*') || parse(text, len, &origin, &below);
}

static bool
same_port(const struct authority *a, const struct authority *b)
{
	return a->has_port == b->has_port && (!a->has_port || a->port == b->port);
}

/* True when host is a name below the other one. */
static bool
is_below(const char *host, const char *parent)
{
	size_t len = strlen(host), parent_len = strlen(parent);

	return len > parent_len + 1 && host[len - parent_len - 1] == '.' &&
	    strcmp(host + len - parent_len, parent) == 0;
}

static bool
matches(const char *text, size_t len, const struct origin *origin)
{
	struct origin pattern;
	bool below;

	if (len == 1 && text[0] == '*')
		return true;
	if (!parse(text, len, &pattern, &below) || strcmp(pattern.scheme, origin->scheme) != 0 ||
	    !same_port(&pattern.authority, &origin->authority))
		return false;
	if (below)
		return is_below(origin->authority.host, pattern.authority.host);
	return strcmp(origin->authority.host, pattern.authority.host) == 0;
}

bool
origin_matches(const char *patterns, const struct origin *origin)
{
	struct span item;

	while (list_next(&patterns, &item))
		if (matches(item.data, item.len, origin))
			return true;
	return false;
}

bool
origin_is_same(const struct origin *origin, const struct authority *host, bool https)
{
	bool is_https = strcmp(origin->scheme, "https") == 0;
	uint16_t port = is_https ? 443 : 80;

	if (!is_https && (https || strcmp(origin->scheme, "http") != 0))
		return false;
	if (host->has_port)
		port = host->port;
	return port == origin->authority.port && strcmp(origin->authority.host, host->host) == 0;
}

bool
origin_allowed(struct span text, struct span host, const char *allowed, bool https)
{
	struct authority authority;
	struct origin origin;

	if (text.data == NULL || strcmp(allowed, "*") == 0)
		return true;
	if (!origin_parse(text.data, text.len, &origin))
		return false;
	if (allowed[0] != '\0')
		return origin_matches(allowed, &origin);
	return host.data != NULL && authority_parse(host.data, host.len, &authority) &&
	    origin_is_same(&origin, &authority, https);
}
