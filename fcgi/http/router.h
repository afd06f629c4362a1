/*
 * router - which handler answers a method on a path.
 *
 * The first route that matches wins. HEAD is found as GET; who asks with
 * another method, or with OPTIONS, learns which methods the path has.
 */
#ifndef FCGI_ROUTER_H
#define FCGI_ROUTER_H

#include <stddef.h>
#include <stdio.h>

#include "fcgi/tina4.h"
#include "shared/path.h"

enum method { /* bits: a route may have several */
	METHOD_GET = 1,
	METHOD_POST = 2,
	METHOD_PUT = 4,
	METHOD_PATCH = 8,
	METHOD_DELETE = 16,
	METHOD_ALL = 31,
};

enum { ALLOW_MAX = 64 }; /* bytes of an Allow header with all methods */

struct router; /* opaque */

/* Returns NULL when out of memory. The caller frees it with router_free(). */
struct router *router_new(void);

/* NULL is fine. */
void router_free(struct router *router);

/*
 * Adds a route for some methods. Returns 0, or -EINVAL, -E2BIG or -ENOMEM;
 * *ret_why is then a static sentence.
 */
int router_add(
    struct router *router, unsigned methods, const char *pattern, tina4_http_handler *handler, const char **ret_why);

/*
 * Returns the handler and fills *ret_match, which borrows from path; or NULL,
 * and *ret_allowed has the methods that the path does have, 0 for none.
 */
tina4_http_handler *router_find(const struct router *router, const char *method, const char *path, size_t len,
    struct path_match *ret_match, unsigned *ret_allowed);

/* Writes methods as the value of an Allow header, with HEAD and OPTIONS. */
void router_allow(unsigned methods, char ret[static ALLOW_MAX]);

/* Prints one line for each route. */
void router_print(const struct router *router, FILE *stream);

#endif
