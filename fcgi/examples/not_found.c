#include <string.h>

#include "demo.h"

/* A browser names text/html when it opens a page; programs get JSON. */
static bool
wants_page(const struct tina4_request *req)
{
	const char *accept = tina4_request_header(req, "Accept");

	return accept != NULL && strstr(accept, "text/html") != NULL && strcmp(tina4_request_method(req), "GET") == 0;
}

/* What no other route has answered. */
int
demo_not_found(struct tina4_request *req, struct tina4_response *res)
{
	int r;

	if (!wants_page(req))
		return tina4_response_error(res, 404, "Not Found");
	r = demo_page(res, "error.html", "path", tina4_request_path(req));
	return r < 0 ? r : tina4_response_status(res, 404);
}
