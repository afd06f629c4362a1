#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/router.h"
#include "tests/tap.h"

static struct router *router;
static struct path_match match;
static unsigned allowed;

static int
first(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	(void)res;
	return 1;
}

static int
second(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	(void)res;
	return 2;
}

static void
add(unsigned methods, const char *pattern, tina4_http_handler *handler)
{
	const char *why = "";

	if (router_add(router, methods, pattern, handler, &why) < 0)
		printf("# %s: %s\n", pattern, why);
}

static tina4_http_handler *
find(const char *method, const char *path)
{
	allowed = 0;
	return router_find(router, method, path, strlen(path), &match, &allowed);
}

static bool
allow_is(unsigned methods, const char *expected)
{
	char allow[ALLOW_MAX];

	router_allow(methods, allow);
	return strcmp(allow, expected) == 0;
}

static void
a_route_is_found_by_method_and_path(void)
{
	add(METHOD_GET, "/orders/{id:int}", first);
	add(METHOD_POST, "/orders/{id:int}", second);

	OK(find("GET", "/orders/42") == first, "GET finds its handler");
	OK(match.n == 1 && match.params[0].integer == 42, "and the path's parameter");
	OK(find("POST", "/orders/42") == second, "POST finds its own");
	OK(find("HEAD", "/orders/42") == first, "HEAD finds that of GET");
	OK(find("get", "/orders/42") == NULL, "methods compare with case");
}

static void
what_is_not_found_says_what_there_is(void)
{
	OK(find("GET", "/orders/x") == NULL && allowed == 0, "a path without a route allows nothing");
	OK(find("DELETE", "/orders/42") == NULL && allowed == (METHOD_GET | METHOD_POST),
	    "another method learns the path's methods");
	OK(find("OPTIONS", "/orders/42") == NULL && allowed == (METHOD_GET | METHOD_POST), "OPTIONS does, too");
	OK(find("", "/orders/42") == NULL && allowed != 0, "no method finds nothing");
}

static void
the_first_route_wins(void)
{
	add(METHOD_GET, "/pages/new", first);
	add(METHOD_GET, "/pages/{name}", second);
	add(METHOD_ALL, "/pages/{name}", first);

	OK(find("GET", "/pages/new") == first, "the first of two that match wins");
	OK(find("GET", "/pages/old") == second, "the second gets the rest");
	OK(find("PUT", "/pages/old") == first, "a later one gets the methods that are left");
}

static void
allow_names_methods(void)
{
	OK(allow_is(METHOD_GET, "GET, HEAD, OPTIONS"), "GET brings HEAD and OPTIONS");
	OK(allow_is(METHOD_POST, "POST, OPTIONS"), "POST does not bring HEAD");
	OK(allow_is(METHOD_ALL, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), "all of them fit");
}

static void
a_wrong_route_is_refused_with_a_reason(void)
{
	const char *why = NULL;

	OK(router_add(router, METHOD_GET, "no-slash", first, &why) == -EINVAL && why != NULL, "a wrong pattern");
	why = NULL;
	OK(router_add(router, METHOD_GET, "/x", NULL, &why) == -EINVAL && why != NULL, "no handler");
}

static void
routes_print_one_per_line(void)
{
	static const char expected[] = "GET       /orders/{id:int}\nPOST      /orders/{id:int}\n"
				       "GET       /pages/new\nGET       /pages/{name}\nANY       /pages/{name}\n";
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	router_print(router, stream);
	fclose(stream);
	OK(strcmp(text, expected) == 0, "each route is a line with its methods");
	free(text);
}

int
main(void)
{
	router = router_new();
	a_route_is_found_by_method_and_path();
	what_is_not_found_says_what_there_is();
	the_first_route_wins();
	allow_names_methods();
	a_wrong_route_is_refused_with_a_reason();
	routes_print_one_per_line();
	router_free(router);
	return tap_done();
}
