/*
 * jar - the cookies of one browser (RFC 6265), which knows one host only. Pure.
 */
#ifndef FCGI_TEST_JAR_H
#define FCGI_TEST_JAR_H

#include <stdbool.h>

#include "shared/buf.h"

struct jar_cookie; /* opaque */

/* A zeroed one is empty. */
struct jar {
	struct jar_cookie *cookies;
};

void jar_free(struct jar *jar);

/* For the whole site. A NULL value takes it away. Returns 0 or -ENOMEM. */
int jar_set(struct jar *jar, const char *name, const char *value);

/* Does what the value of a Set-Cookie header asks for. Returns 0, -EINVAL when that is none, or -ENOMEM. */
int jar_take(struct jar *jar, const char *set_cookie);

/* The newest of that name, borrowed; NULL when there is none. */
const char *jar_get(const struct jar *jar, const char *name);

/* Appends the Cookie header of a request for a path; nothing when there is none to send. */
void jar_put(const struct jar *jar, const char *path, bool https, struct buf *ret);

#endif
