/*
 * authority - who is asked: a host with or without a port (RFC 3986 section 3.2).
 *
 * What stands in Host, in an Origin after its scheme, and in the settings that
 * name hosts. A host is a name, an IPv4 address, or an IPv6 address in brackets;
 * no user information, no blank, nothing percent-encoded. Pure.
 */
#ifndef SHARED_AUTHORITY_H
#define SHARED_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum authority_limits {
	AUTHORITY_HOST_MAX = 253, /* of a name: RFC 1035 section 2.3.4, less its two length bytes */
};

struct authority {
	char host[AUTHORITY_HOST_MAX + 1]; /* lower case; an IPv6 address in its shortest form, in brackets */
	uint16_t port;
	bool has_port;
};

/* Returns false for what is none; *ret is untouched then. An empty port ("host:") is none given. */
bool authority_parse(const char *text, size_t len, struct authority *ret);

/* True for localhost, names below it, and the addresses of the loopback interface. */
bool authority_is_loopback(const struct authority *authority);

/* True when its host, whatever the port, is in a comma-separated list of hosts, or that list is "*". */
bool authority_is_one_of(const struct authority *authority, const char *hosts);

/* True for an entry of such a list. */
bool authority_is_entry(const char *text, size_t len);

/* True for an address, as opposed to a name. */
bool authority_is_address(const struct authority *authority);

#endif
