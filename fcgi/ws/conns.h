/*
 * conns - the connections that a worker knows, by id.
 */
#ifndef FCGI_CONNS_H
#define FCGI_CONNS_H

#include "shared/wire.h"

struct tina4_conn;
struct conns; /* opaque */

/* Returns NULL when out of memory. The caller frees it with conns_free(). */
struct conns *conns_new(void);

/* Frees the connections too. NULL is fine. */
void conns_free(struct conns *conns);

/* Takes *conn, also on failure, in place of one with its id. Returns 0 or -ENOMEM. */
int conns_add(struct conns *conns, struct tina4_conn **conn);

/* Frees the connection of that id, when there is one. */
void conns_remove(struct conns *conns, const struct wire_id *id);
void conns_clear(struct conns *conns);

/* Borrowed until it is removed; NULL when there is none. */
struct tina4_conn *conns_find(const struct conns *conns, const struct wire_id *id);

#endif
