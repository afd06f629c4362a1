#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/joined.h"
#include "shared/buf.h"

struct joined {
	struct joined *next;
	char *value;
	char name[];
};

static struct joined *
add(struct joined **list, const char *name, struct buf *value)
{
	struct joined *joined = buf_cstr(value) != NULL ? malloc(sizeof(*joined) + strlen(name) + 1) : NULL;

	if (joined == NULL) {
		buf_free(value);
		return NULL;
	}
	strcpy(joined->name, name);
	joined->value = (char *)value->data;
	joined->next = *list;
	*list = joined;
	return joined;
}

static const char *
join(struct joined **list, const char *name, bool cookies, joined_line *line, const void *context)
{
	struct buf all = BUF_INIT;
	const char *value;
	struct joined *joined;

	for (size_t i = 0; (value = line(context, name, i)) != NULL; i++) {
		if (*value == '\0') /* an empty element means nothing: RFC 9110 section 5.6.1 */
			continue;
		if (all.len > 0)
			buf_string(&all, cookies ? "; " : ", ");
		buf_string(&all, value);
	}
	joined = add(list, name, &all);
	return joined == NULL ? NULL : joined->value;
}

const char *
joined_get(struct joined **list, const char *name, bool cookies, joined_line *line, const void *context)
{
	const char *first = line(context, name, 0);

	if (first == NULL || line(context, name, 1) == NULL)
		return first;
	for (const struct joined *joined = *list; joined != NULL; joined = joined->next)
		if (strcasecmp(joined->name, name) == 0)
			return joined->value;
	return join(list, name, cookies, line, context);
}

void
joined_free(struct joined *list)
{
	struct joined *next;

	for (; list != NULL; list = next) {
		next = list->next;
		free(list->value);
		free(list);
	}
}
