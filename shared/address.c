#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/address.h"

enum {
	MAPPED_BITS = 96, /* of ::ffff:0:0, which an IPv4 address follows (RFC 4291 section 2.5.5.2) */
	CUSTOMER_BITS = 64,
};

/* An address of either family; IPv4 as IPv4-mapped IPv6. */
struct address {
	uint8_t bytes[ADDRESS_NETWORK_BYTES];
};

struct network {
	struct address address;
	unsigned bits;
};

struct address_list {
	size_t n;
	struct network networks[];
};

static bool
is_mapped(const struct address *address)
{
	static const uint8_t prefix[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address->bytes, prefix, sizeof(prefix)) == 0;
}

static bool
parse_text(const char *text, struct address *ret)
{
	struct address address = { { [10] = 0xff, [11] = 0xff } };

	if (inet_pton(AF_INET, text, address.bytes + MAPPED_BITS / 8) != 1 &&
	    inet_pton(AF_INET6, text, address.bytes) != 1)
		return false;
	*ret = address;
	return true;
}

static bool
parse_address(const char *text, size_t len, struct address *ret)
{
	char copy[ADDRESS_TEXT_MAX];

	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return parse_text(copy, ret);
}

/* True for ":" and one to five digits. */
static bool
is_port(const char *text, size_t len)
{
	if (len < 2 || len > 6 || text[0] != ':')
		return false;
	for (size_t i = 1; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* Parses an address that may be in brackets, or have a port: "192.0.2.1:80", "[2001:db8::1]:80". */
static bool
parse_node(const char *text, size_t len, struct address *ret)
{
	const char *colon = memchr(text, ':', len);
	const char *bracket = len > 0 && text[0] == '[' ? memchr(text, ']', len) : NULL;
	size_t address_len = len;

	if (bracket != NULL) {
		size_t past = (size_t)(bracket + 1 - text);

		if (colon == NULL || colon > bracket || (past < len && !is_port(bracket + 1, len - past)))
			return false;
		return parse_address(text + 1, past - 2, ret);
	}
	if (colon != NULL && is_port(colon, (size_t)(text + len - colon))) /* an address of IPv6 has two colons */
		address_len = (size_t)(colon - text);
	return parse_address(text, address_len, ret);
}

static void
format_address(const struct address *address, char ret[static ADDRESS_TEXT_MAX])
{
	if (is_mapped(address))
		inet_ntop(AF_INET, address->bytes + MAPPED_BITS / 8, ret, ADDRESS_TEXT_MAX);
	else
		inet_ntop(AF_INET6, address->bytes, ret, ADDRESS_TEXT_MAX);
}

/* Parses the digits after the slash. */
static bool
parse_bits(const char *text, size_t len, unsigned max, unsigned *ret)
{
	unsigned bits = 0;

	if (len == 0 || len > 3)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(text[i] - '0');
	}
	if (bits > max)
		return false;
	*ret = bits;
	return true;
}

static bool
parse_network(const char *text, size_t len, struct network *ret)
{
	const char *slash = memchr(text, '/', len);
	size_t address_len = slash != NULL ? (size_t)(slash - text) : len;
	bool is_ipv4 = memchr(text, ':', address_len) == NULL;

	if (!parse_address(text, address_len, &ret->address))
		return false;
	ret->bits = 128;
	if (slash == NULL)
		return true;
	if (!parse_bits(slash + 1, len - address_len - 1, is_ipv4 ? 32 : 128, &ret->bits))
		return false;
	if (is_ipv4)
		ret->bits += MAPPED_BITS;
	return true;
}

static bool
network_contains(const struct network *network, const struct address *address)
{
	size_t bytes = network->bits / 8;
	unsigned rest = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	/* ::/0 and the like are about IPv6 only. */
	if (is_mapped(address) && network->bits < MAPPED_BITS)
		return false;
	if (memcmp(network->address.bytes, address->bytes, bytes) != 0)
		return false;
	return rest == 0 || ((network->address.bytes[bytes] ^ address->bytes[bytes]) & mask) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Trims blanks at both ends of text[*len]. */
static const char *
trim(const char *text, size_t *len)
{
	while (*len > 0 && is_blank(text[*len - 1]))
		--*len;
	while (*len > 0 && is_blank(*text)) {
		text++;
		--*len;
	}
	return text;
}

static size_t
count_entries(const char *text)
{
	size_t n = 1;

	for (; *text != '\0'; text++)
		n += *text == ',';
	return n;
}

int
address_list_parse(const char *text, struct address_list **ret, const char **ret_bad)
{
	struct address_list *list;

	list = calloc(1, sizeof(*list) + count_entries(text) * sizeof(list->networks[0]));
	if (list == NULL)
		return -ENOMEM;
	while (*text != '\0') {
		size_t raw_len = strcspn(text, ",");
		size_t len = raw_len;
		const char *entry = trim(text, &len);

		if (len > 0 && !parse_network(entry, len, &list->networks[list->n++])) {
			address_list_free(list);
			if (ret_bad != NULL)
				*ret_bad = entry;
			return -EINVAL;
		}
		text += raw_len + (text[raw_len] == ',');
	}
	*ret = list;
	return 0;
}

void
address_list_free(struct address_list *list)
{
	free(list);
}

static bool
list_contains(const struct address_list *list, const struct address *address)
{
	for (size_t i = 0; list != NULL && i < list->n; i++)
		if (network_contains(&list->networks[i], address))
			return true;
	return false;
}

static size_t
n_of(const struct address_list *list)
{
	return list == NULL ? 0 : list->n;
}

bool
address_list_same(const struct address_list *a, const struct address_list *b)
{
	size_t n = n_of(a);

	return n == n_of(b) && (n == 0 || memcmp(a->networks, b->networks, n * sizeof(a->networks[0])) == 0);
}

bool
address_list_contains(const struct address_list *list, const char *address)
{
	struct address parsed;

	return parse_text(address, &parsed) && list_contains(list, &parsed);
}

/* Takes the last entry off the first *len bytes of a comma-separated list. Returns false at its start. */
static bool
take_last(const char *list, size_t *len, const char **ret_entry, size_t *ret_len)
{
	size_t start = *len;

	if (*len == 0)
		return false;
	while (start > 0 && list[start - 1] != ',')
		start--;
	*ret_len = *len - start;
	*ret_entry = trim(list + start, ret_len);
	*len = start > 0 ? start - 1 : 0;
	return true;
}

/* Copies what fits. */
static void
copy_text(const char *text, char ret[static ADDRESS_TEXT_MAX])
{
	size_t len = strnlen(text, ADDRESS_TEXT_MAX - 1);

	memcpy(ret, text, len);
	ret[len] = '\0';
}

void
address_of_client(
    const struct address_list *trusted, const char *peer, const char *forwarded, char ret[static ADDRESS_TEXT_MAX])
{
	struct address address;
	const char *entry;
	bool trusting = peer[0] == '\0';
	size_t left, len;

	copy_text(peer, ret);
	if (parse_text(peer, &address)) {
		if (strchr(peer, ':') != NULL) /* IPv6, which has several forms */
			format_address(&address, ret);
		trusting = list_contains(trusted, &address);
	}
	if (forwarded == NULL)
		return;

	left = strlen(forwarded);
	while (trusting && take_last(forwarded, &left, &entry, &len)) {
		if (len == 0) /* RFC 9110 section 5.6.1: it is not there */
			continue;
		if (!parse_node(entry, len, &address)) {
			copy_text(ADDRESS_UNKNOWN, ret);
			return;
		}
		format_address(&address, ret);
		trusting = list_contains(trusted, &address);
	}
}

bool
address_network(const char *text, uint8_t ret[static ADDRESS_NETWORK_BYTES])
{
	struct address address;

	if (!parse_text(text, &address))
		return false;
	if (!is_mapped(&address))
		memset(address.bytes + CUSTOMER_BITS / 8, 0, sizeof(address.bytes) - CUSTOMER_BITS / 8);
	memcpy(ret, address.bytes, sizeof(address.bytes));
	return true;
}
