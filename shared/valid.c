#include <ctype.h>
#include <grp.h>
#include <stdint.h>
#include <string.h>

#include "config.h"
#include "shared/numeral.h"
#include "shared/path.h"
#include "shared/redisurl.h"
#include "shared/routetext.h"
#include "shared/valid.h"

enum { PREFIX_MAX_BYTES = 32 };

bool
valid_endpoint(const char *text, size_t len)
{
	return len > 7 && memcmp(text, "ipc:///", 7) == 0;
}

static bool
is_port(const char *text, size_t len)
{
	unsigned port = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port <= UINT16_MAX;
}

/* A host with a colon in it, an IPv6 address, must be in brackets. */
bool
valid_listener(const char *text, size_t len)
{
	const char *colon = memrchr(text, ':', len);
	size_t host;

	if (len > 6 && memcmp(text, "unix:/", 6) == 0)
		return true;
	if (colon == NULL || !is_port(colon + 1, (size_t)(text + len - colon - 1)))
		return false;
	host = (size_t)(colon - text);
	if (host > 2 && text[0] == '[' && text[host - 1] == ']')
		return true;
	return host > 0 && memchr(text, ':', host) == NULL;
}

bool
valid_listener_or_off(const char *text, size_t len)
{
	return (len == 3 && memcmp(text, "off", 3) == 0) || valid_listener(text, len);
}

bool
valid_pattern(const char *text, size_t len)
{
	struct path_pattern *pattern = NULL;
	char copy[PATH_MAX_BYTES + 1];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (path_compile(copy, &pattern, NULL) < 0)
		return false;
	path_pattern_free(pattern);
	return true;
}

bool
valid_route(const char *text, size_t len)
{
	struct routetext route;

	return routetext_parse((struct span){ text, len }, ';', &route) == 0 &&
	    valid_pattern(route.pattern.data, route.pattern.len);
}

bool
valid_token(const char *text, size_t len)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

	return strspn(text, allowed) >= len;
}

bool
valid_cookie(const char *text, size_t len)
{
	return len > 0 && valid_token(text, len);
}

bool
valid_secret(const char *text, size_t len)
{
	return len == 0 || (len >= VALID_SECRET_BYTES && strspn(text, " \t") < len);
}

static bool
is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

bool
valid_algorithm(const char *text, size_t len)
{
	return is_word(text, len, "HS256") || is_word(text, len, "RS256");
}

bool
valid_expiry(const char *text, size_t len)
{
	return is_word(text, len, "required") || is_word(text, len, "optional");
}

bool
valid_workers(const char *text, size_t len)
{
	int64_t n;

	return is_word(text, len, "auto") || (numeral_int(text, len, &n) == 0 && n >= 0 && n <= VALID_MAX_WORKERS);
}

bool
valid_session_backend(const char *text, size_t len)
{
	return is_word(text, len, "file") || is_word(text, len, "redis");
}

/* TLS is not in every hiredis, so sessions do without it. */
bool
valid_session_url(const char *text, size_t len)
{
	struct redisurl url;
	bool fine = redisurl_parse(text, len, &url) == 0;

	if (fine) {
		fine = !url.tls;
		redisurl_free(&url);
	}
	return fine;
}

bool
valid_backplane(const char *text, size_t len)
{
	return len == 0 || is_word(text, len, "redis");
}

bool
valid_backplane_url(const char *text, size_t len)
{
	struct redisurl url;
	bool fine = redisurl_parse(text, len, &url) == 0;

	if (fine) {
		fine = !url.tls || HIREDIS_HAS_TLS;
		redisurl_free(&url);
	}
	return fine;
}

bool
valid_prefix(const char *text, size_t len)
{
	return len > 0 && len <= PREFIX_MAX_BYTES && valid_token(text, len);
}

bool
valid_group(const char *text, size_t len)
{
	char name[256];

	if (len >= sizeof(name))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return len == 0 || getgrnam(name) != NULL;
}

bool
valid_directory(const char *text, size_t len)
{
	return len > 1 && text[0] == '/';
}
