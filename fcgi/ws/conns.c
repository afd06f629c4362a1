#include <errno.h>
#include <stdlib.h>

#include "fcgi/ws/conn.h"
#include "fcgi/ws/conns.h"
#include "shared/hash.h"

struct entry {
	struct wire_id id;
	struct tina4_conn *conn;
	UT_hash_handle hh;
};

struct conns {
	struct entry *by_id;
};

struct conns *
conns_new(void)
{
	return calloc(1, sizeof(struct conns));
}

void
conns_free(struct conns *conns)
{
	if (conns == NULL)
		return;
	conns_clear(conns);
	free(conns);
}

static struct entry *
find(const struct conns *conns, const struct wire_id *id)
{
	struct entry *entry;

	HASH_FIND(hh, conns->by_id, id, sizeof(*id), entry);
	return entry;
}

/* Adds an entry without its connection. Returns NULL when out of memory. */
static struct entry *
add_entry(struct conns *conns, const struct wire_id *id)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->id = *id;
	HASH_ADD(hh, conns->by_id, id, sizeof(entry->id), entry);
	if (!HASH_ADDED(entry)) {
		free(entry);
		return NULL;
	}
	return entry;
}

int
conns_add(struct conns *conns, struct tina4_conn **conn)
{
	struct entry *entry = find(conns, conn_wire_id(*conn));

	if (entry == NULL)
		entry = add_entry(conns, conn_wire_id(*conn));
	if (entry == NULL) {
		conn_free(*conn);
		*conn = NULL;
		return -ENOMEM;
	}
	conn_free(entry->conn);
	entry->conn = *conn;
	*conn = NULL;
	return 0;
}

static void
remove_entry(struct conns *conns, struct entry *entry)
{
	HASH_DEL(conns->by_id, entry);
	conn_free(entry->conn);
	free(entry);
}

void
conns_remove(struct conns *conns, const struct wire_id *id)
{
	struct entry *entry = find(conns, id);

	if (entry != NULL)
		remove_entry(conns, entry);
}

void
conns_clear(struct conns *conns)
{
	struct entry *entry, *next;

	HASH_ITER(hh, conns->by_id, entry, next)
		remove_entry(conns, entry);
}

struct tina4_conn *
conns_find(const struct conns *conns, const struct wire_id *id)
{
	const struct entry *entry = find(conns, id);

	return entry != NULL ? entry->conn : NULL;
}
