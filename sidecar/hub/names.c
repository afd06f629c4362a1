#include <errno.h>
#include <stdlib.h>

#include "shared/hash.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/names.h"

struct name {
	uint64_t name;
	struct client *client;
	UT_hash_handle hh; /* unless another client has said that it was called so, and is here */
};

/* All names of one client. */
struct names {
	uint32_t n;
	struct name names[];
};

static size_t
bytes_of(uint32_t n)
{
	return sizeof(struct names) + n * sizeof(struct name);
}

static struct name *
find(struct name *names, uint64_t name)
{
	struct name *found;

	HASH_FIND(hh, names, &name, sizeof(name), found);
	return found;
}

/* Who says it last has it. */
static bool
list(struct name **names, struct name *name)
{
	struct name *other = find(*names, name->name);

	if (other != NULL) {
		HASH_DELETE(hh, *names, other);
		other->client = NULL;
	}
	HASH_ADD(hh, *names, name, sizeof(name->name), name);
	return HASH_ADDED(name);
}

int
names_add(struct name **names, struct client *client, const struct coming *coming)
{
	struct names *own;

	if (coming->n_names == 0)
		return 0;
	own = calloc(1, bytes_of(coming->n_names));
	if (own == NULL)
		return -ENOMEM;
	memory_add(bytes_of(coming->n_names));
	own->n = coming->n_names;
	client->names = own;
	for (uint32_t i = 0; i < own->n; i++) {
		struct name *name = &own->names[i];

		*name = (struct name){ .name = coming->names[i], .client = client };
		if (!list(names, name)) {
			name->client = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

void
names_remove(struct name **names, struct client *client)
{
	struct names *own = client->names;

	if (own == NULL)
		return;
	for (uint32_t i = 0; i < own->n; i++)
		if (own->names[i].client != NULL)
			HASH_DELETE(hh, *names, &own->names[i]);
	memory_remove(bytes_of(own->n));
	free(own);
	client->names = NULL;
}

struct client *
names_find(struct name *names, uint64_t name)
{
	struct name *found = find(names, name);

	return found == NULL ? NULL : found->client;
}

uint32_t
names_of(const struct client *client, uint64_t ret[])
{
	uint32_t n = 0;

	ret[n++] = client_except(&client->id);
	for (uint32_t i = 0; client->names != NULL && i < client->names->n && n < COMING_NAMES; i++)
		ret[n++] = client->names->names[i].name;
	return n;
}
