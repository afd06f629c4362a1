/*
 * fields - an ordered list of names with values.
 *
 * Holds what comes as pairs: a query, a form, cookies, the headers of a
 * response. Several pairs may have one name. Pure.
 */
#ifndef FCGI_FIELDS_H
#define FCGI_FIELDS_H

#include <stddef.h>

#include "shared/buf.h"

enum { FIELDS_MAX = 1000 }; /* pairs in one list */

struct field {
	size_t name; /* offsets of terminated strings within bytes */
	size_t value;
};

/* A zeroed list is empty. */
struct fields {
	struct buf bytes;
	struct field *items;
	size_t n;
	size_t cap;
};

/* Frees the pairs and makes the list empty and usable again. */
void fields_free(struct fields *fields);

/*
 * Copies a pair to the list's end, which moves the strings that were borrowed
 * before. Returns 0, -EINVAL for a NUL byte within, -ENOBUFS past FIELDS_MAX,
 * or -ENOMEM.
 */
int fields_add(struct fields *fields, const char *name, size_t name_len, const char *value, size_t value_len);

/* Adds a pair in place of all of that name, compared without case. Returns what fields_add() does. */
int fields_set(struct fields *fields, const char *name, const char *value);

/* Removes every pair of that name, compared without case. */
void fields_remove(struct fields *fields, const char *name);

/* Borrow from the list. The i-th of a name, from 0, compared with case; NULL behind the last. */
const char *fields_get(const struct fields *fields, const char *name);
const char *fields_get_at(const struct fields *fields, const char *name, size_t i);
const char *fields_name(const struct fields *fields, size_t i);
const char *fields_value(const struct fields *fields, size_t i);

/* Appends the decoded pairs of "a=1&b=2", a query or an urlencoded form. Returns what fields_add() does. */
int fields_add_query(struct fields *fields, const char *text);

/* Appends the pairs of a Cookie header, RFC 6265 section 4.2. Returns what fields_add() does. */
int fields_add_cookies(struct fields *fields, const char *text);

#endif
