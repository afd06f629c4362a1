#include <string.h>

#include "shared/authority.h"
#include "tests/tap.h"

static struct authority authority;

static bool
parses(const char *text)
{
	return authority_parse(text, strlen(text), &authority);
}

/* A port of 0 is none given. */
static bool
is(const char *text, const char *host, uint16_t port)
{
	return parses(text) && strcmp(authority.host, host) == 0 && authority.has_port == (port > 0) &&
	    (port == 0 || authority.port == port);
}

static bool
is_loopback(const char *text)
{
	return parses(text) && authority_is_loopback(&authority);
}

int
main(void)
{
	char name[AUTHORITY_HOST_MAX + 2];

	OK(is("Example.ORG", "example.org", 0), "a name has no case");
	OK(is("example.org:8080", "example.org", 8080), "a port may follow it");
	OK(is("example.org:", "example.org", 0), "an empty one is none");
	OK(is("192.0.2.7:80", "192.0.2.7", 80) && is("my_app", "my_app", 0),
	    "so may it an address, or a name of a container");
	OK(is("[2001:DB8:0::1]:443", "[2001:db8::1]", 443) && is("[::1]", "[::1]", 0), "IPv6 is in brackets");
	OK(is("example.org.", "example.org.", 0), "the root's dot stays");

	authority.port = 7;
	OK(!parses("") && !parses(":80") && !parses("."), "there is a host");
	OK(authority.port == 7, "what fails leaves the result alone");
	OK(!parses("a..b") && !parses(".a"), "no label is empty");
	OK(!parses("a b") && !parses("a/b") && !parses("u@a") && !parses("a,b") && !parses("a%41") &&
		!parses("\xc3\xbc.org") && !parses("a*"),
	    "other bytes make no host");
	OK(!authority_parse("a\0b", 3, &authority) && !authority_parse("[::1\0]", 6, &authority), "nor does a NUL");
	OK(!parses("a:x") && !parses("a:65536") && !parses("a:0") && !parses("a:1:2") && !parses("a:000080"),
	    "a port is one");
	OK(!parses("::1") && !parses("[::1") && !parses("[a]") && !parses("[]") && !parses("[::1]80") &&
		!parses("[192.0.2.7]"),
	    "brackets hold IPv6 and nothing else");
	memset(name, 'a', sizeof(name));
	OK(authority_parse(name, AUTHORITY_HOST_MAX, &authority) &&
		!authority_parse(name, AUTHORITY_HOST_MAX + 1, &authority),
	    "a name has an end");

	OK(is_loopback("localhost:7149") && is_loopback("LOCALHOST") && is_loopback("a.localhost") &&
		is_loopback("127.0.0.1") && is_loopback("127.8.9.1:80") && is_loopback("[::1]:7149"),
	    "the loopback interface has names and addresses");
	OK(!is_loopback("localhost.org") && !is_loopback("alocalhost") && !is_loopback("128.0.0.1") &&
		!is_loopback("127.0.0.1.org") && !is_loopback("[::2]") && !is_loopback("[::ffff:7f00:1]"),
	    "and others only look like it");
	OK(parses("10.0.0.1") && authority_is_address(&authority) && parses("[::1]") &&
		authority_is_address(&authority) && parses("a.org") && !authority_is_address(&authority),
	    "an address is no name");
	return tap_done();
}
