#include "shared/routetext.h"
#include "tests/tap.h"

static struct routetext route;

static bool
parses(const char *text)
{
	return routetext_parse(span_of(text), ',', &route) == 0;
}

int
main(void)
{
	static const char *const bad[] = { "/a,", "/a,Secure", "/a,history", "/a,history=", "/a,history=0",
		"/a,history=-1", "/a,history=1x", "/a,history=4294967296", "/a,history_seconds=", "/a,secure=1",
		"/a, secure", "/a,,secure", "/a,protocols=", "/a,protocols=a/b", "/a,protocols=mqtt:bearer" };

	OK(parses("/ws/{a:int}") && span_is(route.pattern, "/ws/{a:int}") && !route.secure && route.history == 0,
	    "a pattern alone is a route");
	OK(parses("/a,push-only,history=4294967295,secure,history_seconds=60") && route.push_only && route.secure &&
		route.history == UINT32_MAX && route.history_seconds == 60 && span_is(route.pattern, "/a"),
	    "options follow it in any order");
	OK(parses("/a,protocols=mqtt:chat.v2,secure") && span_is(route.protocols, "mqtt:chat.v2") && route.secure,
	    "subprotocols stand between colons");
	OK(parses("/a") && route.protocols.len == 0, "or there are none");
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++)
		OK(!parses(bad[i]), "what is no option is refused");
	OK(routetext_parse(span_of("/a;history=5"), ';', &route) == 0 && route.history == 5,
	    "the mark is the caller's");
	return tap_done();
}
