/*
 * list - text of comma-separated items, in settings and headers. Pure.
 */
#ifndef SHARED_LIST_H
#define SHARED_LIST_H

#include <stdbool.h>

#include "shared/span.h"

/* Steps through it: *rest moves on. Skips blanks around items, and empty ones. Returns false at the end. */
bool list_next(const char **rest, struct span *ret_item);

#endif
