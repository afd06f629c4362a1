#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/url.h"
#include "tests/tap.h"

static int
decode(const char *raw, char ret[static 64])
{
	return url_decode_path(raw, strlen(raw), ret, 64);
}

static void
paths_are_decoded_once(void)
{
	char path[64];

	OK(decode("/a%20b/%C3%A9", path) == 7 && strcmp(path, "/a b/\xc3\xa9") == 0, "escapes are decoded");
	OK(decode("/%2541", path) == 4 && strcmp(path, "/%41") == 0, "once and not twice");
	OK(decode("/a+b", path) == 4 && strcmp(path, "/a+b") == 0, "a plus is a plus");
	OK(decode("/.a/..b/...", path) == 11 && strcmp(path, "/.a/..b/...") == 0, "dots may begin a name, or be three");
}

static void
bad_paths_are_refused(void)
{
	char path[64];

	OK(decode("a", path) == -EINVAL, "a path without a leading slash is refused");
	OK(decode("", path) == -EINVAL, "an empty one");
	OK(decode("%2Fa", path) == -EINVAL, "an encoded leading slash");
	OK(decode("/a%2Fb", path) == -EINVAL, "an encoded slash");
	OK(decode("/..", path) == -EINVAL && decode("/a/../b", path) == -EINVAL && decode("/a/..", path) == -EINVAL &&
		decode("/./a", path) == -EINVAL && decode("/.", path) == -EINVAL,
	    "a segment of one or two dots");
	OK(decode("/%2e%2E/", path) == -EINVAL && decode("/a/.%2e", path) == -EINVAL && decode("/%2e", path) == -EINVAL,
	    "encoded as well");
	OK(decode("/a%2fb", path) == -EINVAL, "an encoded slash in lower case");
	OK(decode("/%00", path) == -EINVAL, "an encoded NUL");
	OK(decode("/%0a", path) == -EINVAL, "an encoded line feed");
	OK(decode("/caf%E9", path) == -EINVAL && decode("/%C0%AF", path) == -EINVAL, "what is not UTF-8");
	OK(decode("/\x7f", path) == -EINVAL, "a bare control byte");
	OK(decode("/%", path) == -EINVAL, "an escape without digits");
	OK(decode("/%4", path) == -EINVAL, "an escape with one digit");
	OK(decode("/%4g", path) == -EINVAL, "an escape with a letter too high");
	OK(url_decode_path("/%41", 3, path, sizeof(path)) == -EINVAL, "an escape that the length cuts");
}

static void
a_decoded_path_fits_or_is_refused(void)
{
	char path[4];

	OK(url_decode_path("/abc", 4, path, sizeof(path)) == -E2BIG,
	    "a path that leaves no room for the NUL is refused");
	OK(url_decode_path("/%61b", 5, path, sizeof(path)) == 3 && strcmp(path, "/ab") == 0,
	    "one that just fits is not");
}

static bool
component_is(const char *raw, const char *decoded, size_t decoded_len)
{
	char *ret = malloc(strlen(raw) + 1);
	size_t len = url_decode_component(raw, strlen(raw), ret);
	bool same = len == decoded_len && memcmp(ret, decoded, len + 1) == 0;

	free(ret);
	return same;
}

static void
components_are_forgiving(void)
{
	OK(component_is("a+b%20c", "a b c", 5), "in a component a plus is a blank");
	OK(component_is("%2F%2b", "/+", 2), "a slash and a plus may be encoded");
	OK(component_is("100%", "100%", 4), "a bad escape at the end stays");
	OK(component_is("%zz%4", "%zz%4", 5), "bad escapes stay");
	OK(component_is("%%41", "%A", 2), "and do not swallow what follows");
	OK(component_is("a%00b", "a\0b", 3), "a NUL shows in the length");
	OK(component_is("", "", 0), "nothing is nothing");
}

static bool
next_is(const char **rest, const char *expected_name, const char *expected_value)
{
	struct span name, value;

	return url_next_pair(rest, &name, &value) && span_is(name, expected_name) && span_is(value, expected_value);
}

static void
queries_are_stepped_through(void)
{
	const char *rest = "&a=1&&b&c==x%26&=y&";
	struct span name, value;

	OK(next_is(&rest, "a", "1"), "the first pair, behind an empty part");
	OK(next_is(&rest, "b", ""), "a name alone has an empty value");
	OK(next_is(&rest, "c", "=x%26"), "a value may hold '=' and stays encoded");
	OK(next_is(&rest, "", "y"), "a name may be empty");
	OK(!url_next_pair(&rest, &name, &value), "then it ends");
	OK(!url_next_pair(&rest, &name, &value), "and stays at its end");
}

int
main(void)
{
	paths_are_decoded_once();
	bad_paths_are_refused();
	a_decoded_path_fits_or_is_refused();
	components_are_forgiving();
	queries_are_stepped_through();
	return tap_done();
}
