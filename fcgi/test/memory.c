#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "fcgi/session/store.h"
#include "fcgi/test/memory.h"
#include "shared/buf.h"

struct entry {
	struct entry *next;
	char key[STORE_KEY];
	struct buf data;
};

struct memory {
	struct store store; /* the first: it is what we are known as */
	pthread_mutex_t lock;
	struct entry *entries;
};

/* Returns the memory, locked. */
static struct memory *
enter(struct store *store)
{
	struct memory *memory = (struct memory *)store;

	pthread_mutex_lock(&memory->lock);
	return memory;
}

static int
leave(struct memory *memory, int r)
{
	pthread_mutex_unlock(&memory->lock);
	return r;
}

static struct entry *
find(struct memory *memory, const char *key)
{
	struct entry *entry;

	LL_FOREACH(memory->entries, entry)
	if (strcmp(entry->key, key) == 0)
		return entry;
	return NULL;
}

static void
drop(struct memory *memory, struct entry *entry)
{
	LL_DELETE(memory->entries, entry);
	buf_free(&entry->data);
	free(entry);
}

static int
memory_load(struct store *store, const char *key, struct buf *ret)
{
	struct memory *memory = enter(store);
	const struct entry *entry = find(memory, key);

	if (entry == NULL)
		return leave(memory, -ENOENT);
	buf_bytes(ret, entry->data.data, entry->data.len);
	return leave(memory, ret->failed ? -ENOMEM : 0);
}

static int
memory_add(struct store *store, const char *key, const void *data, size_t len)
{
	struct memory *memory = enter(store);
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return leave(memory, -ENOMEM);
	memcpy(entry->key, key, sizeof(entry->key));
	buf_bytes(&entry->data, data, len);
	LL_PREPEND(memory->entries, entry);
	if (!entry->data.failed)
		return leave(memory, 0);
	drop(memory, entry);
	return leave(memory, -ENOMEM);
}

static int
memory_replace(struct store *store, const char *key, const void *data, size_t len)
{
	struct memory *memory = enter(store);
	struct entry *entry = find(memory, key);
	struct buf fresh = BUF_INIT;

	if (entry == NULL)
		return leave(memory, -ENOENT);
	buf_bytes(&fresh, data, len);
	if (fresh.failed)
		return leave(memory, -ENOMEM);
	buf_free(&entry->data);
	entry->data = fresh;
	return leave(memory, 0);
}

static int
memory_remove(struct store *store, const char *key)
{
	struct memory *memory = enter(store);
	struct entry *entry = find(memory, key);

	if (entry != NULL)
		drop(memory, entry);
	return leave(memory, 0);
}

static void
memory_free(struct store *store)
{
	struct memory *memory = (struct memory *)store;

	while (memory->entries != NULL)
		drop(memory, memory->entries);
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

int
memory_store_new(struct store **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		return -ENOMEM;
	memory->store = (struct store){
		.load = memory_load,
		.add = memory_add,
		.replace = memory_replace,
		.remove = memory_remove,
		.free = memory_free,
	};
	pthread_mutex_init(&memory->lock, NULL);
	*ret = &memory->store;
	return 0;
}
