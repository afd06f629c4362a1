/*
 * store - where sessions are kept while nobody looks at them.
 *
 * An entry is a key and bytes, which end after so many seconds without being
 * loaded or written. Keys are hashes of sessions' ids: who reads the store
 * learns no id. Two kinds of store stand behind this header, store_file.c and
 * store_redis.c. Threads may share one.
 *
 * Functions return 0, -ENOENT for an entry that is not there (any more), or
 * another negative errno: then the store is away and nothing is known.
 */
#ifndef FCGI_STORE_H
#define FCGI_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "shared/redisurl.h"

struct buf;

enum { STORE_KEY = 65 }; /* SHA-256 in hexadecimal, with its NUL */

struct store {
	/* Appends the entry's bytes and begins its time anew. */
	int (*load)(struct store *store, const char *key, struct buf *ret);

	/* Adds an entry whose key is new. */
	int (*add)(struct store *store, const char *key, const void *data, size_t len);

	/* Replaces an entry that is there: one that has been removed stays so. */
	int (*replace)(struct store *store, const char *key, const void *data, size_t len);

	/* Removes an entry; 0 also when it is not there. */
	int (*remove)(struct store *store, const char *key);

	void (*free)(struct store *store);
};

/* In a directory (copied), which is made on first use: its parent must be there. */
int store_file_new(struct store **ret, const char *directory, uint32_t ttl_seconds);

/* In a Redis; takes *url, also on failure. */
int store_redis_new(struct store **ret, struct redisurl *url, uint32_t ttl_seconds);

/* NULL is fine. */
void store_free(struct store *store);

#endif
