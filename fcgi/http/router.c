#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/router.h"

struct route {
	unsigned methods;
	struct path_pattern *pattern;
	tina4_http_handler *handler;
};

struct router {
	struct route *routes;
	size_t n;
};

static const struct {
	const char *name;
	enum method bit;
} methods_by_name[] = {
	{ "GET", METHOD_GET },
	{ "HEAD", METHOD_GET },
	{ "POST", METHOD_POST },
	{ "PUT", METHOD_PUT },
	{ "PATCH", METHOD_PATCH },
	{ "DELETE", METHOD_DELETE },
};

enum { N_METHODS = sizeof(methods_by_name) / sizeof(methods_by_name[0]) };

struct router *
router_new(void)
{
	return calloc(1, sizeof(struct router));
}

void
router_free(struct router *router)
{
	if (router == NULL)
		return;
	for (size_t i = 0; i < router->n; i++)
		path_pattern_free(router->routes[i].pattern);
	free(router->routes);
	free(router);
}

int
router_add(
    struct router *router, unsigned methods, const char *pattern, tina4_http_handler *handler, const char **ret_why)
{
	struct route route = { .methods = methods, .handler = handler };
	struct route *routes;
	int r;

	if (handler == NULL) {
		*ret_why = "it has no handler";
		return -EINVAL;
	}
	r = path_compile(pattern, &route.pattern, ret_why);
	if (r < 0)
		return r;

	routes = realloc(router->routes, (router->n + 1) * sizeof(*routes));
	if (routes == NULL) {
		path_pattern_free(route.pattern);
		*ret_why = "out of memory";
		return -ENOMEM;
	}
	router->routes = routes;
	router->routes[router->n++] = route;
	return 0;
}

/* Returns the bit, or 0 for a method that no route can have. */
static unsigned
method_bit(const char *name)
{
	for (size_t i = 0; i < N_METHODS; i++)
		if (strcmp(name, methods_by_name[i].name) == 0)
			return methods_by_name[i].bit;
	return 0;
}

tina4_http_handler *
router_find(const struct router *router, const char *method, const char *path, size_t len, struct path_match *ret_match,
    unsigned *ret_allowed)
{
	unsigned bit = method_bit(method), allowed = 0;

	for (size_t i = 0; i < router->n; i++) {
		const struct route *route = &router->routes[i];

		if (!path_match(route->pattern, path, len, ret_match))
			continue;
		if (route->methods & bit)
			return route->handler;
		allowed |= route->methods;
	}
	*ret_allowed = allowed;
	return NULL;
}

void
router_allow(unsigned methods, char ret[static ALLOW_MAX])
{
	char *end = ret;

	for (size_t i = 0; i < N_METHODS; i++)
		if (methods & methods_by_name[i].bit)
			end = stpcpy(stpcpy(end, methods_by_name[i].name), ", ");
	strcpy(end, "OPTIONS");
}

static const char *
name_of(unsigned methods)
{
	for (size_t i = 0; i < N_METHODS; i++)
		if (methods == methods_by_name[i].bit)
			return methods_by_name[i].name;
	return "ANY";
}

void
router_print(const struct router *router, FILE *stream)
{
	for (size_t i = 0; i < router->n; i++)
		fprintf(stream, "%-9s %s\n", name_of(router->routes[i].methods),
		    path_pattern_text(router->routes[i].pattern));
}
