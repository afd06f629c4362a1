#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/redisurl.h"

enum { PORT = 6379, DB_MAX = 65535 };

/* What is not read yet. */
struct rest {
	const char *at;
	const char *end;
};

static bool
skip(struct rest *rest, const char *prefix)
{
	size_t len = strlen(prefix);

	if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, prefix, len) != 0)
		return false;
	rest->at += len;
	return true;
}

static const char *
find(const struct rest *rest, char c)
{
	return memchr(rest->at, c, (size_t)(rest->end - rest->at));
}

static int
read_number(const char *at, const char *end, int max, int *ret)
{
	int value = 0;

	if (at == end)
		return -EINVAL;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return -EINVAL;
		value = value * 10 + (*at - '0');
		if (value > max)
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Copies text with its escapes decoded, RFC 3986 section 2.1. */
static int
decode(const char *at, const char *end, char **ret)
{
	char *copy = malloc((size_t)(end - at) + 1), *to = copy;

	if (copy == NULL)
		return -ENOMEM;
	while (at < end) {
		int high = -1, low = -1;

		if (*at != '%') {
			*to++ = *at++;
			continue;
		}
		if (end - at > 2) {
			high = hex_value(at[1]);
			low = hex_value(at[2]);
		}
		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			free(copy);
			return -EINVAL;
		}
		*to++ = (char)(high << 4 | low);
		at += 3;
	}
	*to = '\0';
	*ret = copy;
	return 0;
}

/* "user:password"; the user may be empty, the password not. */
static int
read_login(const char *at, const char *end, struct redisurl *url)
{
	const char *colon = memchr(at, ':', (size_t)(end - at));
	int r = 0;

	if (colon == NULL || colon + 1 == end)
		return -EINVAL;
	if (colon > at)
		r = decode(at, colon, &url->user);
	return r < 0 ? r : decode(colon + 1, end, &url->password);
}

/* "host", "host:port" or "[::1]:port". */
static int
read_host(const char *at, const char *end, struct redisurl *url)
{
	const char *colon, *host_end;

	if (at >= end)
		return -EINVAL;
	if (*at == '[') {
		at++;
		host_end = memchr(at, ']', (size_t)(end - at));
		if (host_end == NULL)
			return -EINVAL;
		colon = host_end + 1;
	} else {
		host_end = memchr(at, ':', (size_t)(end - at));
		if (host_end == NULL)
			host_end = end;
		colon = host_end;
	}
	if (host_end == at)
		return -EINVAL;
	url->port = PORT;
	if (colon < end && (*colon != ':' || read_number(colon + 1, end, 65535, &url->port) < 0 || url->port == 0))
		return -EINVAL;
	return decode(at, host_end, &url->host);
}

static int
read_tcp(struct rest rest, struct redisurl *url)
{
	const char *slash = find(&rest, '/');
	struct rest authority = { rest.at, slash != NULL ? slash : rest.end };
	const char *at = memrchr(authority.at, '@', (size_t)(authority.end - authority.at));
	int r = 0;

	if (at != NULL)
		r = read_login(authority.at, at, url);
	if (r == 0)
		r = read_host(at != NULL ? at + 1 : authority.at, authority.end, url);
	if (r == 0 && slash != NULL && slash + 1 < rest.end)
		r = read_number(slash + 1, rest.end, DB_MAX, &url->db);
	return r;
}

static int
read_unix(struct rest rest, struct redisurl *url)
{
	const char *slash, *question;
	int r = 0;

	if (skip(&rest, "//")) {
		slash = find(&rest, '/');
		if (slash == NULL || (slash > rest.at && slash[-1] != '@'))
			return -EINVAL;
		if (slash > rest.at)
			r = read_login(rest.at, slash - 1, url);
		rest.at = slash;
	}
	question = find(&rest, '?');
	if (r == 0 && question != NULL) {
		struct rest query = { question + 1, rest.end };

		r = skip(&query, "db=") ? read_number(query.at, query.end, DB_MAX, &url->db) : -EINVAL;
		rest.end = question;
	}
	if (r < 0)
		return r;
	return rest.end - rest.at > 1 && *rest.at == '/' ? decode(rest.at, rest.end, &url->path) : -EINVAL;
}

int
redisurl_parse(const char *text, size_t len, struct redisurl *ret)
{
	struct rest rest = { text, text + len };
	struct redisurl url = { 0 };
	int r = -EINVAL;

	if (memchr(text, '\0', len) != NULL)
		return -EINVAL;
	if (skip(&rest, "unix:")) {
		r = read_unix(rest, &url);
	} else if (skip(&rest, "redis://")) {
		r = read_tcp(rest, &url);
	} else if (skip(&rest, "rediss://")) {
		url.tls = true;
		r = read_tcp(rest, &url);
	}
	if (r < 0)
		redisurl_free(&url);
	else
		*ret = url;
	return r;
}

void
redisurl_free(struct redisurl *url)
{
	if (url->password != NULL)
		explicit_bzero(url->password, strlen(url->password));
	free(url->password);
	free(url->user);
	free(url->path);
	free(url->host);
	*url = (struct redisurl){ 0 };
}
