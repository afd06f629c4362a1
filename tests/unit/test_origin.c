#include <string.h>

#include "shared/origin.h"
#include "tests/tap.h"

static bool
parses(const char *text)
{
	struct origin origin;

	return origin_parse(text, strlen(text), &origin);
}

static bool
is_pattern(const char *text)
{
	return origin_is_pattern(text, strlen(text));
}

static bool
matches(const char *patterns, const char *text)
{
	struct origin origin;

	return origin_parse(text, strlen(text), &origin) && origin_matches(patterns, &origin);
}

static bool
is_same_with(const char *text, const char *host, bool https)
{
	struct authority authority;
	struct origin origin;

	return origin_parse(text, strlen(text), &origin) && authority_parse(host, strlen(host), &authority) &&
	    origin_is_same(&origin, &authority, https);
}

static bool
is_same(const char *text, const char *host)
{
	return is_same_with(text, host, false);
}

static void
test_parsing(void)
{
	struct origin origin;

	OK(origin_parse("HTTPS://Example.COM", 19, &origin) && strcmp(origin.scheme, "https") == 0 &&
		strcmp(origin.authority.host, "example.com") == 0 && origin.authority.port == 443,
	    "scheme and host have no case, and the port a default");
	OK(parses("http://[::1]:8080") && parses("capacitor://localhost") && parses("moz-extension://a-b-c"),
	    "apps and extensions have origins, too");
	OK(!parses("null") && !parses("") && !parses("a.org") && !parses("://a.org") && !parses("https://"),
	    "others are none");
	OK(!parses("https://a.org/") && !parses("https://a.org/x") && !parses("https://u@a.org") &&
		!parses("https://a.org, https://b.org") && !parses("https://a.org https://b.org") &&
		!parses("1http://a.org") && !parses("ht tp://a.org") && !parses("https://*.a.org"),
	    "nor is what has more to say");
}

static void
test_patterns(void)
{
	OK(is_pattern("*") && is_pattern("https://a.org") && is_pattern("https://*.a.org:8443"),
	    "a pattern is a star, an origin, or one below a host");
	OK(!is_pattern("https://*") && !is_pattern("https://*.") && !is_pattern("https://*a.org") &&
		!is_pattern("https://a.*.org") && !is_pattern("*.a.org") && !is_pattern("*://a.org") &&
		!is_pattern("https://*.192.0.2.1") && !is_pattern("https://*.*.a.org") && !is_pattern("null") &&
		!is_pattern("https://a.org/") && !is_pattern("**"),
	    "a star is nowhere else");
	OK(matches("https://Example.com", "https://example.COM"), "hosts are compared without their case");
	OK(matches("https://example.com:443", "https://example.com") && matches("http://a.org", "http://a.org:80"),
	    "and ports with their default");
	OK(!matches("https://a.org", "http://a.org") && !matches("https://a.org", "https://a.org:8443"),
	    "another scheme or port is another site");
	OK(!matches("https://a.org", "http://a.org:443"), "also when the port is the other one's default");
	OK(matches("https://*.a.org", "https://b.a.org") && matches("https://*.a.org", "https://c.B.a.org"),
	    "what lies below a host is found at any depth");
	OK(!matches("https://*.a.org", "https://a.org") && !matches("https://*.a.org", "https://xa.org") &&
		!matches("https://*.a.org", "https://a.org.evil") && !matches("https://*.a.org", "http://b.a.org") &&
		!matches("https://*.a.org", "https://b.a.org:8443"),
	    "but not the host itself, and no look-alike");
	OK(matches("https://a.org, https://b.org ,capacitor://localhost", "capacitor://localhost"),
	    "each entry counts");
	OK(matches("*", "https://a.org"), "a star is everyone");
	OK(!matches("", "https://a.org"), "nothing is nobody");
}

static void
test_same(void)
{
	OK(is_same("https://example.com", "example.com:443") && is_same("http://example.com:80", "example.com"),
	    "the default port is the same whether it is said or not");
	OK(is_same("http://A.org", "a.ORG") && is_same("https://a.org", "a.org"), "http and https are both taken");
	OK(is_same("http://[2001:db8:0::1]:81", "[2001:DB8::1]:81"), "IPv6 in any form");
	OK(!is_same("http://example.com", "example.com:443") && !is_same("https://a.org:80", "a.org"),
	    "a port of the other scheme is another one");
	OK(!is_same("https://b.org", "a.org") && !is_same("https://a.org:8443", "a.org") &&
		!is_same("https://a.org", "a.org:8443") && !is_same("https://a.org.b.org", "a.org"),
	    "another host or port is another site");
	OK(!is_same("evil://a.org", "a.org") && !is_same("ws://a.org", "a.org") &&
		!is_same("evil://a.org:80", "a.org:80"),
	    "another scheme is never the same");
	OK(is_same_with("https://a.org", "a.org", true) && !is_same_with("http://a.org", "a.org", true),
	    "a site of https has no pages of http");
}

static bool
allowed(const char *origin, const char *host, const char *setting)
{
	struct span none = { NULL, 0 };

	return origin_allowed(
	    origin == NULL ? none : span_of(origin), host == NULL ? none : span_of(host), setting, false);
}

static void
test_allowed(void)
{
	OK(allowed(NULL, "a.org", "") && allowed(NULL, NULL, "https://b.org"), "who has no origin is no browser");
	OK(allowed("https://a.org", "a.org", "") && !allowed("https://b.org", "a.org", ""),
	    "without a setting it is the same origin");
	OK(!allowed("https://a.org", NULL, "") && !allowed("https://a.org", "", ""),
	    "without a host nothing is the same");
	OK(!allowed("null", "a.org", "") && !allowed("", "a.org", "") && !allowed("null", "null", "https://a.org"),
	    "a document without an origin is foreign");
	OK(allowed("https://b.org", "a.org", "https://c.org, https://B.org:443") &&
		!allowed("https://a.org", "a.org", "https://b.org"),
	    "with a setting it is what stands there");
	OK(allowed("null", "a.org", "*") && allowed("", "a.org", "*"), "a star lets all in");
}

int
main(void)
{
	test_parsing();
	test_patterns();
	test_same();
	test_allowed();
	return tap_done();
}
