/*
 * visitor - who sends a request: the user of its token, the session of its cookie.
 */
#include <cjson/cJSON.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "fcgi/http/request.h"
#include "fcgi/session/session.h"
#include "shared/credentials.h"
#include "shared/log.h"
#include "shared/token.h"

static struct span
bearer_of(const struct tina4_request *req)
{
	return credentials_bearer(tina4_request_header(req, "Authorization"));
}

const char *
tina4_request_token(const struct tina4_request *req)
{
	struct span token = bearer_of(req);

	/* Blanks at the end are cut by every web server. */
	return token.len > 0 && token.data[token.len] == '\0' ? token.data : NULL;
}

/* RFC 6750 section 3.1 knows one word for each token that is no good. */
static void
answer(struct tina4_response *res, enum token_verdict verdict)
{
	bool unable = verdict == TOKEN_UNCHECKED;
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "error", unable ? "Service Unavailable" : "Unauthorized");
	cJSON_AddStringToObject(json, "reason", token_reason(verdict));
	tina4_response_json(res, &json);
	tina4_response_status(res, unable ? 503 : 401);
	if (!unable)
		tina4_response_header(
		    res, "WWW-Authenticate", verdict == TOKEN_MISSING ? "Bearer" : "Bearer error=\"invalid_token\"");
}

const cJSON *
tina4_request_user(struct tina4_request *req, struct tina4_response *res)
{
	struct request_kept *kept = request_kept(req);
	enum token_verdict verdict;

	if (kept->user != NULL)
		return kept->user;
	verdict = auth_check(tina4_request_app(req), bearer_of(req), &kept->user);
	if (verdict == TOKEN_VALID)
		return kept->user;
	if (verdict != TOKEN_MISSING)
		log_limited(
		    LOG_LEVEL_INFO, "token refused path=%s why=%s", tina4_request_path(req), token_reason(verdict));
	if (res != NULL)
		answer(res, verdict);
	return NULL;
}

int
tina4_request_session(struct tina4_request *req, struct tina4_session **ret)
{
	struct request_kept *kept = request_kept(req);
	struct tina4_app *app = tina4_request_app(req);
	int r = 0;

	if (kept->session == NULL)
		r = session_new(&kept->session, app,
		    app->sessions != NULL ? tina4_request_cookie(req, app->conf.session_name) : NULL);
	if (r == 0)
		*ret = kept->session;
	return r;
}
