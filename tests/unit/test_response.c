#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/http/response.h"
#include "tests/tap.h"

/* Each test fills the response anew, and looks at what is written. */

static struct tina4_response res;
static struct buf written;

static int
append(void *context, const void *data, size_t len)
{
	buf_bytes(context, data, len);
	return 0;
}

static int
refuse(void *context, const void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return -EPIPE;
}

static const char *
write_as(bool head)
{
	buf_clear(&written);
	res.without_body = head;
	return response_write(&res, append, &written) == 0 ? buf_cstr(&written) : "";
}

static bool
writes(const char *expected)
{
	bool same = strcmp(write_as(false), expected) == 0;

	if (!same)
		printf("# %s\n", buf_cstr(&written));
	return same;
}

static bool
has_line(const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
	return strstr(write_as(false), whole) != NULL;
}

static void
an_empty_response_is_200(void)
{
	response_reset(&res);
	OK(writes("Status: 200 OK\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 0\r\n\r\n"),
	    "nothing set is an empty 200");
}

static void
bodies_have_type_and_length(void)
{
	cJSON *json = cJSON_CreateObject();

	response_reset(&res);
	OK(tina4_response_text(&res, "h\xc3\xa9") == 0 &&
		writes("Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
		       "X-Content-Type-Options: nosniff\r\nContent-Length: 3\r\n\r\nh\xc3\xa9"),
	    "text is UTF-8, counted in bytes");
	OK(tina4_response_html(&res, "<p>") == 0 && has_line("Content-Type: text/html; charset=utf-8") &&
		has_line("Content-Length: 3"),
	    "html takes its place");
	cJSON_AddNumberToObject(json, "n", 1);
	OK(tina4_response_json(&res, &json) == 0 && json == NULL, "json is taken");
	OK(has_line("Content-Type: application/json") && strstr(write_as(false), "\r\n\r\n{\"n\":1}") != NULL,
	    "and written");
	OK(tina4_response_body(&res, "a\0b", 3, NULL) == 0 && has_line("Content-Type: application/octet-stream") &&
		has_line("Content-Length: 3"),
	    "bytes are bytes");
	OK(tina4_response_body(&res, "x", 1, "a\r\nb") == -EINVAL && has_line("Content-Length: 3"),
	    "a wrong type leaves the body before");
}

static void
head_is_all_but_the_body(void)
{
	const char *text;

	response_reset(&res);
	tina4_response_text(&res, "hello");
	text = write_as(true);
	OK(strstr(text, "Content-Length: 5\r\n") != NULL && strcmp(text + strlen(text) - 4, "\r\n\r\n") == 0,
	    "HEAD has the length and no body");
}

static void
some_statuses_have_no_body(void)
{
	response_reset(&res);
	tina4_response_text(&res, "hello");
	tina4_response_status(&res, 204);
	OK(strstr(write_as(false), "Content-Length") == NULL && strstr(write_as(false), "hello") == NULL,
	    "204 has neither body nor length");
	tina4_response_status(&res, 304);
	OK(strstr(write_as(false), "hello") == NULL, "304 has no body");
	tina4_response_status(&res, 205);
	OK(strstr(write_as(false), "hello") == NULL && has_line("Content-Length: 0"), "205 has none, and says so");
}

static void
a_status_is_in_range(void)
{
	response_reset(&res);
	OK(tina4_response_status(&res, 404) == 0 && strncmp(write_as(false), "Status: 404 Not Found\r\n", 23) == 0,
	    "a status comes with its reason");
	OK(tina4_response_status(&res, 599) == 0 && strncmp(write_as(false), "Status: 599 ", 12) == 0,
	    "one of the program's own, too");
	OK(tina4_response_status(&res, 507) == 0 &&
		strncmp(write_as(false), "Status: 507 Insufficient Storage\r\n", 34) == 0,
	    "all of IANA's are known");
	OK(tina4_response_status(&res, 100) == -EINVAL && tina4_response_status(&res, 103) == -EINVAL &&
		tina4_response_error(&res, 103, "x") == -EINVAL && res.status == 507,
	    "1xx is no answer");
	tina4_response_status(&res, 599);
	OK(tina4_response_status(&res, 99) == -EINVAL && tina4_response_status(&res, 600) == -EINVAL &&
		res.status == 599,
	    "others are refused");
}

static void
headers_cannot_be_split(void)
{
	response_reset(&res);
	OK(tina4_response_header(&res, "X-A", "1") == 0 && tina4_response_header(&res, "x-a", "2 \t\xff") == 0 &&
		has_line("x-a: 2 \t\xff") && strstr(write_as(false), "X-A") == NULL,
	    "a header replaces its namesake");
	OK(tina4_response_header(&res, "X-B", "a\r\nX-C: b") == -EINVAL, "a line end in a value is refused");
	OK(tina4_response_header(&res, "X-B", "a\x01") == -EINVAL &&
		tina4_response_header(&res, "X-B", "a\x7f") == -EINVAL,
	    "and so is any control byte");
	OK(tina4_response_header(&res, "X-B", " a") == -EINVAL && tina4_response_header(&res, "X-B", "a ") == -EINVAL,
	    "and blanks around it");
	OK(tina4_response_header(&res, "X B", "a") == -EINVAL && tina4_response_header(&res, "X:B", "a") == -EINVAL &&
		tina4_response_header(&res, "", "a") == -EINVAL,
	    "a name is a token");
	OK(tina4_response_header(&res, "content-length", "1") == -EINVAL &&
		tina4_response_header(&res, "Status", "1") == -EINVAL,
	    "length and status are not to be set");
	OK(tina4_response_header(&res, "X-Empty", "") == 0 && has_line("X-Empty: "), "an empty value is a value");
	OK(tina4_response_header(&res, "X-Content-Type-Options", "x") == 0 &&
		strstr(write_as(false), "nosniff") == NULL,
	    "what is a default can be changed");
}

static bool
sets(const char *name, const char *value, const struct tina4_cookie *options, const char *expected)
{
	char line[300];

	response_reset(&res);
	snprintf(line, sizeof(line), "Set-Cookie: %s", expected);
	return tina4_response_cookie(&res, name, value, options) == 0 && has_line(line);
}

static void
cookies_are_safe_unless_asked(void)
{
	res.https = false;
	OK(sets("a", "1", NULL, "a=1; Path=/; HttpOnly; SameSite=Lax"), "the defaults");
	OK(sets("a", "1", &(struct tina4_cookie){ .script = true, .same_site = TINA4_SAMESITE_STRICT },
	       "a=1; Path=/; SameSite=Strict"),
	    "for scripts and strict");
	OK(sets("a", "1", &(struct tina4_cookie){ .path = "/x", .domain = "example.org", .max_age = 60 },
	       "a=1; Path=/x; Domain=example.org; Max-Age=60; HttpOnly; SameSite=Lax"),
	    "path, domain and age");
	OK(sets("a", "", &(struct tina4_cookie){ .max_age = -1 }, "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
	    "a negative age deletes it");
	OK(sets("a", "1", &(struct tina4_cookie){ .same_site = TINA4_SAMESITE_NONE },
	       "a=1; Path=/; HttpOnly; SameSite=None; Secure"),
	    "SameSite=None is Secure always");
	res.https = true;
	OK(sets("a", "1", NULL, "a=1; Path=/; HttpOnly; SameSite=Lax; Secure"), "behind https they are Secure");
	OK(sets("a", "1", &(struct tina4_cookie){ .insecure = true }, "a=1; Path=/; HttpOnly; SameSite=Lax"),
	    "unless asked");
	OK(tina4_response_cookie(&res, "b", "\"2\"", NULL) == 0 &&
		has_line("Set-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax") &&
		has_line("Set-Cookie: b=\"2\"; Path=/; HttpOnly; SameSite=Lax; Secure"),
	    "several have a line each");
}

static void
wrong_cookies_are_refused(void)
{
	response_reset(&res);
	OK(tina4_response_cookie(&res, "a b", "1", NULL) == -EINVAL &&
		tina4_response_cookie(&res, "", "1", NULL) == -EINVAL,
	    "a name is a token");
	OK(tina4_response_cookie(&res, "a", "1;2", NULL) == -EINVAL &&
		tina4_response_cookie(&res, "a", "1 2", NULL) == -EINVAL &&
		tina4_response_cookie(&res, "a", "1,2", NULL) == -EINVAL &&
		tina4_response_cookie(&res, "a", "\xc3\xa9", NULL) == -EINVAL &&
		tina4_response_cookie(&res, "a", "\"", NULL) == -EINVAL,
	    "a value has no byte with a meaning");
	OK(tina4_response_cookie(&res, "a", "1", &(struct tina4_cookie){ .path = "x" }) == -EINVAL &&
		tina4_response_cookie(&res, "a", "1", &(struct tina4_cookie){ .path = "/;x" }) == -EINVAL &&
		tina4_response_cookie(&res, "a", "1", &(struct tina4_cookie){ .reserved = { 1 } }) == -EINVAL &&
		tina4_response_cookie(&res, "a", "1", &(struct tina4_cookie){ .domain = "a; b" }) == -EINVAL,
	    "nor have path and domain, and options are of this version");
	OK(strstr(write_as(false), "Set-Cookie") == NULL, "nothing of it is sent");
}

static void
an_error_is_json(void)
{
	response_reset(&res);
	OK(tina4_response_error(&res, 422, "no \"%s\"", "name") == 0 &&
		writes("Status: 422 Unprocessable Content\r\nContent-Type: application/json\r\n"
		       "X-Content-Type-Options: nosniff\r\nContent-Length: 23\r\n\r\n{\"error\":\"no \\\"name\\\"\"}"),
	    "an error is a JSON object with a status");
	OK(tina4_response_error(&res, 42, "x") == -EINVAL && res.status == 422, "a wrong status changes nothing");
}

static void
a_redirect_has_a_location(void)
{
	response_reset(&res);
	tina4_response_text(&res, "gone");
	OK(tina4_response_redirect(&res, 303, "/a?b=c") == 0 &&
		writes("Status: 303 See Other\r\nLocation: /a?b=c\r\nX-Content-Type-Options: nosniff\r\n"
		       "Content-Length: 0\r\n\r\n"),
	    "a redirect is a Location without a body");
	OK(tina4_response_redirect(&res, 200, "/") == -EINVAL, "another status is none");
	OK(tina4_response_redirect(&res, 302, "/a\r\nX: y") == -EINVAL &&
		tina4_response_redirect(&res, 302, "/a b") == -EINVAL &&
		tina4_response_redirect(&res, 302, "") == -EINVAL,
	    "nor is what is no reference");
}

/* A site that sends its visitors wherever a link says is a help for those who phish. */
static void
a_redirect_stays_here(void)
{
	static const char *const here[] = { "/", "/a?b=http://c", "?page=2", "#top", "next", "../up", "a/b:c",
		"/a//b" };
	static const char *const away[] = { "//evil.example", "\\\\evil.example", "/\\evil.example",
		"javascript:alert(1)", "JavaScript:x", "data:text/html,x", "http://evil.example", "a:b", "/a\\b",
		"\t//evil.example" };
	static const char *const web[] = { "https://pay.example/a?b#c", "HTTP://x", "https://user@host:8443/" };
	static const char *const not_web[] = { "/", "//x", "https://", "https:///x", "https://?x", "ftp://x",
		"javascript:alert(1)", "https:\\\\x", "https://a\\b", "https://a b" };

	response_reset(&res);
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		OK(tina4_response_redirect(&res, 303, here[i]) == 0, here[i]);
	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
		OK(tina4_response_redirect(&res, 303, away[i]) == -EINVAL, "what leads away is refused");
	for (size_t i = 0; i < sizeof(web) / sizeof(web[0]); i++)
		OK(tina4_response_redirect_away(&res, 303, web[i]) == 0, web[i]);
	for (size_t i = 0; i < sizeof(not_web) / sizeof(not_web[0]); i++)
		OK(tina4_response_redirect_away(&res, 303, not_web[i]) == -EINVAL,
		    "what is no address of the web, too");
}

static bool
ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void
a_file_is_a_body(void)
{
	char directory[] = "/tmp/test_response.XXXXXX";
	char path[64], fifo[64];
	FILE *file;

	if (mkdtemp(directory) == NULL)
		return;
	snprintf(path, sizeof(path), "%s/page.HTML", directory);
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	file = fopen(path, "w");
	fputs("<p>file", file);
	fclose(file);
	mkfifo(fifo, 0600);

	response_reset(&res);
	OK(tina4_response_file(&res, path, NULL) == 0 && has_line("Content-Type: text/html; charset=utf-8") &&
		has_line("Content-Length: 7") && ends_with(write_as(false), "\r\n\r\n<p>file"),
	    "a file has its type by its ending");
	OK(ends_with(write_as(false), "<p>file"), "writing it twice writes the same");
	OK(ends_with(write_as(true), "Content-Length: 7\r\n\r\n"), "HEAD knows its length");
	OK(tina4_response_file(&res, "/nowhere", NULL) == -ENOENT &&
		tina4_response_file(&res, directory, NULL) == -ENOENT &&
		tina4_response_file(&res, fifo, NULL) == -ENOENT,
	    "no file, a directory and a fifo are none");
	OK(ends_with(write_as(false), "<p>file"), "and leave the body before");
	OK(tina4_response_file(&res, path, "text/x") == 0 && has_line("Content-Type: text/x"), "a type can be said");
	truncate(path, 3);
	OK(response_write(&res, append, &written) == -EIO, "a file that shrinks is cut short, not padded");
	OK(tina4_response_text(&res, "text") == 0 && ends_with(write_as(false), "\r\n\r\ntext"),
	    "text takes its place");

	unlink(fifo);
	unlink(path);
	rmdir(directory);
}

/* Such as a query's value that is not there, handed on. */
static void
what_is_null_is_refused(void)
{
	const char *volatile none = NULL; /* the compiler would warn of a NULL it sees */
	cJSON *json = NULL;

	response_reset(&res);
	OK(tina4_response_text(&res, "kept") == 0, "an answer");
	OK(tina4_response_text(&res, none) == -EINVAL && tina4_response_html(&res, none) == -EINVAL &&
		tina4_response_body(&res, none, 1, NULL) == -EINVAL,
	    "no text is none");
	OK(tina4_response_json(&res, &json) == -EINVAL && tina4_response_json(&res, NULL) == -EINVAL, "nor is no JSON");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
	OK(tina4_response_jsonf(&res, none) == -EINVAL && tina4_response_error(&res, 400, none) == -EINVAL,
	    "nor no format");
#pragma GCC diagnostic pop
	OK(tina4_response_header(&res, "A", none) == -EINVAL && tina4_response_header(&res, none, "a") == -EINVAL &&
		tina4_response_cookie(&res, "a", none, NULL) == -EINVAL &&
		tina4_response_cookie(&res, none, "a", NULL) == -EINVAL,
	    "nor half a header or cookie");
	OK(tina4_response_redirect(&res, 303, none) == -EINVAL && tina4_response_file(&res, none, NULL) == -EINVAL,
	    "nor nowhere");
	OK(tina4_response_jsonf(&res, "{'a':%d", 1) == -EINVAL, "a format must make whole JSON");
	OK(ends_with(write_as(false), "\r\n\r\nkept") && res.status == 200, "the answer is as it was");
	OK(tina4_response_body(&res, NULL, 0, NULL) == 0 && ends_with(write_as(false), "\r\n\r\n"),
	    "nothing of no length is an empty body");
}

static void
a_broken_sink_ends_it(void)
{
	response_reset(&res);
	OK(response_write(&res, refuse, NULL) == -EPIPE, "the sink's error is the writer's");
}

int
main(void)
{
	response_init(&res);
	an_empty_response_is_200();
	bodies_have_type_and_length();
	head_is_all_but_the_body();
	some_statuses_have_no_body();
	a_status_is_in_range();
	headers_cannot_be_split();
	cookies_are_safe_unless_asked();
	wrong_cookies_are_refused();
	an_error_is_json();
	a_redirect_has_a_location();
	a_redirect_stays_here();
	a_file_is_a_body();
	what_is_null_is_refused();
	a_broken_sink_ends_it();
	response_free(&res);
	buf_free(&written);
	return tap_done();
}
