#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "fcgi/ws/attributes.h"
#include "shared/wire.h"

struct attribute {
	struct attribute *next;
	char *value; /* within name's bytes; NULL: unset */
	char name[];
};

static struct attribute *
attribute_new(struct span name, struct span value)
{
	struct attribute *attribute = calloc(1, sizeof(*attribute) + name.len + value.len + 2);

	if (attribute == NULL)
		return NULL;
	memcpy(attribute->name, name.data, name.len);
	if (value.data == NULL)
		return attribute;
	attribute->value = attribute->name + name.len + 1;
	memcpy(attribute->value, value.data, value.len);
	return attribute;
}

static size_t
size_of(const struct attribute *attribute)
{
	if (attribute == NULL || attribute->value == NULL)
		return 0;
	return strlen(attribute->name) + strlen(attribute->value);
}

static void
free_list(struct attribute **list)
{
	struct attribute *first;

	while ((first = *list) != NULL) {
		LL_DELETE(*list, first);
		free(first);
	}
}

static struct attribute *
find(struct attribute *list, const char *name)
{
	for (struct attribute *at = list; at != NULL; at = at->next)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

static struct attribute *
find_any(const struct attributes *attributes, const char *name)
{
	struct attribute *change = find(attributes->changes, name);

	return change != NULL ? change : find(attributes->settled, name);
}

void
attributes_free(struct attributes *attributes)
{
	free_list(&attributes->settled);
	free_list(&attributes->changes);
	*attributes = (struct attributes){ 0 };
}

int
attributes_load(struct attributes *attributes, struct span pairs)
{
	struct wire_reader reader = wire_reader(pairs.data, pairs.len);
	struct span name, value;
	struct attribute *attribute;
	int r;

	while ((r = wire_get_pair(&reader, &name, &value)) > 0) {
		attribute = attribute_new(name, value);
		if (attribute == NULL)
			return -ENOMEM;
		LL_PREPEND(attributes->settled, attribute);
		attributes->settled_bytes += size_of(attribute);
	}
	attributes->bytes = attributes->settled_bytes;
	return r;
}

void
attributes_save(const struct attributes *attributes, struct buf *ret)
{
	const struct attribute *attribute;

	LL_FOREACH(attributes->settled, attribute)
	wire_put_pair(ret, span_of(attribute->name), span_of(attribute->value));
}

const char *
attributes_get(const struct attributes *attributes, const char *name)
{
	const struct attribute *attribute = find_any(attributes, name);

	return attribute != NULL ? attribute->value : NULL;
}

int
attributes_set(struct attributes *attributes, const char *name, const char *value, size_t max_bytes)
{
	struct span none = { NULL, 0 };
	struct attribute *attribute = attribute_new(span_of(name), value != NULL ? span_of(value) : none);
	size_t bytes;

	if (attribute == NULL)
		return -ENOMEM;
	bytes = attributes->bytes - size_of(find_any(attributes, name)) + size_of(attribute);
	if (value != NULL && bytes > max_bytes) {
		free(attribute);
		return -ENOSPC;
	}
	attributes->bytes = bytes;
	LL_PREPEND(attributes->changes, attribute);
	return 0;
}

/* Lets a change take the place of what was set before; takes it. */
static void
settle_one(struct attributes *attributes, struct attribute *change)
{
	struct attribute *old = find(attributes->settled, change->name);

	if (old != NULL) {
		LL_DELETE(attributes->settled, old);
		free(old);
	}
	if (change->value != NULL)
		LL_PREPEND(attributes->settled, change);
	else
		free(change);
}

void
attributes_settle(struct attributes *attributes)
{
	struct attribute *oldest_first = NULL;
	struct attribute *change;

	while ((change = attributes->changes) != NULL) {
		LL_DELETE(attributes->changes, change);
		LL_PREPEND(oldest_first, change);
	}
	while ((change = oldest_first) != NULL) {
		LL_DELETE(oldest_first, change);
		settle_one(attributes, change);
	}
	attributes->settled_bytes = attributes->bytes;
}

void
attributes_undo(struct attributes *attributes)
{
	free_list(&attributes->changes);
	attributes->bytes = attributes->settled_bytes;
}
