#include <errno.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/http/conditional.h"
#include "fcgi/http/cors.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/page.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "fcgi/http/router.h"
#include "fcgi/http/settle.h"
#include "fcgi/http/stream.h"
#include "fcgi/session/auth.h"
#include "fcgi/session/csrf.h"
#include "shared/log.h"

#define RETRY_SECONDS "1"

/* Answers what no route matches. */
static int
answer_not_found(struct tina4_request *req, struct tina4_response *res)
{
	tina4_http_handler *handler = tina4_request_app(req)->not_found;

	if (handler == NULL)
		return tina4_response_error(res, 404, "Not Found");
	res->status = 404;
	return handler(req, res);
}

/* Answers a method that has no handler on this path. */
static int
answer_without(unsigned allowed, bool asks_options, struct tina4_response *res)
{
	char allow[ALLOW_MAX];
	int r;

	router_allow(allowed, allow);
	r = tina4_response_header(res, "Allow", allow);
	if (r < 0)
		return r;
	if (asks_options)
		return tina4_response_status(res, 204);
	return tina4_response_error(res, 405, "Method Not Allowed");
}

static int
call_handler(struct tina4_request *req, struct tina4_response *res)
{
	const char *method = tina4_request_method(req), *path = tina4_request_path(req);
	struct path_match match;
	tina4_http_handler *handler;
	unsigned allowed;
	int r;

	handler = router_find(tina4_request_app(req)->router, method, path, strlen(path), &match, &allowed);
	if (handler == NULL && allowed == 0)
		return answer_not_found(req, res);
	if (handler == NULL)
		return answer_without(allowed, strcmp(method, "OPTIONS") == 0, res);
	r = request_set_match(req, &match);
	if (r == 0 && tina4_request_app(req)->conf.csrf && csrf_is_checked(method) && !tina4_request_is_ours(req, res))
		return 0;
	return r == 0 ? handler(req, res) : r;
}

static int
answer(struct tina4_request *req, struct tina4_response *res)
{
	int r;

	res->app = tina4_request_app(req);
	res->req = req;
	res->https = request_is_https(req);
	res->tokens_before = auth_issued();
	r = call_handler(req, res);
	if (r > 0 || (r == 0 && res->failure.len > 0))
		r = -EINVAL; /* not a result that we promised to understand, or a page that was not rendered */
	if (r == 0)
		r = settle(req, res);
	return r == 0 && res->stream == STREAM_NONE ? conditional_apply(req, res) : r;
}

/* Answers a body that could not be read. Returns -EBADMSG, or the error when it is not the client's. */
static int
refuse_body(const struct tina4_app *app, int error, struct tina4_response *res)
{
	switch (error) {
	case -EFBIG:
		tina4_response_error(res, 413, "The body is larger than %u bytes.", app->conf.max_body);
		return -EBADMSG;
	case -EINVAL:
		tina4_response_error(res, 400, "The Content-Length is wrong.");
		return -EBADMSG;
	case -ENODATA:
		tina4_response_error(res, 411, "The Content-Length is missing.");
		return -EBADMSG;
	case -EPIPE:
		tina4_response_error(res, 400, "The body was cut short.");
		return -EBADMSG;
	default:
		return error;
	}
}

static void
log_failure(const struct tina4_request *req, const char *why)
{
	log_limited(LOG_LEVEL_ERROR, "request failed method=%s path=%s error=%s", req ? tina4_request_method(req) : "?",
	    req ? tina4_request_path(req) : "?", why);
}

/* RFC 9110 section 10.2.3: it may try again. */
static void
answer_busy(struct tina4_response *res)
{
	tina4_response_error(res, 503, "Service Unavailable");
	tina4_response_header(res, "Retry-After", RETRY_SECONDS);
}

/* Answers 500. Why a template was not rendered is for the log, and in debug mode for the page. */
static void
fail(const struct tina4_app *app, const struct tina4_request *req, int error, struct tina4_response *res)
{
	struct buf failure = res->failure;
	const char *why = failure.len > 0 ? buf_cstr(&failure) : NULL;

	log_failure(req, why ? why : tina4_strerror(error));
	res->failure = (struct buf)BUF_INIT;
	response_reset(res);
	if (!app->conf.debug || why == NULL || page_explain(res, why) < 0)
		tina4_response_error(res, 500, "Internal Server Error");
	res->status = 500; /* without memory for the body, too */
	buf_free(&failure);
}

/* Answers what a handler's result means. A stream has its head already. Returns 0, or -EPIPE to cut that short. */
static int
conclude(const struct tina4_app *app, const struct tina4_request *req, int error, struct tina4_response *res)
{
	if (res->stream == STREAM_NONE && error == -EUSERS)
		answer_busy(res);
	else if (res->stream == STREAM_NONE && error < 0)
		fail(app, req, error, res);
	else if (error < 0 && error != -EPIPE && error != -ECANCELED)
		log_failure(req, tina4_strerror(error));
	return res->stream == STREAM_NONE ? 0 : stream_finish(res, error);
}

/* Whoever develops the app wants to see it, and nothing else of what debugging tells. */
static void
trace(const struct tina4_app *app, const struct tina4_request *req, const struct tina4_response *res)
{
	log_at(app->conf.debug ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "answered method=%s path=%s status=%d",
	    req ? tina4_request_method(req) : "?", req ? tina4_request_path(req) : "?", res->status);
}

int
dispatch(struct tina4_app *app, char *const *env, int body_error, struct buf *body, struct tina4_response *res)
{
	const char *bytes = body->len > 0 ? buf_cstr(body) : "";
	struct tina4_request *req = NULL;
	int r;

	res->without_body = request_is_head(env);
	if (body_error < 0)
		r = refuse_body(app, body_error, res);
	else if (bytes == NULL)
		r = -ENOMEM;
	else
		r = request_new(app, env, bytes, body->len, res, &req);

	if (r == 0)
		r = conclude(app, req, answer(req, res), res);
	else if (r != -EBADMSG) /* else res says why */
		r = conclude(app, req, r, res);
	else
		r = 0;
	if (res->stream == STREAM_NONE && cors_apply(&app->conf, env, res) < 0)
		log_failure(req, "no memory for CORS"); /* the page cannot read the answer */
	trace(app, req, res);
	res->req = NULL;
	request_free(req);
	return r;
}
