#include <string.h>

#include "demo.h"

/* A browser names text/html when it opens a page; programs get JSON. */
static bool
wants_page(const struct tina4_request *req)
{
	const char *accept = tina4_request_header(req, "Accept");

	return accept != NULL && strstr(accept, "text/html") != NULL && strcmp(tina4_request_method(req), "GET") == 0;
}

/* What no route matches. */
int
demo_not_found(struct tina4_request *req, struct tina4_response *res)
{
	if (!wants_page(req))
		return tina4_response_error(res, 404, "Not Found");
	return demo_page(res, "error.html", "path", tina4_request_path(req));
}
