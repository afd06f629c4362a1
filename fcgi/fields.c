#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/fields.h"
#include "shared/url.h"

void
fields_free(struct fields *fields)
{
	buf_free(&fields->bytes);
	free(fields->items);
	*fields = (struct fields){ 0 };
}

/* Makes room for one more pair. */
static int
grow(struct fields *fields)
{
	size_t cap = fields->cap ? fields->cap * 2 : 8;
	struct field *items;

	if (fields->n == FIELDS_MAX)
		return -ENOBUFS;
	if (fields->n < fields->cap)
		return 0;
	items = realloc(fields->items, cap * sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	fields->items = items;
	fields->cap = cap;
	return 0;
}

int
fields_add(struct fields *fields, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct field field;
	int r;

	if (memchr(name, '\0', name_len) != NULL || memchr(value, '\0', value_len) != NULL)
		return -EINVAL;
	r = grow(fields);
	if (r < 0)
		return r;

	field.name = fields->bytes.len;
	buf_bytes(&fields->bytes, name, name_len);
	buf_u8(&fields->bytes, '\0');
	field.value = fields->bytes.len;
	buf_bytes(&fields->bytes, value, value_len);
	buf_u8(&fields->bytes, '\0');
	if (fields->bytes.failed)
		return -ENOMEM;
	fields->items[fields->n++] = field;
	return 0;
}

/* Removes the pairs of a name among the first ones. */
static void
remove_among(struct fields *fields, size_t first, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < fields->n; i++)
		if (i >= first || strcasecmp(fields_name(fields, i), name) != 0)
			fields->items[kept++] = fields->items[i];
	fields->n = kept;
}

int
fields_set(struct fields *fields, const char *name, const char *value)
{
	size_t before = fields->n;
	int r;

	r = fields_add(fields, name, strlen(name), value, strlen(value));
	if (r == 0)
		remove_among(fields, before, name);
	return r;
}

void
fields_remove(struct fields *fields, const char *name)
{
	remove_among(fields, fields->n, name);
}

const char *
fields_get(const struct fields *fields, const char *name)
{
	return fields_get_at(fields, name, 0);
}

const char *
fields_get_at(const struct fields *fields, const char *name, size_t i)
{
	for (size_t at = 0; at < fields->n; at++)
		if (strcmp(fields_name(fields, at), name) == 0 && i-- == 0)
			return fields_value(fields, at);
	return NULL;
}

const char *
fields_name(const struct fields *fields, size_t i)
{
	return (const char *)fields->bytes.data + fields->items[i].name;
}

const char *
fields_value(const struct fields *fields, size_t i)
{
	return (const char *)fields->bytes.data + fields->items[i].value;
}

int
fields_add_query(struct fields *fields, const char *text)
{
	struct span name, value;
	char *decoded;
	int r = 0;

	if (*text == '\0')
		return 0;
	decoded = malloc(strlen(text) + 2); /* a name and a value, each terminated */
	if (decoded == NULL)
		return -ENOMEM;

	while (r == 0 && url_next_pair(&text, &name, &value)) {
		size_t name_len = url_decode_component(name.data, name.len, decoded);
		size_t value_len = url_decode_component(value.data, value.len, decoded + name_len + 1);

		r = fields_add(fields, decoded, name_len, decoded + name_len + 1, value_len);
	}
	free(decoded);
	return r;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Adds "name=value"; text without '=' names nothing and is skipped. */
static int
add_cookie(struct fields *fields, const char *at, const char *end)
{
	const char *equals;

	while (at < end && is_blank(*at))
		at++;
	while (at < end && is_blank(end[-1]))
		end--;
	equals = memchr(at, '=', (size_t)(end - at));
	if (equals == NULL)
		return 0;
	return fields_add(fields, at, (size_t)(equals - at), equals + 1, (size_t)(end - equals - 1));
}

int
fields_add_cookies(struct fields *fields, const char *text)
{
	int r = 0;

	while (r == 0 && *text != '\0') {
		const char *end = strchrnul(text, ';');

		r = add_cookie(fields, text, end);
		text = *end == ';' ? end + 1 : end;
	}
	return r;
}
