/*
 * hash - uthash as this project uses it: include this, and never <uthash.h>.
 *
 * Its own hash is known to everybody, who can choose a thousand names that all
 * go into one bucket. This one has a key that the process draws at random
 * (SipHash-1-3). And uthash ends the process when memory is short; here an
 * element that found no memory is not in the table, which HASH_ADDED() tells.
 */
#ifndef SHARED_HASH_H
#define SHARED_HASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef UTHASH_H
#error "include shared/hash.h instead of uthash.h"
#endif

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(key, len, hashv) ((hashv) = hash_bytes((key), (len)))
#include <uthash.h>

/* After HASH_ADD and its kin: false when there was no memory, and the element is not in the table. */
#define HASH_ADDED(element) ((element)->hh.tbl != NULL)

/* Differs from process to process. */
uint32_t hash_bytes(const void *data, size_t len);

/* SipHash-1-3: pure. */
uint64_t hash_siphash(const uint64_t key[2], const void *data, size_t len);

#endif
