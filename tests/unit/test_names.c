#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/names.h"
#include "tests/tap.h"

static struct client *
client_called(unsigned char last)
{
	struct wire_id id = { 0 };

	id.bytes[sizeof(id.bytes) - 1] = last;
	return client_new(&id);
}

int
main(void)
{
	struct name *names = NULL;
	struct client *one = client_called(1), *two = client_called(2);
	const struct coming coming = { .names = { 10, 11, 12, 13 }, .n_names = COMING_NAMES }, none = { 0 };
	size_t before = memory.bytes;
	uint64_t told[COMING_NAMES];

	OK(names_add(&names, one, &none) == 0 && names_of(one, told) == 1 && told[0] == client_except(&one->id),
	    "who was called nothing has its own name alone");
	names_remove(&names, one);
	OK(names_find(names, 10) == NULL, "and nobody is found by another one");

	OK(names_add(&names, one, &coming) == 0 && names_find(names, 10) == one && names_find(names, 13) == one,
	    "a client is found by each name that it had");
	OK(names_of(one, told) == COMING_NAMES && told[0] == client_except(&one->id) && told[1] == 10 && told[3] == 12,
	    "it is told its own and the latest of these");

	OK(names_add(&names, two, &coming) == 0 && names_find(names, 10) == two,
	    "who says last that it was called so is found");
	names_remove(&names, one);
	OK(names_find(names, 10) == two, "also when the other one goes");
	names_remove(&names, two);
	OK(names_find(names, 10) == NULL && names == NULL, "until it goes itself");
	OK(memory.bytes == before, "all memory has been let go");
	client_free(one);
	client_free(two);
	return tap_done();
}
