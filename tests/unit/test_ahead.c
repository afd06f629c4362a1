#include "sidecar/hub/ahead.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/paths.h"
#include "tests/tap.h"

enum { NOW = 1000 };

static struct client *
client_at(unsigned char number, const char *position)
{
	struct wire_id id = { .bytes = { number } };
	struct client *client = client_new(&id);

	client->coming = coming_new(span_of(position));
	return client;
}

int
main(void)
{
	static struct path path;
	size_t before = memory.bytes;
	struct client *nowhere = client_at(1, "1f0c22ab.019ab3c4d5e6"),
		      *one = client_at(2, "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.18"),
		      *two = client_at(3, "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.19");
	const struct mark had = { 0x5d2e90cb01a4f3c7, 18 }, new = { 0x5d2e90cb01a4f3c7, 19 };

	OK(!ahead_add(&path, nowhere, NOW), "who has seen nothing is not ahead");
	OK(ahead_add(&path, one, NOW) && ahead_add(&path, two, NOW + 1), "who has seen what this host has not is");
	OK(ahead_has(one, had) && !ahead_has(one, new), "it has had that, and nothing later");
	ahead_expire(&path, NOW + AHEAD_MS - 1);
	OK(ahead_has(one, had), "it may take long");
	ahead_expire(&path, NOW + AHEAD_MS);
	OK(!ahead_has(one, had) && one->coming == NULL && ahead_has(two, had), "but not for ever");
	ahead_remove(&path, two);
	OK(path.past.ahead == NULL, "who leaves is listed no more");
	client_free(nowhere);
	client_free(one);
	client_free(two);
	OK(memory.bytes == before, "all memory has been let go");
	return tap_done();
}
