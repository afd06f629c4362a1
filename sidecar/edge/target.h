/*
 * target - where a request leads: its path, decoded, and its query.
 *
 * The path is read as HTTP routes read it (url.h). Of the query only what would
 * be lost on its way to a handler is refused. Pure.
 */
#ifndef SIDECAR_TARGET_H
#define SIDECAR_TARGET_H

#include <stddef.h>

#include "shared/path.h"
#include "shared/span.h"
#include "sidecar/edge/refusal.h"

struct head;

struct target {
	char path[PATH_MAX_BYTES + 1]; /* "*" for OPTIONS of that form */
	size_t path_len;
	struct span query; /* as it came, without '?'; borrowed from the head's bytes */
};

/* Returns why it is refused, or REFUSAL_NONE. */
enum refusal target_read(const struct head *head, struct target *ret);

/* True when each escape is one, and none is of a control byte. */
bool target_is_plain(struct span query);

#endif
