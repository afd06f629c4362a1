#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/http/settle.h"
#include "fcgi/session/auth.h"
#include "fcgi/session/session.h"

/*
 * RFC 6749 section 5.1: who is given a token must not find it in a cache. A form's
 * is for one visitor, who may keep it. The handler may know better.
 */
static int
keep_out_of_caches(struct tina4_request *req, struct tina4_response *res)
{
	if (response_get(res, "Cache-Control") != NULL)
		return 0;
	if (auth_issued() != res->tokens_before)
		return tina4_response_header(res, "Cache-Control", "no-store");
	if (*request_kept(req)->form_token != '\0')
		return tina4_response_header(res, "Cache-Control", "private");
	return 0;
}

int
settle(struct tina4_request *req, struct tina4_response *res)
{
	int r = session_finish(request_kept(req)->session, res);

	return r == 0 ? keep_out_of_caches(req, res) : r;
}
