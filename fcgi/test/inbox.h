/*
 * inbox - messages in the order in which they came, each seen once.
 *
 * Seen ones stay where they are until the inbox is freed.
 */
#ifndef FCGI_TEST_INBOX_H
#define FCGI_TEST_INBOX_H

#include "fcgi/tina4_test.h"
#include "shared/span.h"

struct letter; /* opaque */

/* A zeroed one is empty. */
struct inbox {
	struct letter *first;
	struct letter *last;
	struct letter *seen; /* the last one that was */
};

void inbox_free(struct inbox *inbox);

/* Copies all of it. Returns 0 or -ENOMEM. */
int inbox_add(struct inbox *inbox, struct span path, struct span data, unsigned flags);

/* Borrowed; NULL after the last one. */
const struct tina4_test_message *inbox_next(struct inbox *inbox);

#endif
