/*
 * memory - a store of sessions that ends with the process.
 */
#ifndef FCGI_TEST_MEMORY_H
#define FCGI_TEST_MEMORY_H

struct store;

/* Entries do not end by themselves. Returns 0 or -ENOMEM. */
int memory_store_new(struct store **ret);

#endif
