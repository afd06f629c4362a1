#include <arpa/inet.h>
#include <string.h>

#include "shared/authority.h"
#include "shared/list.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters, digits, hyphens, underscores and dots, but no empty label in front of or between others. */
static bool
parse_name(const char *text, size_t len, char ret[static AUTHORITY_HOST_MAX + 1])
{
	char before = '.';

	if (len == 0 || len > AUTHORITY_HOST_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = lower(text[i]);
		bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    (c == '.' && before != '.');

		if (!fine)
			return false;
		ret[i] = before = c;
	}
	ret[len] = '\0';
	return true;
}

/* Parses "[address]" of which text[len] is what the brackets hold. */
static bool
parse_ipv6(const char *text, size_t len, char ret[static AUTHORITY_HOST_MAX + 1])
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t n;

	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, &address) != 1)
		return false;
	inet_ntop(AF_INET6, &address, ret + 1, INET6_ADDRSTRLEN);
	n = strlen(ret + 1);
	ret[0] = '[';
	ret[n + 1] = ']';
	ret[n + 2] = '\0';
	return true;
}

static bool
parse_port(const char *text, size_t len, uint16_t *ret)
{
	unsigned port = 0;

	if (len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port > UINT16_MAX || port == 0)
		return false;
	*ret = (uint16_t)port;
	return true;
}

bool
authority_parse(const char *text, size_t len, struct authority *ret)
{
	struct authority authority = { .has_port = false };
	const char *end = text + len, *colon;
	bool fine;

	if (len > 0 && text[0] == '[') {
		const char *bracket = memchr(text, ']', len);

		fine = bracket != NULL && parse_ipv6(text + 1, (size_t)(bracket - text - 1), authority.host);
		colon = fine ? bracket + 1 : end;
	} else {
		colon = memchr(text, ':', len);
		if (colon == NULL)
			colon = end;
		fine = parse_name(text, (size_t)(colon - text), authority.host);
	}
	if (!fine || (colon < end && *colon != ':'))
		return false;
	if (end - colon > 1) {
		if (!parse_port(colon + 1, (size_t)(end - colon - 1), &authority.port))
			return false;
		authority.has_port = true;
	}
	*ret = authority;
	return true;
}

static bool
ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

bool
authority_is_address(const struct authority *authority)
{
	struct in_addr address;

	return authority->host[0] == '[' || inet_pton(AF_INET, authority->host, &address) == 1;
}

/* RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
bool
authority_is_loopback(const struct authority *authority)
{
	struct in_addr address;

	if (inet_pton(AF_INET, authority->host, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	return strcmp(authority->host, "[::1]") == 0 || strcmp(authority->host, "localhost") == 0 ||
	    ends_in(authority->host, ".localhost");
}

bool
authority_is_entry(const char *text, size_t len)
{
	struct authority authority;

	return (len == 1 && text[0] == '*') ||
	    (authority_parse(text, len, &authority) && text[len - 1] != ':' && !authority.has_port);
}

bool
authority_is_one_of(const struct authority *authority, const char *hosts)
{
	struct authority one;
	struct span item;

	while (list_next(&hosts, &item))
		if (span_is(item, "*") ||
		    (authority_parse(item.data, item.len, &one) && strcmp(one.host, authority->host) == 0))
			return true;
	return false;
}
