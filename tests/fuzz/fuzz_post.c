/* Input: a path, a query, Content-Length, Content-Type and an Authorization header, a line each. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "sidecar/admin/post.h"
#include "sidecar/feed/registration.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/routes.h"
#include "tests/fuzz/fuzz.h"

static void
check(char *text)
{
	static char secret[] = "secret";
	struct conf conf = { .admin_token = secret, .ws_max_message = 1000 };
	struct request_line line = { .is_post = true };
	struct post_head head = { .line = &line };
	struct routes routes = { 0 };
	struct post_verdict verdict;

	registration_static(&routes, "/{rest:path}");
	strcpy(line.path, POST_PREFIX);
	strncat(line.path, strsep(&text, "\n"), PATH_MAX_BYTES - strlen(POST_PREFIX));
	line.path_len = strlen(line.path);
	line.query = text != NULL ? strsep(&text, "\n") : "";
	head.length = strsep(&text, "\n");
	head.type = strsep(&text, "\n");
	head.authorization = text;
	verdict = post_check(&head, &conf, &routes);
	assert(verdict.status == 200 ? verdict.why == NULL : verdict.why != NULL);
	if (verdict.status == 200) {
		/* The scheme's case does not matter, nor do blanks around the token. */
		assert(
		    strncasecmp(head.authorization, "Bearer ", 7) == 0 && strstr(head.authorization, secret) != NULL);
		assert(strtoul(head.length, NULL, 10) <= 1000);
		assert(verdict.path.data[0] == '/' && verdict.path.len == line.path_len - strlen("/push"));
		assert(!verdict.has_id || strstr(line.query, "id=") != NULL);
	}
	routes_close(&routes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);

	if (text != NULL)
		check(text);
	free(text);
	return 0;
}
