#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/bridge/merged.h"
#include "fcgi/fields.h"
#include "shared/hash.h"

struct entry {
	struct merged_pair pair; /* first: what the caller sees */
	UT_hash_handle hh;
	char name[];
};

struct merged {
	struct entry *by_name;
	struct entry *last;
};

static struct entry *
find(const struct merged *merged, const char *name)
{
	struct entry *entry;

	HASH_FIND(hh, merged->by_name, name, strlen(name), entry);
	return entry;
}

/* Takes an entry of a new name, also on failure. */
static int
insert(struct merged *merged, struct entry *entry)
{
	entry->pair.name = entry->name;
	HASH_ADD_KEYPTR(hh, merged->by_name, entry->name, strlen(entry->name), entry);
	if (!HASH_ADDED(entry)) {
		free(entry);
		return -ENOMEM;
	}
	if (merged->last != NULL)
		merged->last->pair.next = &entry->pair;
	merged->last = entry;
	return 0;
}

static struct entry *
entry_new(const char *name, bool lower)
{
	size_t len = strlen(name);
	struct entry *entry = calloc(1, sizeof(*entry) + len + 1);

	for (size_t i = 0; entry != NULL && i < len; i++)
		entry->name[i] = lower ? (char)tolower((unsigned char)name[i]) : name[i];
	return entry;
}

/* The value of a name that there is not yet, or more of one that there is. */
static int
add(struct merged *merged, const char *name, const char *value, bool headers)
{
	struct entry *made = entry_new(name, headers), *known = made != NULL ? find(merged, made->name) : NULL;
	struct entry *entry = known != NULL ? known : made;

	if (made == NULL)
		return -ENOMEM;
	if (known != NULL)
		free(made);
	else if (insert(merged, made) < 0)
		return -ENOMEM;
	if (known != NULL && !headers)
		return 0;
	if (known != NULL)
		buf_string(&entry->pair.value, strcmp(entry->name, "cookie") == 0 ? "; " : ", ");
	buf_string(&entry->pair.value, value);
	return entry->pair.value.failed ? -ENOMEM : 0;
}

int
merged_add(struct merged **merged, const struct fields *fields, bool headers)
{
	int r = 0;

	if (*merged == NULL)
		*merged = calloc(1, sizeof(**merged));
	if (*merged == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < fields->n && r == 0; i++)
		r = add(*merged, fields_name(fields, i), fields_value(fields, i), headers);
	return r;
}

const struct merged_pair *
merged_first(const struct merged *merged)
{
	return merged != NULL && merged->by_name != NULL ? &merged->by_name->pair : NULL;
}

void
merged_free(struct merged *merged)
{
	struct entry *entry, *next;

	if (merged == NULL)
		return;
	HASH_ITER(hh, merged->by_name, entry, next) {
		HASH_DEL(merged->by_name, entry);
		buf_free(&entry->pair.value);
		free(entry);
	}
	free(merged);
}
