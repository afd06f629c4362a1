#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/http/settle.h"
#include "fcgi/session/auth.h"
#include "fcgi/session/session.h"

/* RFC 6749 section 5.1: who is given a token must not find it in a cache. The handler may know better. */
static int
keep_out_of_caches(struct tina4_response *res)
{
	return response_get(res, "Cache-Control") != NULL ? 0 : tina4_response_header(res, "Cache-Control", "no-store");
}

int
settle(struct tina4_request *req, struct tina4_response *res)
{
	int r = session_finish(request_kept(req)->session, res);

	return r == 0 && auth_issued() != res->tokens_before ? keep_out_of_caches(res) : r;
}
