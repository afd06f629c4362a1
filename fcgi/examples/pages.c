#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"

int
demo_home(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	return tina4_response_redirect(res, 302, "/chat/general");
}

/* The page finds its room in its own address. */
int
demo_chat_page(struct tina4_request *req, struct tina4_response *res)
{
	const char *templates = getenv("TINA4_TEMPLATES");
	char file[PATH_MAX];
	int n, r;

	(void)req;
	if (templates == NULL || *templates == '\0')
		templates = DEMO_TEMPLATES;
	n = snprintf(file, sizeof(file), "%s/chat.html", templates);
	if (n < 0 || n >= (int)sizeof(file))
		return -ENAMETOOLONG;

	r = tina4_response_header(
	    res, "Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'");
	if (r < 0)
		return r;
	return tina4_response_file(res, file, NULL);
}
