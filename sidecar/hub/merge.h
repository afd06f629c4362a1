/*
 * merge - what hosts have stored of a path, put together with what this one has kept.
 *
 * A host that comes to a path, or has not heard it for a while, is told what others
 * have stored. What it did not have takes its place among its own: the messages of one
 * origin in the order of their numbers, those of several as they were stored.
 *
 * A stored message names the one of its origin before it, and the latest number of each
 * origin is stored beside them: what had no room there is known to be gone.
 */
#ifndef SIDECAR_MERGE_H
#define SIDECAR_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/hub/position.h"

struct histories;
struct hub;
struct path;

struct stored_message {
	struct mark mark;
	uint64_t before; /* the number of its origin's message before it on the path; 0: there was none */
	uint64_t at_ms;  /* Unix time */
	uint64_t except; /* who does not get it: client_except(); 0 for nobody */
	bool told_again; /* its host is there, and tells again what was missed */
	bool binary;
	struct span data;
};

/* The latest message of an origin. */
struct stored_mark {
	struct mark mark;
	uint64_t at_ms; /* Unix time */
	bool told_again;
};

struct stored {
	const struct stored_message *messages; /* oldest first */
	uint32_t n;
	const struct stored_mark *marks;
	uint32_t n_marks;
};

/* Puts them before what came meanwhile, on a path that was not heard before. Returns 0 or -ENOMEM. */
int merge_past(struct histories *histories, struct path *path, const struct stored *stored);

/*
 * Takes what was missed on a path that could not be heard for a while: messages that
 * nobody tells again are sent to its members as if they came now; when one of them is gone,
 * they are told so. Returns 0 or -ENOMEM.
 */
int merge_missed(struct hub *hub, struct path *path, const struct stored *stored);

#endif
