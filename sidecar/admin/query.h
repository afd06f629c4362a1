/*
 * query - what the query of an administrator's request says. Pure.
 */
#ifndef SIDECAR_QUERY_H
#define SIDECAR_QUERY_H

#include "shared/span.h"

/*
 * Decodes the value of the first pair of that name: the caller frees *ret, which is NULL when
 * there is none. Returns 0 or -ENOMEM.
 */
int query_get(struct span query, const char *name, char **ret);

#endif
