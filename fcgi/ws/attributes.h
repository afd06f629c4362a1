/*
 * attributes - what handlers remember of a connection, with undo.
 *
 * A handler's changes are kept apart until it is known whether it succeeded;
 * until then every string that was got stays where it is. Pure.
 */
#ifndef FCGI_ATTRIBUTES_H
#define FCGI_ATTRIBUTES_H

#include <stddef.h>

#include "shared/span.h"

struct attribute; /* opaque */

/* Zeroed, there are none. */
struct attributes {
	struct attribute *settled;
	struct attribute *changes; /* the newest first */
	size_t settled_bytes;
	size_t bytes; /* names and values, changes included */
};

/* Frees all of them and makes the list empty and usable again. */
void attributes_free(struct attributes *attributes);

/* Takes over the pairs of an event, settled. Returns 0, -EPROTO or -ENOMEM. */
int attributes_load(struct attributes *attributes, struct span pairs);

/* Appends the pairs for such an event; changes are no part of it. */
void attributes_save(const struct attributes *attributes, struct buf *ret);

/* Sees the changes. Borrowed until they are settled or undone; NULL when there is none. */
const char *attributes_get(const struct attributes *attributes, const char *name);

/* A NULL value unsets. Returns 0, -ENOSPC when all would pass max_bytes, or -ENOMEM. */
int attributes_set(struct attributes *attributes, const char *name, const char *value, size_t max_bytes);

void attributes_settle(struct attributes *attributes);
void attributes_undo(struct attributes *attributes);

#endif
