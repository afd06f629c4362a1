/*
 * joined - the headers of one name as the one that they mean.
 *
 * Several lines of a name are a list whose elements a comma separates, RFC 9110
 * section 5.3; those of Cookie a semicolon, RFC 9113 section 8.2.3. What has been
 * joined is remembered, so that it can be borrowed.
 */
#ifndef FCGI_JOINED_H
#define FCGI_JOINED_H

#include <stdbool.h>
#include <stddef.h>

struct joined; /* opaque; NULL is an empty list */

/* The i-th header of a name, from 0, borrowed; NULL behind the last. */
typedef const char *joined_line(const void *context, const char *name, size_t i);

/*
 * All headers of that name, borrowed from the list or, of a single one, from
 * where it is; NULL when there is none, or when out of memory. Separates by
 * semicolons when cookies.
 */
const char *joined_get(struct joined **list, const char *name, bool cookies, joined_line *line, const void *context);

void joined_free(struct joined *list);

#endif
