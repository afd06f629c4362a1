#include <stdio.h>
#include <string.h>
#include <tina4_test.h>

#include "tests/tap.h"

static struct tina4_test *test;

static int
greet(struct tina4_request *req, struct tina4_response *res)
{
	if (tina4_request_query(req, "fail") != NULL)
		return -5;
	if (tina4_request_query(req, "vary") != NULL)
		tina4_response_header(res, "Vary", "Cookie");
	if (tina4_request_query(req, "own") != NULL)
		tina4_response_header(res, "Access-Control-Allow-Origin", "https://own.example");
	if (tina4_request_query(req, "stream") != NULL)
		return tina4_response_stream(res, "text/plain");
	return tina4_response_text(res, "hello");
}

static struct tina4_test_visitor *
begin(const char *const *settings)
{
	struct tina4_app *app = tina4_app_new();

	tina4_any(app, "/greet", greet);
	tina4_test_free(test);
	test = NULL;
	OK(tina4_test_new(&test, &app, settings) == 0, "an app with settings");
	return tina4_test_visitor(test);
}

static const struct tina4_test_response *
ask(struct tina4_test_visitor *visitor, const char *method, const char *target, const char *origin)
{
	char line[128];
	const char *headers[] = { line, "Access-Control-Request-Method: PUT", NULL };

	snprintf(line, sizeof(line), "Origin: %s", origin);
	if (strcmp(method, "OPTIONS") != 0)
		headers[1] = NULL;
	return tina4_test_http(visitor, method, target, &(struct tina4_test_request){ .headers = headers });
}

/* NULL: it is not there. */
static bool
has(const struct tina4_test_response *res, const char *name, const char *value)
{
	const char *found = tina4_test_header(res, name);

	return found == NULL || value == NULL ? found == value : strcmp(found, value) == 0;
}

static bool
lets(const struct tina4_test_response *res, const char *origin)
{
	return has(res, "Access-Control-Allow-Origin", origin);
}

static void
nobody_may_at_first(void)
{
	static const char *const settings[] = { NULL };
	struct tina4_test_visitor *visitor = begin(settings);

	OK(lets(ask(visitor, "GET", "/greet", "https://a.example"), NULL), "no other origin reads anything");
	OK(has(ask(visitor, "GET", "/greet", "https://a.example"), "Vary", NULL), "and answers are as they were");
	OK(lets(ask(visitor, "OPTIONS", "/greet", "https://a.example"), NULL), "nor asks first");
}

static void
those_of_the_setting_may(void)
{
	static const char *const settings[] = { "TINA4_CORS_ORIGINS=https://a.example,https://*.b.example",
		"TINA4_CORS_CREDENTIALS=true", NULL };
	struct tina4_test_visitor *visitor = begin(settings);
	const struct tina4_test_response *res = ask(visitor, "GET", "/greet", "https://a.example");

	OK(lets(res, "https://a.example") && has(res, "Access-Control-Allow-Credentials", "true") &&
		has(res, "Vary", "Origin"),
	    "an origin that is named");
	OK(lets(ask(visitor, "PUT", "/greet", "https://x.b.example"), "https://x.b.example"), "one that a pattern has");
	res = ask(visitor, "GET", "/greet", "https://evil.example");
	OK(lets(res, NULL) && has(res, "Access-Control-Allow-Credentials", NULL) && has(res, "Vary", "Origin"),
	    "another may not, which caches hear as well");
	OK(lets(ask(visitor, "GET", "/greet", "null"), NULL), "nor a page without one");
	OK(lets(ask(visitor, "GET", "/greet", "https://a.example.evil.example"), NULL), "nor one that begins like it");
	OK(has(tina4_test_get(visitor, "/greet"), "Vary", "Origin") && lets(tina4_test_get(visitor, "/greet"), NULL),
	    "a request without an origin");
	OK(has(ask(visitor, "GET", "/greet?vary", "https://a.example"), "Vary", "Cookie, Origin"),
	    "what else it depends on stays");
	OK(lets(ask(visitor, "GET", "/greet?own", "https://a.example"), "https://own.example"),
	    "a handler may know better");
	OK(lets(ask(visitor, "GET", "/greet?stream", "https://a.example"), "https://a.example"), "a stream");
}

static void
failures_can_be_read(void)
{
	static const char *const settings[] = { "TINA4_CORS_ORIGINS=https://a.example", "TINA4_MAX_BODY=1024", NULL };
	struct tina4_test_visitor *visitor = begin(settings);
	const struct tina4_test_response *res = ask(visitor, "GET", "/greet?fail", "https://a.example");
	char large[2000];
	const char *const headers[] = { "Origin: https://a.example", NULL };

	OK(tina4_test_status(res) == 500 && lets(res, "https://a.example"), "a handler that fails");
	res = ask(visitor, "GET", "/none", "https://a.example");
	OK(tina4_test_status(res) == 404 && lets(res, "https://a.example"), "a path that is not there");
	memset(large, 'x', sizeof(large));
	res = tina4_test_http(visitor, "POST", "/greet",
	    &(struct tina4_test_request){
		.headers = headers, .body = large, .len = sizeof(large), .type = "text/plain" });
	OK(tina4_test_status(res) == 413 && lets(res, "https://a.example"), "a body that is too large");
	OK(has(res, "Access-Control-Allow-Credentials", NULL),
	    "cookies are for those that the setting lets bring them");
}

static void
browsers_ask_first(void)
{
	static const char *const settings[] = { "TINA4_CORS_ORIGINS=https://a.example",
		"TINA4_CORS_HEADERS=X-One,X-Two", "TINA4_CORS_MAX_AGE=60", NULL };
	struct tina4_test_visitor *visitor = begin(settings);
	const struct tina4_test_response *res = ask(visitor, "OPTIONS", "/greet", "https://a.example");

	OK(tina4_test_status(res) == 204 && lets(res, "https://a.example"), "a preflight");
	OK(has(res, "Access-Control-Allow-Methods", tina4_test_header(res, "Allow")), "the methods are the path's");
	OK(has(res, "Access-Control-Allow-Headers", "X-One,X-Two") && has(res, "Access-Control-Max-Age", "60"),
	    "the rest is the settings'");
	res = ask(visitor, "OPTIONS", "/greet", "https://evil.example");
	OK(lets(res, NULL) && has(res, "Access-Control-Allow-Methods", NULL), "another hears nothing");
	OK(has(ask(visitor, "GET", "/greet", "https://a.example"), "Access-Control-Allow-Headers", NULL),
	    "only who asks is told");
}

static void
everybody_may_without_cookies(void)
{
	static const char *const settings[] = { "TINA4_CORS_ORIGINS=*", "TINA4_CORS_CREDENTIALS=true", NULL };
	struct tina4_test_visitor *visitor = begin(settings);
	const struct tina4_test_response *res = ask(visitor, "GET", "/greet", "https://anybody.example");

	OK(lets(res, "*") && has(res, "Access-Control-Allow-Credentials", NULL) && has(res, "Vary", NULL),
	    "everybody reads what anybody may");
}

int
main(void)
{
	nobody_may_at_first();
	those_of_the_setting_may();
	failures_can_be_read();
	browsers_ask_first();
	everybody_may_without_cookies();
	tina4_test_free(test);
	return tap_done();
}
