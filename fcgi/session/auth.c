#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/keys.h"
#include "shared/path.h"

/* Says which secure route nobody could enter. */
static void
check_routes(const struct tina4_app *app, struct buf *errors)
{
	for (size_t i = 0; i < app->n_ws_routes; i++) {
		const struct ws_route *route = &app->ws_routes[i];

		if (!route->secure || keys_can_check(app->keys))
			continue;
		buf_printf(errors, "%s: must be set: the route %s is secure\n", keys_settings(app->keys),
		    path_pattern_text(route->pattern));
		return;
	}
}

int
auth_open(struct tina4_app *app, struct buf *errors)
{
	size_t before = errors->len;
	int r;

	r = keys_new(&app->keys, &app->conf, errors);
	if (r < 0)
		return r;
	check_routes(app, errors);
	if (errors->failed)
		return -ENOMEM;
	return errors->len > before ? -EINVAL : 0;
}

static int64_t
now(void)
{
	return (int64_t)(clock_unix_ms() / 1000);
}

static _Thread_local unsigned issued; /* tokens, by this thread */

int
tina4_auth_token(struct tina4_app *app, cJSON **claims, int64_t seconds, char **ret)
{
	struct buf text = BUF_INIT;
	int r = -ENOKEY;

	if (claims == NULL)
		return -EINVAL;
	if (app->keys != NULL)
		r = token_issue(app->keys, *claims, now(), seconds, &text);
	cJSON_Delete(*claims);
	*claims = NULL;
	if (r == 0 && buf_cstr(&text) == NULL)
		r = -ENOMEM;
	if (r < 0) {
		buf_free(&text);
		return r;
	}
	issued++;
	*ret = (char *)text.data;
	return 0;
}

unsigned
auth_issued(void)
{
	return issued;
}

static int
error_of(enum token_verdict verdict)
{
	switch (verdict) {
	case TOKEN_VALID:
		return 0;
	case TOKEN_EXPIRED:
		return -EKEYEXPIRED;
	case TOKEN_MISSING:
	case TOKEN_MALFORMED:
	case TOKEN_WRONG_ALGORITHM:
	case TOKEN_BAD_SIGNATURE:
	case TOKEN_NO_EXPIRY:
	case TOKEN_NOT_YET_VALID:
	case TOKEN_WRONG_AUDIENCE:
	case TOKEN_WRONG_ISSUER:
		return -EKEYREJECTED;
	case TOKEN_UNCHECKED:
		break;
	}
	return -ENOKEY;
}

enum token_verdict
auth_check(const struct tina4_app *app, struct span text, cJSON **ret_claims)
{
	struct token token = { 0 };
	enum token_verdict verdict;
	cJSON *claims;

	if (app->keys == NULL)
		return TOKEN_UNCHECKED;
	verdict = token_verify(app->keys, text.data, text.len, now(), &token);
	if (verdict != TOKEN_VALID)
		return verdict;
	claims = cJSON_ParseWithLength(token.claims, token.claims_len);
	token_free(&token);
	if (claims == NULL)
		return TOKEN_UNCHECKED; /* out of memory: it was parsed before */
	*ret_claims = claims;
	return TOKEN_VALID;
}

int
tina4_auth_valid(struct tina4_app *app, const char *token, cJSON **ret_claims)
{
	cJSON *claims = NULL;
	int r = error_of(auth_check(app, span_of(token != NULL ? token : ""), &claims));

	if (r == 0 && ret_claims != NULL)
		*ret_claims = claims;
	else
		cJSON_Delete(claims);
	return r;
}
