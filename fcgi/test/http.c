#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "fcgi/app.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/outlet.h"
#include "fcgi/http/request.h"
#include "fcgi/reserved.h"
#include "fcgi/http/response.h"
#include "fcgi/test/body.h"
#include "fcgi/test/environment.h"
#include "fcgi/test/test.h"

static int
append(void *context, const void *data, size_t len)
{
	struct buf *buf = context;

	buf_bytes(buf, data, len);
	return buf->failed ? -ENOMEM : 0;
}

/* A visitor of a test reads what comes before the first wait, and leaves. */
static int
leave(void *context, int ms)
{
	(void)context;
	(void)ms;
	return -EPIPE;
}

/* Lets the app answer, and appends what a web server would get to read. */
static int
ask_app(struct tina4_app *app, char *const *environment, struct buf *body, struct buf *ret)
{
	const struct outlet outlet = { append, NULL, leave, ret };
	struct tina4_response res;
	size_t len;
	int r;

	response_init(&res);
	res.outlet = &outlet;
	r = request_body_bytes(environment, app->conf.max_body, &len);
	dispatch(app, environment, r == -ENOENT ? 0 : r, body, &res);
	r = response_write(&res, append, ret);
	response_free(&res);
	return r;
}

/* Adds the header that stands in the line at `at`, and returns where the next one begins; NULL after the last. */
static const char *
read_header(const char *at, struct fields *headers, int *ret_error)
{
	const char *end = strstr(at, "\r\n"), *colon;

	if (end == NULL || end == at)
		return NULL;
	colon = memchr(at, ':', (size_t)(end - at));
	if (colon == NULL)
		return NULL;
	*ret_error = fields_add(headers, at, (size_t)(colon - at), colon + 2, (size_t)(end - colon - 2));
	return *ret_error == 0 ? end + 2 : NULL;
}

/* Takes apart what the app has written: RFC 3875 section 6. */
static int
read_response(struct tina4_test_response *res, struct buf *written)
{
	const char *at = buf_cstr(written), *rest = at, *status;
	size_t head;
	int r = 0;

	if (at == NULL)
		return -ENOMEM;
	while ((rest = read_header(rest, &res->headers, &r)) != NULL)
		at = rest;
	if (r < 0)
		return r;
	head = (size_t)(at - (const char *)written->data) + strlen("\r\n");
	buf_bytes(&res->body, written->data + head, written->len - head);
	if (buf_cstr(&res->body) == NULL)
		return -ENOMEM;
	status = fields_get(&res->headers, "Status");
	res->status = status != NULL ? atoi(status) : 0;
	res->json = cJSON_ParseWithLengthOpts(buf_cstr(&res->body), res->body.len + 1, NULL, true);
	return 0;
}

static int
keep_cookies(struct tina4_test_visitor *visitor, const struct tina4_test_response *res)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < res->headers.n; i++)
		if (strcasecmp(fields_name(&res->headers, i), "Set-Cookie") == 0)
			r = jar_take(&visitor->jar, fields_value(&res->headers, i));
	return r == -EINVAL ? 0 : r; /* no browser minds */
}

static struct tina4_test_response *
new_response(struct tina4_test *test)
{
	struct tina4_test_response *res = calloc(1, sizeof(*res));

	if (res != NULL)
		LL_PREPEND(test->responses, res);
	return res;
}

static int
exchange(struct tina4_test_visitor *visitor, struct environment_request *request,
    const struct tina4_test_request *options, struct tina4_test_response *res)
{
	struct tina4_test *test = visitor->test;
	struct buf body = BUF_INIT, written = BUF_INIT;
	struct fields headers = { 0 };
	char **environment = NULL;
	int r;

	request->type = body_put(options, &body);
	request->len = body.len;
	if (request->method == NULL)
		request->method = request->type != NULL ? "POST" : "GET";
	r = environment_headers(options, &visitor->jar, request->target, &headers);
	if (r == 0)
		environment = environment_new(request, options, &headers);
	r = environment != NULL && !body.failed ? ask_app(test->app, environment, &body, &written) : -ENOMEM;
	if (r == 0)
		r = read_response(res, &written);
	if (r == 0)
		r = keep_cookies(visitor, res);
	if (r == 0)
		r = standin_settle(&test->standin);
	environment_free(environment);
	fields_free(&headers);
	buf_free(&body);
	buf_free(&written);
	return r;
}

const struct tina4_test_response *
tina4_test_http(struct tina4_test_visitor *visitor, const char *method, const char *target,
    const struct tina4_test_request *options)
{
	static const struct tina4_test_request defaults;
	struct environment_request request = { .method = method, .target = target };
	struct tina4_test_response *res;

	if (options == NULL)
		options = &defaults;
	if (visitor == NULL || !RESERVED_IS_ZERO(options))
		return NULL;
	if (standin_settle(&visitor->test->standin) < 0 || test_settle_session(visitor) < 0)
		return NULL;
	res = new_response(visitor->test);
	return res != NULL && exchange(visitor, &request, options, res) == 0 ? res : NULL;
}

const struct tina4_test_response *
tina4_test_get(struct tina4_test_visitor *visitor, const char *target)
{
	return tina4_test_http(visitor, "GET", target, NULL);
}

const struct tina4_test_response *
tina4_test_post(struct tina4_test_visitor *visitor, const char *target, const char *json)
{
	struct tina4_test_request options = { .json = json };

	return tina4_test_http(visitor, "POST", target, &options);
}

int
tina4_test_status(const struct tina4_test_response *res)
{
	return res != NULL ? res->status : 0;
}

const char *
tina4_test_header(const struct tina4_test_response *res, const char *name)
{
	for (size_t i = 0; res != NULL && i < res->headers.n; i++)
		if (strcasecmp(fields_name(&res->headers, i), name) == 0)
			return fields_value(&res->headers, i);
	return NULL;
}

const char *
tina4_test_body(const struct tina4_test_response *res, size_t *ret_len)
{
	if (ret_len != NULL)
		*ret_len = res != NULL ? res->body.len : 0;
	return res != NULL ? (const char *)res->body.data : "";
}

const struct cJSON *
tina4_test_json(const struct tina4_test_response *res)
{
	return res != NULL ? res->json : NULL;
}
