#include <string.h>

#include "sidecar/edge/request_line.h"
#include "tests/tap.h"

static struct request_line *
parse(const char *text)
{
	return request_line_parse(text, strlen(text), "192.0.2.1");
}

static void
test_line(void)
{
	struct request_line *line = parse("GET /chat/a%20b?name=J%C3%B6rg&x=1 HTTP/1.1\r");

	OK(line != NULL && line->is_get, "a GET is known");
	OK(strcmp(line->path, "/chat/a b") == 0 && line->path_len == 9, "its path is decoded");
	OK(strcmp(line->query, "name=J%C3%B6rg&x=1") == 0, "its query is not");
	OK(strcmp(line->ip, "192.0.2.1") == 0 && !line->for_admin, "the peer's address is kept");
	request_line_free(line);

	line = parse("POST / HTTP/1.1");
	OK(line != NULL && !line->is_get && strcmp(line->query, "") == 0,
	    "another method is not; no query is an empty one");
	request_line_free(line);
	line = parse("GET /?a?b HTTP/1.1");
	OK(line != NULL && strcmp(line->path, "/") == 0 && strcmp(line->query, "a?b") == 0,
	    "the first '?' begins the query");
	request_line_free(line);
	line = parse("get / HTTP/1.1");
	OK(line != NULL && !line->is_get, "a method has its case");
	request_line_free(line);
}

static void
test_refused(void)
{
	char text[REQUEST_LINE_BYTES] = "GET /";

	OK(parse("GET /a%2Fb HTTP/1.1") == NULL, "an encoded slash is refused");
	OK(parse("GET /a%00 HTTP/1.1") == NULL, "so is a NUL");
	OK(parse("GET /a%2 HTTP/1.1") == NULL, "a bad escape");
	OK(parse("GET a HTTP/1.1") == NULL, "a path without its slash");
	OK(parse("GET  HTTP/1.1") == NULL, "an empty one");
	OK(parse("GET http://a.org/ HTTP/1.1") == NULL, "an absolute target");
	OK(parse("GET /?a=%0aOrigin:x HTTP/1.1") == NULL, "a line end in the query");
	OK(parse("GET /?a\x01 HTTP/1.1") == NULL, "a bare control byte there");
	OK(parse("GET /?100% HTTP/1.1") == NULL && parse("GET /?a=%4 HTTP/1.1") == NULL, "a bad escape there");
	memset(text + 5, 'a', 2 * PATH_MAX_BYTES);
	strcpy(text + 5 + 2 * PATH_MAX_BYTES, " HTTP/1.1");
	OK(parse(text) == NULL, "and a path that is too long");
}

static void
test_no_line(void)
{
	OK(parse("") == NULL, "an empty line is none");
	OK(parse("\r") == NULL, "nor is a blank one");
	OK(parse("GET") == NULL && parse("GET /") == NULL, "a line without its three parts is none");
	OK(parse("\x16\x03\x01") == NULL, "nor is the beginning of TLS");
	OK(request_line_parse("GET / HTTP", 5, "") == NULL, "what lies behind the line's end is not looked at");
	request_line_free(NULL);
}

int
main(void)
{
	test_line();
	test_refused();
	test_no_line();
	return tap_done();
}
