#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"

static int
answer_nothing(struct tina4_request *req, struct tina4_response *res)
{
	int r = demo_not_found(req, res);

	return r == 0 ? tina4_response_status(res, 404) : r;
}

/* GET /source/{name}: an example as it was written, which pages link to. */
int
demo_source(struct tina4_request *req, struct tina4_response *res)
{
	const char *name = tina4_request_param(req, "name"), *folder = getenv("DEMO_SOURCES");
	char path[4096];
	int r;

	/* Nothing that leads out of the folder. */
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] != '\0')
		return answer_nothing(req, res);
	snprintf(path, sizeof(path), "%s/%s.c", folder != NULL ? folder : DEMO_EXAMPLES, name);
	r = tina4_response_file(res, path, "text/plain; charset=utf-8");
	if (r == -ENOENT)
		return answer_nothing(req, res);
	return r == 0 ? tina4_response_header(res, "X-Content-Type-Options", "nosniff") : r;
}
