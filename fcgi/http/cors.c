#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/http/cors.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/http/router.h"
#include "shared/conf.h"
#include "shared/origin.h"

enum { SECONDS_MAX = 16 }; /* bytes of a number of seconds, with its NUL */

/* Adds a header unless its value is empty. */
static int
add(struct tina4_response *res, const char *name, const char *value)
{
	return *value != '\0' ? tina4_response_header(res, name, value) : 0;
}

/* A cache must not show one origin's answer to another: RFC 9110 section 12.5.5. */
static int
vary_by_origin(struct tina4_response *res)
{
	const char *vary = response_get(res, "Vary");
	struct buf more = BUF_INIT;
	int r;

	if (vary == NULL)
		return tina4_response_header(res, "Vary", "Origin");
	buf_printf(&more, "%s, Origin", vary);
	r = buf_cstr(&more) != NULL ? tina4_response_header(res, "Vary", buf_cstr(&more)) : -ENOMEM;
	buf_free(&more);
	return r;
}

static bool
is_allowed(const struct conf *conf, const char *origin)
{
	struct origin parsed;

	return origin_parse(origin, strlen(origin), &parsed) && origin_matches(conf->cors_origins, &parsed);
}

/* Asks a browser whether it may send a request that no form could: the answer is about that one. */
static bool
is_preflight(char *const *env)
{
	const char *method = request_variable(env, "REQUEST_METHOD");

	return method != NULL && strcmp(method, "OPTIONS") == 0 &&
	    request_variable(env, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") != NULL;
}

static int
answer_preflight(const struct conf *conf, struct tina4_response *res)
{
	const char *allowed = response_get(res, "Allow");
	char methods[ALLOW_MAX], seconds[SECONDS_MAX];
	int r;

	snprintf(methods, sizeof(methods), "%s", allowed != NULL ? allowed : "");
	r = add(res, "Access-Control-Allow-Methods", methods);
	snprintf(seconds, sizeof(seconds), "%u", conf->cors_max_age);
	if (r == 0)
		r = add(res, "Access-Control-Allow-Headers", conf->cors_headers);
	return r == 0 ? tina4_response_header(res, "Access-Control-Max-Age", seconds) : r;
}

static int
allow(const struct conf *conf, const char *origin, char *const *env, struct tina4_response *res)
{
	int r = tina4_response_header(res, "Access-Control-Allow-Origin", origin);

	if (r == 0 && conf->cors_credentials && strcmp(origin, "*") != 0)
		r = tina4_response_header(res, "Access-Control-Allow-Credentials", "true");
	return r == 0 && is_preflight(env) ? answer_preflight(conf, res) : r;
}

int
cors_apply(const struct conf *conf, char *const *env, struct tina4_response *res)
{
	const char *origin = request_variable(env, "HTTP_ORIGIN");
	int r;

	if (*conf->cors_origins == '\0' || response_get(res, "Access-Control-Allow-Origin") != NULL)
		return 0;
	if (strcmp(conf->cors_origins, "*") == 0)
		return origin != NULL ? allow(conf, "*", env, res) : 0;
	r = vary_by_origin(res);
	return r == 0 && origin != NULL && is_allowed(conf, origin) ? allow(conf, origin, env, res) : r;
}
