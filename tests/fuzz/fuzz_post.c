/* Input: a request to the admin listener. */
#include <assert.h>
#include <string.h>

#include "shared/conf.h"
#include "sidecar/edge/head.h"
#include "sidecar/admin/post.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/routes.h"
#include "sidecar/edge/target.h"
#include "tests/fuzz/fuzz.h"

static void
check(const struct head *head, const struct target *target)
{
	static char secret[] = "secret";
	struct conf conf = { .admin_token = secret, .ws_max_message = 1000 };
	struct routes routes = { 0 };
	struct post_verdict verdict;

	registration_static(&routes, "/{rest:path}");
	verdict = post_check(head, target, &conf, &routes);
	assert(verdict.status == 200 ? verdict.why == NULL : verdict.why != NULL);
	if (verdict.status == 200) {
		struct span token = head_get(head, "authorization");

		/* The scheme's case does not matter, nor do blanks around the token. */
		assert(memmem(token.data, token.len, secret, strlen(secret)) != NULL);
		assert(head->has_length && head->body_len <= 1000 && !head->chunked);
		assert(verdict.key.data[0] == '/' && verdict.key.len == target->path_len - strlen("/push"));
		assert(!verdict.has_id || memmem(target->query.data, target->query.len, "id=", 3) != NULL);
	}
	routes_close(&routes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct target target;
	struct head head;

	head_init(&head);
	head_read(&head, (const char *)data, len);
	if (head.whole && target_read(&head, &target) == REFUSAL_NONE &&
	    strncmp(target.path, POST_PREFIX, strlen(POST_PREFIX)) == 0)
		check(&head, &target);
	return 0;
}
