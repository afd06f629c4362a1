/*
 * merged - pairs with one value for each name, in the order of the names' first.
 *
 * A client may send a thousand of them, and each costs the same. Pure.
 */
#ifndef FCGI_BRIDGE_MERGED_H
#define FCGI_BRIDGE_MERGED_H

#include <stdbool.h>

#include "shared/buf.h"

struct fields;

struct merged; /* opaque; NULL is an empty list */

/* A pair, and the next one with ->next. */
struct merged_pair {
	const char *name;
	struct buf value;
	struct merged_pair *next;
};

/*
 * Adds all pairs. Of several with one name the first counts; of headers, whose
 * names become lower case, all do: joined by commas, cookies by semicolons (RFC
 * 9110 section 5.3, RFC 9113 section 8.2.3). Returns 0 or -ENOMEM.
 */
int merged_add(struct merged **merged, const struct fields *fields, bool headers);

/* The first pair, or NULL. */
const struct merged_pair *merged_first(const struct merged *merged);

/* NULL is fine. */
void merged_free(struct merged *merged);

#endif
