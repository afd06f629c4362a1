#include <errno.h>
#include <string.h>

#include "shared/redisurl.h"
#include "tests/tap.h"

static bool
same(const char *text, const char *expected)
{
	return expected == NULL ? text == NULL : text != NULL && strcmp(text, expected) == 0;
}

static bool
tcp(const char *text, const char *host, int port, int db)
{
	struct redisurl url;
	bool right;

	if (redisurl_parse(text, strlen(text), &url) < 0)
		return false;
	right = same(url.host, host) && url.path == NULL && url.port == port && url.db == db;
	redisurl_free(&url);
	return right;
}

static bool
local(const char *text, const char *path, int db)
{
	struct redisurl url;
	bool right;

	if (redisurl_parse(text, strlen(text), &url) < 0)
		return false;
	right = same(url.path, path) && url.host == NULL && url.db == db;
	redisurl_free(&url);
	return right;
}

static bool
login(const char *text, const char *user, const char *password)
{
	struct redisurl url;
	bool right;

	if (redisurl_parse(text, strlen(text), &url) < 0)
		return false;
	right = same(url.user, user) && same(url.password, password);
	redisurl_free(&url);
	return right;
}

static bool
tls(const char *text)
{
	struct redisurl url = { 0 };
	bool right = redisurl_parse(text, strlen(text), &url) == 0 && url.tls;

	redisurl_free(&url);
	return right;
}

static void
hosts_are_understood(void)
{
	OK(tcp("redis://localhost", "localhost", 6379, 0), "a host alone");
	OK(tcp("redis://localhost:7000/3", "localhost", 7000, 3), "a port and a database");
	OK(tcp("redis://localhost/", "localhost", 6379, 0), "a slash alone");
	OK(tcp("redis://[::1]:7000/0", "::1", 7000, 0), "an IPv6 address");
	OK(tcp("redis://[::1]", "::1", 6379, 0), "without a port");
	OK(tls("rediss://redis.example.com:6380"), "TLS is asked for");
}

static void
sockets_are_understood(void)
{
	OK(local("unix:/run/redis.sock", "/run/redis.sock", 0), "a path");
	OK(local("unix:///run/redis.sock", "/run/redis.sock", 0), "with an empty authority");
	OK(local("unix:/run/redis.sock?db=2", "/run/redis.sock", 2), "and a database");
	OK(login("unix://me:word@/run/redis.sock", "me", "word"), "and a login");
}

static void
logins_are_understood(void)
{
	OK(login("redis://localhost", NULL, NULL), "none");
	OK(login("redis://:word@localhost", NULL, "word"), "a password alone");
	OK(login("redis://me:word@localhost:1/1", "me", "word"), "a user");
	OK(login("redis://me:w%40r%3Ad%2f@localhost", "me", "w@r:d/"), "escapes");
	OK(login("redis://me:w@rd:x@localhost", "me", "w@rd:x"), "the last @ ends it");
}

static void
nonsense_is_refused(void)
{
	static const char *const wrong[] = { "", "redis:", "redis://", "http://localhost", "redis://:6379",
		"redis://localhost:", "redis://localhost:0", "redis://localhost:65536", "redis://localhost:x",
		"redis://localhost/x", "redis://localhost/1/2", "redis://localhost/99999", "redis://me@localhost",
		"redis://me:@localhost", "redis://:%4@localhost", "redis://:%00@localhost", "redis://:%zz@localhost",
		"redis://[::1", "redis://[]", "redis://[::1]x", "unix:", "unix:/", "unix:relative", "unix://host/path",
		"unix://me:word@", "unix:/path?x=1", "unix:/path?db=" };
	struct redisurl url = { .port = 1 };
	bool refused = true;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (redisurl_parse(wrong[i], strlen(wrong[i]), &url) == -EINVAL)
			continue;
		printf("# %s\n", wrong[i]);
		refused = false;
	}
	OK(refused, "what is no address is refused");
	OK(redisurl_parse("redis://a\0b", 11, &url) == -EINVAL, "so is a NUL");
	OK(url.port == 1 && url.host == NULL, "and leaves nothing behind");
}

int
main(void)
{
	hosts_are_understood();
	sockets_are_understood();
	logins_are_understood();
	nonsense_is_refused();
	return tap_done();
}
