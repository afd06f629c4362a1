#include <string.h>

#include "shared/credentials.h"
#include "tests/tap.h"

static bool
is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static bool
bearer(const char *authorization, const char *token)
{
	return is(credentials_bearer(authorization), token);
}

static bool
query(const char *text, const char *token)
{
	const struct credentials from = { .query = text };

	return is(credentials_token(&from), token);
}

static bool
cookie(const char *text, const char *token)
{
	const struct credentials from = { .cookies = text, .cookie_name = "tina4_token" };

	return is(credentials_token(&from), token);
}

static void
a_bearer_header_is_understood(void)
{
	OK(bearer("Bearer a.b.c", "a.b.c"), "the usual form");
	OK(bearer("bearer a.b.c", "a.b.c"), "the scheme's case does not matter");
	OK(bearer("Bearer   a.b.c \t", "a.b.c"), "blanks around the token");
	OK(bearer("Basic dXNlcjpwYXNz", ""), "another scheme is no token");
	OK(bearer("Bearer", "") && bearer("Bearer ", "") && bearer("Bearera.b.c", ""), "nor is one without a token");
	OK(bearer("", "") && bearer(NULL, ""), "nor is an absent header");
}

static void
a_query_is_searched(void)
{
	OK(query("token=a.b.c", "a.b.c"), "alone");
	OK(query("room=1&token=a.b.c&x", "a.b.c"), "among others");
	OK(query("token=&token=a.b.c&token=d.e.f", "a.b.c"), "the first that has a value");
	OK(query("xtoken=a&tokens=b&TOKEN=c", ""), "only under its own name");
	OK(query("token", "") && query("", "") && query(NULL, ""), "there may be none");
	OK(query("token=a%2Eb", "a%2Eb"), "it is taken as it came");
}

static void
a_cookie_is_searched(void)
{
	const struct credentials nameless = { .cookies = "=a.b.c; tina4_token=a.b.c", .cookie_name = "" };

	OK(cookie("tina4_token=a.b.c", "a.b.c"), "alone");
	OK(cookie("sid=1;  tina4_token=a.b.c ; b=2", "a.b.c"), "among others");
	OK(cookie("xtina4_token=a; tina4_tokens=b; tina4_token", ""), "only under its own name");
	OK(cookie("tina4_token=; tina4_token=a", "a"), "an empty one counts for nothing");
	OK(cookie(";;;", "") && cookie("", "") && cookie(NULL, ""), "there may be none");
	OK(credentials_token(&nameless).len == 0, "without a name no cookie is a token");
}

static void
the_header_wins(void)
{
	struct credentials all = { "Bearer header", "offered", "token=query", "tina4_token=cookie", "tina4_token" };

	OK(is(credentials_token(&all), "header"), "the header before all");
	all.authorization = "Basic dXNlcjpwYXNz";
	OK(is(credentials_token(&all), "offered"), "then what is offered behind bearer");
	all.offered = NULL;
	OK(is(credentials_token(&all), "query"), "then the query");
	all.query = "token=";
	OK(is(credentials_token(&all), "cookie"), "then the cookie");
}

int
main(void)
{
	a_bearer_header_is_understood();
	a_query_is_searched();
	a_cookie_is_searched();
	the_header_wins();
	return tap_done();
}
