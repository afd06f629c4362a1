/*
 * form - whether a request comes from a page of ours: fcgi/session/csrf.h says how that is told.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/session/csrf.h"
#include "shared/log.h"

/* --- the page ------------------------------------------------------------------------- */

/* Masks the secret of the visitor's cookie, or of a new one. */
static int
make_token(struct tina4_response *res, char ret[static CSRF_TOKEN_CHARS + 1])
{
	const char *name = csrf_cookie_name(res->https);
	char cookie[CSRF_COOKIE_CHARS + 1];
	const char *kept = tina4_request_cookie(res->req, name);
	int r;

	if (kept != NULL && csrf_mask(kept, ret) == 0)
		return 0;
	r = csrf_make_cookie(cookie);
	if (r == 0)
		r = csrf_mask(cookie, ret);
	return r == 0 ? tina4_response_cookie(res, name, cookie, NULL) : r;
}

int
tina4_response_form_token(struct tina4_response *res, const char **ret)
{
	struct request_kept *kept;
	int r = 0;

	if (res->req == NULL)
		return -EINVAL;
	kept = request_kept(res->req);
	if (*kept->form_token == '\0')
		r = make_token(res, kept->form_token);
	if (r == 0)
		*ret = kept->form_token;
	else
		*kept->form_token = '\0';
	return r;
}

/* --- what it sends ----------------------------------------------------------------------- */

static const char *
sent_token(const struct tina4_request *req)
{
	const cJSON *json = tina4_request_json(req);
	const char *token = tina4_request_header(req, CSRF_HEADER);

	if (token == NULL)
		token = tina4_request_form(req, CSRF_FIELD);
	if (token == NULL)
		token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, CSRF_FIELD));
	return token;
}

static void
refuse(const struct tina4_request *req, struct tina4_response *res, const char *token)
{
	log_limited(LOG_LEVEL_INFO, "form refused path=%s why=%s", tina4_request_path(req),
	    token != NULL ? "its token is of another visitor" : "it has no token");
	tina4_response_error(res, 403, "This was not sent by a page of this site that is yours: load the page again.");
}

bool
tina4_request_is_ours(struct tina4_request *req, struct tina4_response *res)
{
	const char *cookie = tina4_request_cookie(req, csrf_cookie_name(request_is_https(req)));
	const char *token = sent_token(req);

	if (csrf_belongs(token, cookie))
		return true;
	/* No site makes a browser send that of another one's. */
	if (tina4_request_token(req) != NULL && tina4_request_user(req, NULL) != NULL)
		return true;
	if (res != NULL)
		refuse(req, res, token);
	return false;
}
