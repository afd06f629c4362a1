/*
 * address - the address of a client that comes through proxies.
 *
 * A proxy appends the address it was called from to X-Forwarded-For. Walking
 * that list from its right end, the client is the first address that is not
 * itself a trusted proxy; everything further left was written by the client
 * and proves nothing. Some proxies write a port behind the address, and brackets
 * around one of IPv6 (as in RFC 7239 section 6). The header Forwarded is not
 * looked at: a proxy that appends to the one passes the other through as the
 * client wrote it. Pure: no name is ever looked up.
 */
#ifndef SHARED_ADDRESS_H
#define SHARED_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ADDRESS_TEXT_MAX = 46, /* INET6_ADDRSTRLEN */
	ADDRESS_NETWORK_BYTES = 16,
};

/* Whoever comes through a trusted proxy that does not tell from where: all of them count as one. */
#define ADDRESS_UNKNOWN "unknown"

struct address_list; /* opaque: networks in CIDR notation; NULL is an empty one */

/*
 * Parses "10.0.0.0/8, 192.0.2.7, fd00::/8"; an empty text is an empty list.
 * Returns 0, -EINVAL (*ret_bad, when asked for, points at the wrong entry
 * within text) or -ENOMEM.
 */
int address_list_parse(const char *text, struct address_list **ret, const char **ret_bad);

/* NULL is fine. */
void address_list_free(struct address_list *list);

/* True when both have the same networks in the same order; NULL is fine. */
bool address_list_same(const struct address_list *a, const struct address_list *b);

/* True when the address lies in one of the networks (IPv4-mapped IPv6 counts as IPv4). */
bool address_list_contains(const struct address_list *list, const char *address);

/*
 * Writes the client's address into ret. peer is the address of the direct
 * peer, or "" for a unix socket, which is trusted always; forwarded is what all
 * lines of X-Forwarded-For say, in their order and joined by commas, or NULL.
 * An entry that is no address gives ADDRESS_UNKNOWN, so that nobody hides behind
 * the proxy's own. A unix peer without the header gives "".
 */
void address_of_client(
    const struct address_list *trusted, const char *peer, const char *forwarded, char ret[static ADDRESS_TEXT_MAX]);

/*
 * What one customer has: an address of IPv4, or the network of 64 bits that one of
 * IPv6 is in. Returns false for what is no address.
 */
bool address_network(const char *address, uint8_t ret[static ADDRESS_NETWORK_BYTES]);

#endif
