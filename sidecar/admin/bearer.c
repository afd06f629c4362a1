#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shared/conf.h"
#include "shared/credentials.h"
#include "sidecar/admin/bearer.h"
#include "sidecar/edge/head.h"

/* Its time tells nothing but the length. */
static bool
is_token(struct span given, const char *expected)
{
	return given.len == strlen(expected) && CRYPTO_memcmp(given.data, expected, given.len) == 0;
}

/* authorization is NULL when there is none. */
static int
check(const char *authorization, const struct conf *conf, const char **ret_why)
{
	struct span token = credentials_bearer(authorization);

	if (is_token(token, conf->admin_token))
		return 200;
	*ret_why = token.len == 0 ? "missing" : "wrong";
	return 401;
}

int
bearer_check(const struct head *head, const struct conf *conf, const char **ret_why)
{
	struct span authorization = head_get(head, "authorization");
	char *text = NULL;
	int status;

	if (conf->admin_token[0] == '\0') {
		*ret_why = "TINA4_ADMIN_TOKEN is not set";
		return 403;
	}
	if (head_count(head, "authorization") > 1) {
		*ret_why = "there are two tokens";
		return 400;
	}
	if (authorization.data != NULL) {
		text = strndup(authorization.data, authorization.len);
		if (text == NULL) {
			*ret_why = "out of memory";
			return 503;
		}
	}
	status = check(text, conf, ret_why);
	free(text);
	return status;
}
