#include <errno.h>
#include <string.h>

#include "shared/address.h"
#include "tests/tap.h"

static bool
contains(const char *networks, const char *address)
{
	struct address_list *list = NULL;
	bool found;

	if (address_list_parse(networks, &list, NULL) < 0) {
		printf("# %s does not parse\n", networks);
		return false;
	}
	found = address_list_contains(list, address);
	address_list_free(list);
	return found;
}

static void
networks_contain_their_addresses(void)
{
	OK(contains("10.0.0.0/8", "10.255.0.1"), "an address within the network");
	OK(!contains("10.0.0.0/8", "11.0.0.1"), "one outside");
	OK(contains("192.0.2.128/25", "192.0.2.200"), "a prefix within a byte");
	OK(!contains("192.0.2.128/25", "192.0.2.127"), "and its other half");
	OK(contains("192.0.2.7", "192.0.2.7"), "a single address is itself");
	OK(!contains("192.0.2.7", "192.0.2.8"), "and no other");
	OK(contains("10.1.2.3/8", "10.9.9.9"), "bits behind the prefix do not count");
	OK(contains("0.0.0.0/0", "203.0.113.9"), "no prefix is every address");
	OK(contains("fd00::/8", "fdab::1"), "IPv6");
	OK(!contains("fd00::/8", "fe80::1"), "and outside of it");
	OK(contains("2001:db8::1", "2001:DB8:0::1"), "an address has several forms");
	OK(contains("10.0.0.0/8, 192.0.2.7 ,fd00::/8", "192.0.2.7"), "each entry of a list counts");
	OK(!contains("10.0.0.0/8", "localhost"), "a name is no address");
	OK(!contains("0.0.0.0/0", ""), "nor is nothing");
}

static void
mapped_addresses_are_ipv4(void)
{
	OK(contains("10.0.0.0/8", "::ffff:10.1.1.1"), "an IPv4-mapped address is in its IPv4 network");
	OK(contains("::ffff:10.0.0.0/104", "10.1.1.1"), "and the other way round");
	OK(!contains("::/0", "10.1.1.1"), "but no IPv4 address is in the whole of IPv6");
	OK(!contains("0.0.0.0/0", "::1"), "nor an IPv6 address in the whole of IPv4");
}

static void
empty_lists_contain_nothing(void)
{
	OK(!contains("", "127.0.0.1"), "an empty text is an empty list");
	OK(!contains(" , ,", "127.0.0.1"), "so are commas and blanks");
	OK(!address_list_contains(NULL, "127.0.0.1"), "and NULL");
}

static bool
blames(const char *text, const char *entry)
{
	struct address_list *list = NULL;
	const char *bad = NULL;

	return address_list_parse(text, &list, &bad) == -EINVAL && list == NULL && bad != NULL &&
	    strncmp(bad, entry, strlen(entry)) == 0 && bad >= text && bad < text + strlen(text);
}

static void
wrong_networks_are_refused(void)
{
	OK(blames("10.0.0.0/33", "10.0.0.0/33"), "too long a prefix of IPv4 is refused");
	OK(blames("fd00::/129", "fd00::/129"), "and of IPv6");
	OK(blames("10.0.0.0/", "10.0.0.0/"), "an empty prefix");
	OK(blames("10.0.0.0/-1", "10.0.0.0/-1"), "a negative one");
	OK(blames("10.0.0.0/8x", "10.0.0.0/8x"), "one with a letter");
	OK(blames("10.0.0.0/4294967304", "10.0.0.0/4"), "one that would wrap around");
	OK(blames("10.0.0/8", "10.0.0/8"), "three bytes of an address");
	OK(blames("192.0.2.7, example.com", "example.com"), "a name, which is pointed at");
	OK(blames("[::1]", "[::1]"), "brackets");
	OK(address_list_parse("x", &(struct address_list *){ NULL }, NULL) == -EINVAL,
	    "who is to blame need not be asked");
}

/* The client's address with 10.0.0.0/8 and fd00::/8 trusted. */
static bool
client_is(const char *peer, const char *forwarded, const char *expected)
{
	struct address_list *trusted = NULL;
	char ret[ADDRESS_TEXT_MAX];

	address_list_parse("10.0.0.0/8,fd00::/8", &trusted, NULL);
	address_of_client(trusted, peer, forwarded, ret);
	address_list_free(trusted);
	if (strcmp(ret, expected) != 0)
		printf("# got %s\n", ret);
	return strcmp(ret, expected) == 0;
}

static void
strangers_are_not_believed(void)
{
	OK(client_is("203.0.113.5", NULL, "203.0.113.5"), "without a header the peer is the client");
	OK(client_is("203.0.113.5", "198.51.100.1", "203.0.113.5"), "a peer that is no proxy is not believed");
	OK(client_is("10.0.0.1", NULL, "10.0.0.1"), "a proxy without a header is the client");
	OK(client_is("::ffff:203.0.113.5", NULL, "203.0.113.5"), "an IPv4-mapped peer is shown as IPv4");
}

static void
proxies_are_believed(void)
{
	OK(client_is("10.0.0.1", "198.51.100.1", "198.51.100.1"), "a proxy's word counts");
	OK(client_is("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"), "but not what the client wrote to the left");
	OK(client_is("10.0.0.1", "1.1.1.1, 198.51.100.1 ,10.0.0.2", "198.51.100.1"), "a chain of proxies is followed");
	OK(client_is("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"), "to its end");
	OK(client_is("fd00::1", "2001:DB8::0:1", "2001:db8::1"), "IPv6, in its shortest form");
	OK(client_is("10.0.0.1", "", "10.0.0.1"), "an empty header says nothing");
	OK(client_is("10.0.0.1", "198.51.100.1, ,", "198.51.100.1"), "nor do empty entries");
}

static void
ports_and_brackets_are_understood(void)
{
	OK(client_is("10.0.0.1", "203.0.113.9:51008", "203.0.113.9"), "a port is not part of the address");
	OK(client_is("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"), "nor are brackets");
	OK(client_is("10.0.0.1", "[2001:DB8::1]", "2001:db8::1"), "with or without a port");
	OK(client_is("10.0.0.1", "198.51.100.1, 10.0.0.7:80,[fd00::7]:80", "198.51.100.1"), "also of proxies");
	OK(client_is("10.0.0.1", "2001:db8::1:443", "2001:db8::1:443"), "without brackets all of it is the address");
}

static void
what_cannot_be_used_is_not_the_proxys(void)
{
	static const char *const bad[] = { "unknown", "_hidden", "203.0.113.9:", "203.0.113.9:x", "203.0.113.9:123456",
		"[203.0.113.9]", "[2001:db8::1", "[2001:db8::1]x", "[2001:db8::1]:", "[]", "[", "a.example", "1.1.1",
		"2001:db8::1]:443", "fe80::1%eth0", "\"[2001:db8::1]\"", "1.1.1.1 2.2.2.2",
		"11111111111111111111111111111111111111111111111111111111111111" };
	char text[2048];
	bool unknown = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		unknown &= client_is("10.0.0.1", bad[i], ADDRESS_UNKNOWN) && client_is("", bad[i], ADDRESS_UNKNOWN);
	OK(unknown, "an entry that is no address makes the client unknown");
	OK(client_is("10.0.0.1", "1.1.1.1,unknown,10.0.0.2", ADDRESS_UNKNOWN), "behind a chain of proxies as well");
	OK(client_is("10.0.0.1", "unknown, 198.51.100.1", "198.51.100.1"),
	    "but not where the client may have written it");
	OK(client_is("203.0.113.5", "unknown", "203.0.113.5"), "nor for a peer that is no proxy");
	for (size_t i = 0; i < sizeof(text) - 20; i += 2)
		strcpy(text + i, "1,");
	strcat(text, "198.51.100.1");
	OK(client_is("10.0.0.1", text, "198.51.100.1"), "a header may have any length");
}

static void
a_unix_peer_is_trusted(void)
{
	OK(client_is("", "198.51.100.1", "198.51.100.1"), "the header of a unix peer counts");
	OK(client_is("", "1.1.1.1,198.51.100.1", "198.51.100.1"), "from its right end");
	OK(client_is("", NULL, ""), "without a header the client is unknown");
	OK(client_is("", " , ", ""), "also with an empty one");
}

/* True when the network of the address is that of the other one. */
static bool
are_one(const char *address, const char *other)
{
	uint8_t a[ADDRESS_NETWORK_BYTES], b[ADDRESS_NETWORK_BYTES];

	return address_network(address, a) && address_network(other, b) && memcmp(a, b, sizeof(a)) == 0;
}

static void
a_customer_has_a_network(void)
{
	uint8_t ret[ADDRESS_NETWORK_BYTES];

	OK(are_one("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), "64 bits of IPv6 are one customer's");
	OK(!are_one("2001:db8:1:2::1", "2001:db8:1:3::1"), "the next ones another's");
	OK(!are_one("192.0.2.1", "192.0.2.2"), "each address of IPv4 is its own");
	OK(are_one("192.0.2.1", "::ffff:192.0.2.1"), "also as IPv6 writes it");
	OK(!address_network("", ret) && !address_network("unknown", ret), "what is no address has none");
}

int
main(void)
{
	networks_contain_their_addresses();
	mapped_addresses_are_ipv4();
	empty_lists_contain_nothing();
	wrong_networks_are_refused();
	strangers_are_not_believed();
	proxies_are_believed();
	ports_and_brackets_are_understood();
	what_cannot_be_used_is_not_the_proxys();
	a_unix_peer_is_trusted();
	a_customer_has_a_network();
	return tap_done();
}
