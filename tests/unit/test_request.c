#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/fields.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "shared/address.h"
#include "tests/tap.h"

/*
 * Each test opens a request with an environment and a body; a request that is
 * refused leaves its answer in `refusal`.
 */

#define ENV(...) ((char *[]){ "REQUEST_METHOD=GET", __VA_ARGS__, NULL })

static struct tina4_app *app;
static struct tina4_request *req;
static struct tina4_response refusal;

/* Returns what request_new() does. */
static int
open_bytes(char *const *env, const char *body, size_t len)
{
	request_free(req);
	req = NULL;
	response_reset(&refusal);
	return request_new(app, env, body, len, &refusal, &req);
}

static int
open_text(char *const *env, const char *body)
{
	return open_bytes(env, body, strlen(body));
}

static bool
refused(int status, const char *part)
{
	return req == NULL && refusal.status == status && strstr(buf_cstr(&refusal.body), part) != NULL;
}

static bool
is(const char *text, const char *expected)
{
	return text != NULL && strcmp(text, expected) == 0;
}

static bool
path_is(const char *uri, const char *expected)
{
	char variable[256];

	snprintf(variable, sizeof(variable), "REQUEST_URI=%s", uri);
	return open_text(ENV(variable), "") == 0 && is(tina4_request_path(req), expected);
}

static bool
path_refused(const char *uri, int status)
{
	char variable[4096];

	snprintf(variable, sizeof(variable), "REQUEST_URI=%s", uri);
	return open_text(ENV(variable), "") == -EBADMSG && refused(status, "path");
}

static void
the_path_is_decoded_once(void)
{
	char longest[3000];

	OK(path_is("/a%20b/%2525", "/a b/%25"), "each segment is decoded once");
	OK(path_is("/a?b=/c", "/a"), "the query is no part of it");
	OK(path_is("http://example.org/a/b?c", "/a/b"), "an absolute form has its path");
	OK(path_is("HTTPS://example.org", "/"), "or the root");
	OK(path_is("http://example.org?x", "/"), "also in front of a query");
	OK(path_refused("/a%2Fb", 400), "an encoded slash is 400");
	OK(path_refused("/a%0", 400), "so is a bad escape");
	OK(path_refused("/a/../b", 400) && path_refused("/a/%2E./b?c", 400) && path_refused("/.", 400),
	    "and a dot segment, raw or encoded");
	OK(path_refused("*", 400), "and no path");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	OK(path_refused(longest, 414), "one that is too long is 414");
}

static void
a_server_without_request_uri_will_do(void)
{
	OK(open_text(ENV("SCRIPT_NAME=/app", "PATH_INFO=/a%b"), "") == 0 && is(tina4_request_path(req), "/app/a%b"),
	    "script and rest are joined as they are");
	OK(open_text(ENV("PATH_INFO="), "") == -EBADMSG && refused(400, "path"), "no path at all is 400");
	OK(open_text(ENV("PATH_INFO=/a\nb"), "") == -EBADMSG && refused(400, "path"), "a control byte is 400");
	OK(open_text(ENV("SCRIPT_NAME=/app", "PATH_INFO=/../b"), "") == -EBADMSG && refused(400, "path"),
	    "so is a dot segment");
}

static void
a_query_is_decoded(void)
{
	int r = open_text(ENV("REQUEST_URI=/", "QUERY_STRING=a=1&b=x+%26y&a=2&c&=d&e%3D=f"), "");

	OK(r == 0 && is(tina4_request_query(req, "a"), "1"), "the first of two is found");
	OK(is(tina4_request_query_at(req, "a", 0), "1") && is(tina4_request_query_at(req, "a", 1), "2") &&
		tina4_request_query_at(req, "a", 2) == NULL,
	    "and each of them by its number");
	OK(is(tina4_request_query(req, "b"), "x &y"), "values are decoded");
	OK(is(tina4_request_query(req, "c"), ""), "a name alone is empty");
	OK(is(tina4_request_query(req, "e="), "f"), "names are decoded");
	OK(tina4_request_query(req, "A") == NULL, "names compare with case");
	OK(open_text(ENV("REQUEST_URI=/", "QUERY_STRING=a=%00b"), "") == -EBADMSG && refused(400, "query"),
	    "a NUL, which would cut a value, is 400");
}

static void
fields_have_a_limit(void)
{
	char query[sizeof("QUERY_STRING=") + 2 * (FIELDS_MAX + 1)] = "QUERY_STRING=";
	char *end = query + strlen(query);

	for (int i = 0; i < FIELDS_MAX; i++)
		end = stpcpy(end, "a&");
	OK(open_text(ENV("REQUEST_URI=/", query), "") == 0, "as many as the limit pass");
	strcpy(end, "a");
	OK(open_text(ENV("REQUEST_URI=/", query), "") == -EBADMSG && refused(400, "query"), "one more is 400");
}

static void
headers_are_found_by_name(void)
{
	int r = open_text(ENV("REQUEST_URI=/", "HTTP_X_FORWARDED_HOST=h", "HTTP_ACCEPT=", "CONTENT_TYPE=text/plain",
			      "CONTENT_LENGTH=", "HTTP_CONTENT_TYPE=other"),
	    "");

	OK(r == 0 && is(tina4_request_header(req, "X-Forwarded-Host"), "h"), "a header is found");
	OK(is(tina4_request_header(req, "x-forwarded-HOST"), "h"), "without case");
	OK(is(tina4_request_header(req, "Content-Type"), "text/plain"), "Content-Type is the web server's");
	OK(tina4_request_header(req, "Content-Length") == NULL, "an empty Content-Length did not come");
	OK(is(tina4_request_header(req, "Accept"), ""), "another empty header did");
	OK(tina4_request_header(req, "Host") == NULL, "what did not come is NULL");
	OK(tina4_request_header(req, "X-Forwarded") == NULL, "a beginning of a name is no name");
}

/* nginx up to 1.22 hands on every line of a header; others join them. */
static void
lines_of_one_header_are_all_there(void)
{
	int r = open_text(ENV("REQUEST_URI=/", "HTTP_VIA=one", "CONTENT_TYPE=text/plain", "HTTP_VIA=two", "HTTP_V=no",
			      "HTTP_COOKIE=a=1; b=2", "HTTP_COOKIE=a=3"),
	    "");

	OK(r == 0 && is(tina4_request_header(req, "Via"), "one, two"), "together they are a list");
	OK(tina4_request_header(req, "via") == tina4_request_header(req, "Via"), "which is made once");
	OK(is(tina4_request_header(req, "Cookie"), "a=1; b=2; a=3"), "of cookies with semicolons");
	OK(is(tina4_request_header_at(req, "via", 0), "one") && is(tina4_request_header_at(req, "via", 1), "two") &&
		tina4_request_header_at(req, "via", 2) == NULL,
	    "and each of them by its number");
	OK(is(tina4_request_header_at(req, "Content-Type", 0), "text/plain") &&
		tina4_request_header_at(req, "Content-Type", 1) == NULL,
	    "Content-Type is there once");
	OK(is(tina4_request_cookie_at(req, "a", 0), "1") && is(tina4_request_cookie_at(req, "a", 1), "3") &&
		tina4_request_cookie_at(req, "a", 2) == NULL && is(tina4_request_cookie(req, "b"), "2"),
	    "the cookies of all lines");
}

static void
numbers_have_a_range(void)
{
	int64_t n = 7;
	double x = 0.5;

	OK(open_text(ENV("REQUEST_URI=/", "QUERY_STRING=n=-42&n=1&x=12.50&w=4x&e=&b=9223372036854775808&p=%2B3"), "") ==
		0,
	    "a query of numbers");
	OK(tina4_request_query_int(req, "n", -42, 42, &n) == 0 && n == -42, "an int");
	OK(tina4_request_query_int(req, "p", 3, 3, &n) == 0 && n == 3, "with a sign");
	OK(tina4_request_query_int(req, "n", -41, 42, &n) == -ERANGE &&
		tina4_request_query_int(req, "n", -100, -43, &n) == -ERANGE,
	    "outside of its range");
	OK(tina4_request_query_int(req, "b", INT64_MIN, INT64_MAX, &n) == -ERANGE, "more than 64 bits hold");
	OK(tina4_request_query_int(req, "w", 0, 9, &n) == -EINVAL &&
		tina4_request_query_int(req, "e", 0, 9, &n) == -EINVAL &&
		tina4_request_query_int(req, "x", 0, 99, &n) == -EINVAL,
	    "no int");
	OK(tina4_request_query_int(req, "none", 0, 9, &n) == -ENOENT && n == 3, "none, and the result is left alone");
	OK(tina4_request_query_float(req, "x", 0, 12.5, &x) == 0 && x == 12.5, "a float");
	OK(tina4_request_query_float(req, "n", -42, 0, &x) == 0 && x == -42, "an int is one");
	OK(tina4_request_query_float(req, "x", 0, 12.4, &x) == -ERANGE &&
		tina4_request_query_float(req, "w", 0, 9, &x) == -EINVAL &&
		tina4_request_query_float(req, "none", 0, 9, &x) == -ENOENT && x == -42,
	    "or not");
}

/* A proxy that adds a line must not leave the client's word to be believed. */
static void
the_last_forwarded_line_counts(void)
{
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1",
			 "HTTP_X_FORWARDED_FOR=192.0.2.9"),
	       "") == 0 &&
		is(tina4_request_ip(req), "192.0.2.9"),
	    "lines of X-Forwarded-For are one list");
}

static void
cookies_are_pairs(void)
{
	int r = open_text(ENV("REQUEST_URI=/", "HTTP_COOKIE=sid=a=b; q=\"x y\";flag;  last=1 ; sid=2; =v"), "");

	OK(r == 0 && is(tina4_request_cookie(req, "sid"), "a=b"), "the first of two; a value may have '='");
	OK(is(tina4_request_cookie(req, "q"), "\"x y\""), "quotes belong to the value");
	OK(is(tina4_request_cookie(req, "last"), "1"), "blanks around a pair do not count");
	OK(tina4_request_cookie(req, "flag") == NULL, "text without '=' is no cookie");
}

static void
the_client_may_stand_behind_proxies(void)
{
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=192.0.2.9", "HTTP_X_FORWARDED_FOR=10.9.9.9"), "") == 0 &&
		is(tina4_request_ip(req), "192.0.2.9"),
	    "a stranger's X-Forwarded-For proves nothing");
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=1.1.1.1, 192.0.2.9"), "") ==
		    0 &&
		is(tina4_request_ip(req), "192.0.2.9"),
	    "a trusted proxy's last entry does");
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=unix:", "HTTP_X_FORWARDED_FOR=192.0.2.9"), "") == 0 &&
		is(tina4_request_ip(req), "192.0.2.9"),
	    "so does a web server's on a unix socket");
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.9, hidden"), "") == 0 &&
		is(tina4_request_ip(req), "unknown"),
	    "a proxy that tells no address makes the client unknown");
	OK(open_text(ENV("REQUEST_URI=/"), "") == 0 && is(tina4_request_ip(req), ""), "nobody is empty");
}

static void
https_is_noticed(void)
{
	OK(open_text(ENV("REQUEST_URI=/", "HTTPS=on"), "") == 0 && request_is_https(req), "by HTTPS=on");
	OK(open_text(ENV("REQUEST_URI=/", "REQUEST_SCHEME=https"), "") == 0 && request_is_https(req), "by the scheme");
	OK(open_text(ENV("REQUEST_URI=/", "HTTPS=off", "REQUEST_SCHEME=http"), "") == 0 && !request_is_https(req),
	    "not by HTTPS=off");
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_PROTO=https"), "") == 0 &&
		request_is_https(req),
	    "by a trusted proxy's word");
	OK(open_text(ENV("REQUEST_URI=/", "REMOTE_ADDR=192.0.2.9", "HTTP_X_FORWARDED_PROTO=https"), "") == 0 &&
		!request_is_https(req),
	    "not by a stranger's");
}

#define FORM "CONTENT_TYPE=application/x-www-form-urlencoded; charset=utf-8"

static void
a_form_is_decoded(void)
{
	int64_t n = 0;
	double x = 0;
	size_t len;

	OK(open_text(ENV("REQUEST_URI=/", FORM), "a=1&b=%C3%BC+x") == 0 &&
		is(tina4_request_form(req, "b"), "\xc3\xbc x"),
	    "a form's values are decoded");
	OK(is(tina4_request_body(req, &len), "a=1&b=%C3%BC+x") && len == 14, "the body stays as it came");
	OK(open_text(ENV("REQUEST_URI=/", FORM), "pick=red&pick=blue&n=3&x=.5") == 0 &&
		is(tina4_request_form_at(req, "pick", 0), "red") && is(tina4_request_form_at(req, "pick", 1), "blue") &&
		tina4_request_form_at(req, "pick", 2) == NULL,
	    "every choice of a list is there");
	OK(tina4_request_form_int(req, "n", 1, 3, &n) == 0 && n == 3 &&
		tina4_request_form_int(req, "n", 1, 2, &n) == -ERANGE &&
		tina4_request_form_int(req, "x", 0, 1, &n) == -EINVAL,
	    "its ints");
	OK(tina4_request_form_float(req, "n", 0, 9, &x) == 0 && x == 3 &&
		tina4_request_form_float(req, "x", 0, 1, &x) == -EINVAL,
	    "and floats");
	OK(open_bytes(ENV("REQUEST_URI=/", FORM), "a=\0b", 4) == -EBADMSG && refused(400, "form"), "a NUL byte is 400");
	OK(open_text(ENV("REQUEST_URI=/", "CONTENT_TYPE=text/plain"), "a=1") == 0 &&
		tina4_request_form(req, "a") == NULL,
	    "another type is no form");
}

#define JSON "CONTENT_TYPE=application/json;charset=utf-8"

static void
json_is_parsed(void)
{
	OK(open_text(ENV("REQUEST_URI=/", JSON), " {\"a\": [1, null]} \n") == 0 &&
		cJSON_GetArraySize(cJSON_GetObjectItem(tina4_request_json(req), "a")) == 2,
	    "JSON is there, parsed");
	OK(open_text(ENV("REQUEST_URI=/", "CONTENT_TYPE=application/merge-patch+JSON"), "null") == 0 &&
		cJSON_IsNull(tina4_request_json(req)),
	    "types that end in +json are JSON");
	OK(open_text(ENV("REQUEST_URI=/", "CONTENT_TYPE=text/plain"), "{}") == 0 && tina4_request_json(req) == NULL,
	    "other types are not");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "") == 0 && tina4_request_json(req) == NULL,
	    "a type without a body is no mistake");
	OK(open_text(ENV("REQUEST_URI=/", JSON, "CONTENT_LENGTH=0"), "") == 0 && tina4_request_json(req) == NULL,
	    "nor is one with a body of no bytes");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "\xef\xbb\xbf[1]") == 0 &&
		cJSON_GetArraySize(tina4_request_json(req)) == 1,
	    "a byte order mark is skipped");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "9007199254740991") == 0 &&
		cJSON_GetNumberValue(tina4_request_json(req)) == 9007199254740991.0,
	    "integers up to 2^53 are what they were");
}

static void
what_is_not_json_is_told_where(void)
{
	OK(open_text(ENV("REQUEST_URI=/", JSON), "{\"a\": 1,\n \"b\": x}") == -EBADMSG &&
		refused(400, "line 2, byte 7"),
	    "the answer has line and byte");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "{} x") == -EBADMSG && refused(400, "line 1, byte 4"),
	    "something behind it is refused");
	OK(open_bytes(ENV("REQUEST_URI=/", JSON), "{}\0{}", 5) == -EBADMSG && refused(400, "line 1, byte 3"),
	    "and so is a NUL");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "{\"name\":\"admin\\u0000evil\"}") == -EBADMSG &&
		refused(400, "has a NUL character: line 1, byte 21"),
	    "a string would end there");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "[\"\xff\"]") == -EBADMSG &&
		refused(400, "is not UTF-8: line 1, byte 3"),
	    "what is not UTF-8 is not JSON");
	OK(open_text(ENV("REQUEST_URI=/", JSON), "[012]") == -EBADMSG && refused(400, "line 1, byte 3"),
	    "a number does not begin with 0");
}

#define MULTIPART "CONTENT_TYPE=multipart/form-data; boundary=xx"

static void
multipart_has_fields_and_uploads(void)
{
	static const char body[] =
	    "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb c\r\n"
	    "--xx\r\nContent-Disposition: form-data; name=f; filename=\"x.txt\"\r\n"
	    "Content-Type: text/plain\r\n\r\n1\0002\r\n"
	    "--xx\r\nContent-Disposition: form-data; name=f; filename=\"y.txt\"\r\n\r\nsecond\r\n"
	    "--xx\r\nContent-Disposition: form-data; name=none; filename=\"\"\r\n\r\n\r\n--xx--\r\n";
	const struct tina4_upload *upload;

	OK(open_bytes(ENV("REQUEST_URI=/", MULTIPART), body, sizeof(body) - 1) == 0 &&
		is(tina4_request_form(req, "a"), "b c"),
	    "a part without a file is a field");
	upload = tina4_request_upload(req, "f");
	OK(upload != NULL && is(upload->filename, "x.txt") && is(upload->type, "text/plain"),
	    "one with a file is an upload");
	OK(upload != NULL && upload->len == 3 && memcmp(upload->data, "1\0002", 3) == 0, "with all its bytes");
	OK(tina4_request_upload_at(req, "f", 0) == upload, "it is the first of its field");
	upload = tina4_request_upload_at(req, "f", 1);
	OK(upload != NULL && is(upload->filename, "y.txt") && upload->len == 6, "the second follows");
	OK(tina4_request_upload_at(req, "f", 2) == NULL, "and no third");
	OK(tina4_request_upload(req, "none") == NULL, "a file that was not chosen is none");
	OK(tina4_request_upload(req, "a") == NULL && tina4_request_form(req, "f") == NULL, "neither is the other");
	OK(open_text(ENV("REQUEST_URI=/", MULTIPART), "--xx\r\n") == -EBADMSG && refused(400, "cut short"),
	    "a body that is cut short is 400");
}

static void
the_announced_length_is_checked(void)
{
	size_t bytes = 7;

	OK(request_body_bytes(ENV("CONTENT_LENGTH=42"), 100, &bytes) == 0 && bytes == 42, "a number is one");
	OK(request_body_bytes(ENV("CONTENT_LENGTH=100"), 100, &bytes) == 0 && bytes == 100, "the limit passes");
	bytes = 7;
	OK(request_body_bytes(ENV("CONTENT_LENGTH=101"), 100, &bytes) == -EFBIG, "one more does not");
	OK(request_body_bytes(ENV("CONTENT_LENGTH=99999999999999999999999999"), 100, &bytes) == -EFBIG,
	    "nor does one that no integer holds");
	OK(request_body_bytes(ENV("CONTENT_LENGTH="), 100, &bytes) == -ENOENT &&
		request_body_bytes(ENV("X=y"), 100, &bytes) == -ENOENT,
	    "none is announced without a value");
	OK(request_body_bytes(ENV("CONTENT_LENGTH=-1"), 100, &bytes) == -EINVAL &&
		request_body_bytes(ENV("CONTENT_LENGTH=1x"), 100, &bytes) == -EINVAL &&
		request_body_bytes(ENV("CONTENT_LENGTH= 1"), 100, &bytes) == -EINVAL,
	    "garbage is refused");
	OK(bytes == 7, "and failure leaves the result alone");
}

/* --- a request's way to its handler --------------------------------------------- */

static int
show_param(struct tina4_request *request, struct tina4_response *res)
{
	int64_t number = 0;
	double real = 0;
	int r_int = tina4_request_param_int(request, "id", 1, INT64_MAX, &number);
	int r_float = tina4_request_param_float(request, "price", 0, 1e9, &real);
	int r_wrong = tina4_request_param_int(request, "price", 0, 100, &number);
	int r_none = tina4_request_param_int(request, "other", 0, 100, &number);
	char text[100];

	snprintf(text, sizeof(text), "%s %d %d %.2f %d %d", tina4_request_param(request, "id"), r_int, (int)number + 1,
	    real, r_float, r_wrong == -EINVAL && r_none == -ENOENT);
	return tina4_response_text(res, text);
}

static int
fail(struct tina4_request *request, struct tina4_response *res)
{
	(void)request;
	tina4_response_status(res, 201);
	tina4_response_header(res, "X-Secret", "1");
	tina4_response_text(res, "half done");
	return -EIO;
}

static int
answer_oddly(struct tina4_request *request, struct tina4_response *res)
{
	(void)request;
	tina4_response_text(res, "half done");
	return 1;
}

static int
miss(struct tina4_request *request, struct tina4_response *res)
{
	return tina4_response_text(res, tina4_request_path(request));
}

static int
nothing(struct tina4_request *request, struct tina4_response *res)
{
	return request != NULL ? 0 : tina4_response_status(res, 500);
}

/* Dispatches a request and leaves its answer, as far as it is text, in `refusal`. */
static int
ask(const char *method, const char *uri, int body_error)
{
	char method_variable[64], uri_variable[256];
	char *env[] = { method_variable, uri_variable, NULL };
	struct buf body = BUF_INIT;

	snprintf(method_variable, sizeof(method_variable), "REQUEST_METHOD=%s", method);
	snprintf(uri_variable, sizeof(uri_variable), "REQUEST_URI=%s", uri);
	response_reset(&refusal);
	dispatch(app, env, body_error, &body, &refusal);
	buf_free(&body);
	return refusal.status;
}

static bool
body_is(const char *expected)
{
	return is(buf_cstr(&refusal.body), expected);
}

static void
a_request_finds_its_handler(void)
{
	tina4_get(app, "/orders/{id:int}/{price:float}", show_param);
	OK(ask("GET", "/orders/41/2.5", 0) == 200 && body_is("41 0 42 2.50 0 1"), "parameters come as text and number");
	OK(ask("GET", "/orders/x/2.5", 0) == 404 && body_is("{\"error\":\"Not Found\"}"), "no route is 404");
	OK(ask("POST", "/orders/41/2.5", 0) == 405 && is(fields_get(&refusal.headers, "Allow"), "GET, HEAD, OPTIONS"),
	    "a wrong method is 405 and learns the right ones");
	OK(ask("OPTIONS", "/orders/41/2.5", 0) == 204 &&
		is(fields_get(&refusal.headers, "Allow"), "GET, HEAD, OPTIONS"),
	    "OPTIONS learns them, too");
	OK(ask("OPTIONS", "/nothing", 0) == 404, "but not where there is nothing");
}

static void
what_no_route_matches_has_a_handler_of_its_own(void)
{
	tina4_not_found(app, miss);
	OK(ask("GET", "/a%20b", 0) == 404 && body_is("/a b"), "it answers, with 404");
	OK(ask("POST", "/orders/41/2.5", 0) == 405, "a wrong method is not its business");
	tina4_not_found(app, fail);
	OK(ask("GET", "/nothing", 0) == 500, "when it fails, it is 500");
	tina4_not_found(app, NULL);
	OK(ask("GET", "/nothing", 0) == 404 && body_is("{\"error\":\"Not Found\"}"), "it can be taken back");
}

static void
a_handler_that_fails_leaves_nothing(void)
{
	tina4_any(app, "/fail", fail);
	tina4_any(app, "/odd", answer_oddly);
	tina4_any(app, "/nothing-to-say", nothing);
	OK(ask("GET", "/fail", 0) == 500 && body_is("{\"error\":\"Internal Server Error\"}"), "an error is 500");
	OK(fields_get(&refusal.headers, "X-Secret") == NULL, "what it had said is gone");
	OK(ask("GET", "/odd", 0) == 500, "so is a result above 0");
	OK(ask("GET", "/nothing-to-say", 0) == 200 && refusal.body.len == 0, "no answer is an empty 200");
}

static void
a_body_that_cannot_be_read_is_answered(void)
{
	OK(ask("POST", "/fail", -EFBIG) == 413, "too large is 413");
	OK(ask("POST", "/fail", -EINVAL) == 400, "a wrong length is 400");
	OK(ask("POST", "/fail", -EPIPE) == 400, "cut short is 400");
	OK(ask("POST", "/fail", -ENOMEM) == 500, "our own trouble is 500");
}

int
main(void)
{
	app = tina4_app_new();
	address_list_parse("10.0.0.0/8", &app->conf.trusted_proxies, NULL);
	app->conf.cors_origins = strdup("");
	response_init(&refusal);

	the_path_is_decoded_once();
	a_server_without_request_uri_will_do();
	a_query_is_decoded();
	fields_have_a_limit();
	headers_are_found_by_name();
	lines_of_one_header_are_all_there();
	numbers_have_a_range();
	cookies_are_pairs();
	the_client_may_stand_behind_proxies();
	the_last_forwarded_line_counts();
	https_is_noticed();
	a_form_is_decoded();
	json_is_parsed();
	what_is_not_json_is_told_where();
	multipart_has_fields_and_uploads();
	the_announced_length_is_checked();
	a_request_finds_its_handler();
	what_no_route_matches_has_a_handler_of_its_own();
	a_handler_that_fails_leaves_nothing();
	a_body_that_cannot_be_read_is_answered();

	request_free(req);
	response_free(&refusal);
	tina4_app_free(app);
	return tap_done();
}
