#include <string.h>

#include "shared/valid.h"
#include "tests/tap.h"

/* True when the first n of a list of texts will do, and none of the others. */
#define SORTS(valid, n, ...) sorts((valid), (n), (const char *[]){ __VA_ARGS__, NULL })

static bool
sorts(valid_text *valid, int n, const char **texts)
{
	bool right = true;

	for (int i = 0; texts[i] != NULL; i++) {
		if (valid(texts[i], strlen(texts[i])) == (i < n))
			continue;
		printf("# \"%s\"\n", texts[i]);
		right = false;
	}
	return right;
}

static void
sockets_have_names(void)
{
	OK(SORTS(valid_endpoint, 1, "ipc:///run/bus", "ipc:///", "ipc://bus", "tcp://127.0.0.1:1"),
	    "endpoints are files");
	OK(SORTS(valid_listener, 4, "127.0.0.1:80", "localhost:0", "[::1]:65535", "unix:/a", "::1:80", ":80", "a:65536",
	       "a:", "a", "unix:a"),
	    "listeners are a host and a port, or a file");
	OK(SORTS(valid_listener_or_off, 2, "off", "a:1", "on", ""), "or off");
	OK(SORTS(valid_group, 2, "", "root", "no-such-group-anywhere"), "a group is one of this machine's, or none");
}

static void
stores_have_places(void)
{
	OK(SORTS(valid_directory, 1, "/var/lib", "/", "var/lib", ""), "directories are absolute");
	OK(SORTS(valid_session_backend, 2, "file", "redis", "", "files"), "sessions are in files or in Redis");
	OK(SORTS(valid_session_url, 2, "redis://127.0.0.1:6379/0", "unix:/run/redis", "rediss://a", "http://a", ""),
	    "the Redis of the sessions has no TLS");
	OK(SORTS(valid_backplane, 2, "", "redis", "nats"), "Redis relays, or nothing");
	OK(SORTS(valid_backplane_url, 1, "redis://a", "http://a"), "at a URL of Redis");
	OK(SORTS(valid_prefix, 2, "tina4", "12345678901234567890123456789012", "", "123456789012345678901234567890123",
	       "a b"),
	    "names begin with a word of at most 32 bytes");
}

static void
http_has_its_words(void)
{
	OK(SORTS(valid_pattern, 2, "/ws/{room}", "/", "ws", "/{", ""), "patterns compile");
	OK(SORTS(valid_token, 2, "X-Name", "", "a b", "a:b", "\xc3\xa4"), "names of headers are tokens");
	OK(SORTS(valid_cookie, 1, "session", "", "a=b"), "a cookie has a name");
	OK(valid_token("a,b c", 1), "an item of a list ends at its comma");
}

static void
tokens_have_their_ways(void)
{
	OK(SORTS(valid_secret, 2, "", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde",
	       "                                "),
	    "a secret is long enough, or none");
	OK(SORTS(valid_algorithm, 2, "HS256", "RS256", "none", "hs256", ""), "two algorithms are known");
	OK(SORTS(valid_expiry, 2, "required", "optional", "", "never"), "an end is required or optional");
}

int
main(void)
{
	sockets_have_names();
	stores_have_places();
	http_has_its_words();
	tokens_have_their_ways();
	return tap_done();
}
