#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/multipart.h"
#include "shared/buf.h"
#include "tests/tap.h"

/* Each test parses a body with the boundary "xx", part by part. */

static const char type[] = "multipart/form-data; boundary=xx";
static struct multipart multipart;
static struct multipart_part part;

/* Returns what multipart_begin() does, or then the first multipart_next(). */
static int
parse_bytes(const char *body, size_t len)
{
	int r = multipart_begin(&multipart, type, body, len);

	return r < 0 ? r : multipart_next(&multipart, &part);
}

static int
parse(const char *body)
{
	return parse_bytes(body, strlen(body));
}

static int
parse_header(const char *header)
{
	static char body[20000];

	snprintf(body, sizeof(body), "--xx\r\n%s\r\n\r\ndata\r\n--xx--", header);
	return parse(body);
}

static bool
data_is(const char *data)
{
	return part.len == strlen(data) && memcmp(part.data, data, part.len) == 0;
}

#define FIELD(name) "Content-Disposition: form-data; name=" name "\r\n\r\n"

static void
parts_come_in_order(void)
{
	OK(parse("--xx\r\n" FIELD("a") "one\r\n--xx\r\n" FIELD("b") "\r\n--xx\r\n" FIELD(
	       "c") "--x\r\n\r\n--xx--\r\n") == 1 &&
		strcmp(part.name, "a") == 0 && data_is("one") && !part.has_filename && part.type[0] == '\0',
	    "the first part");
	OK(multipart_next(&multipart, &part) == 1 && strcmp(part.name, "b") == 0 && data_is(""), "an empty one");
	OK(multipart_next(&multipart, &part) == 1 && data_is("--x\r\n"), "one that looks like a delimiter");
	OK(multipart_next(&multipart, &part) == 0 && multipart_next(&multipart, &part) == 0, "and the end");
}

static void
what_surrounds_parts_is_skipped(void)
{
	OK(parse("preamble\r\n--xx \t\r\n" FIELD("a") "1\r\n--xx--epilogue") == 1 && data_is("1"),
	    "a preamble, and blanks behind a boundary");
	OK(multipart_next(&multipart, &part) == 0, "and an epilogue");
	OK(parse("--xx--") == 0, "no parts at all");
}

static void
data_may_be_any_bytes(void)
{
	static const char body[] = "--xx\r\n" FIELD("a") "\0\r\n\r\n--x\0\xff\r\n--xx--";

	OK(parse_bytes(body, sizeof(body) - 1) == 1 && part.len == 10 &&
		memcmp(part.data, "\0\r\n\r\n--x\0\xff", 10) == 0,
	    "line ends and NULs are data");
}

/* True when a part with this Content-Disposition is a file of that name, in the field f. */
static bool
is_named(const char *disposition, const char *filename)
{
	char header[256];

	snprintf(header, sizeof(header), "Content-Disposition: %s", disposition);
	return parse_header(header) == 1 && part.has_filename && strcmp(part.filename, filename) == 0 &&
	    strcmp(part.name, "f") == 0;
}

static void
a_file_has_name_and_type(void)
{
	OK(parse_header("content-disposition:form-data ; filename=\"a \\\"b\\\" C:\\d.txt\"; name=\"f\"\r\n"
			"Content-Type:  text/plain; charset=x  \r\nX-Other: y") == 1,
	    "a header in another order");
	OK(part.has_filename && strcmp(part.filename, "a \"b\" C:\\d.txt") == 0, "only quotes are escaped");
	OK(strcmp(part.type, "text/plain; charset=x") == 0 && data_is("data"), "the type is whole");
	OK(parse_header("Content-Disposition: form-data; name=f; filename=") == -EINVAL &&
		parse_header("Content-Disposition: form-data; name=f; filename=\"\"") == 1 && part.has_filename,
	    "an empty filename is quoted");
	OK(is_named("form-data; name=f; filename=\"back\\\"", "back\\") &&
		is_named("form-data; filename=\"back\\\"; name=f", "back\\") &&
		is_named("form-data; name=f; filename=\"a\\\\b\"", "a\\\\b"),
	    "a backslash is one, at the end as well");
	OK(is_named("form-data; name=f; filename=\"%22a%22%0D%0A 100%.txt\"", "\"a\"\r\n 100%.txt") &&
		is_named("form-data; name=f; filename=\"%20%2\"", "%20%2"),
	    "browsers escape a quote and line ends, and nothing else");
	OK(is_named("form-data; name=f; filename*=UTF-8''na%C3%AFve%20x.txt", "na\xc3\xafve x.txt") &&
		is_named("form-data; name=f; filename*=utf-8'en'plain", "plain"),
	    "a name in UTF-8 alone is one");
	OK(is_named("form-data; name=f; filename=\"first\"; filename*=UTF-8''second", "first"),
	    "beside another it is not");
	OK(parse_header("Content-Disposition: form-data; name=f; filename*=UTF-8''a%00b\r\n\r\n") == -EINVAL &&
		parse_header("Content-Disposition: form-data; name=f; filename*=UTF-8''%FF\r\n\r\n") == -EINVAL &&
		parse_header("Content-Disposition: form-data; name=f; filename*=x\r\n\r\n") == -EINVAL &&
		parse_header("Content-Disposition: form-data; name=f; filename*=UTF-8''%4\r\n\r\n") == -EINVAL,
	    "one that is malformed is refused");
}

static void
malformed_headers_are_refused(void)
{
	OK(parse_header("Content-Type: text/plain") == -EINVAL, "a part without a name");
	OK(parse_header("Content-Disposition: attachment; name=a") == -EINVAL, "another disposition");
	OK(parse_header("Content-Disposition: form-data; name=\"a") == -EINVAL, "a quote without its end");
	OK(parse_header("Content-Disposition: form-data; name") == -EINVAL, "a parameter without a value");
	OK(parse_header("Content-Disposition: form-data name=a") == -EINVAL, "a parameter without ';'");
	OK(parse_header("Content-Disposition: form-data; name=\"a\x01\"") == -EINVAL, "a control byte");
	OK(parse_header("Content-Disposition: form-data;\r\n name=a") == -EINVAL, "a folded line");
	OK(parse_header("no colon") == -EINVAL && parse_header(": a") == -EINVAL, "a line that is no field");
}

static void
a_body_that_is_cut_short_is_refused(void)
{
	static const char body[] = "--xx\r\n" FIELD("a") "one\r\n--xx--";
	bool all = true;

	for (size_t len = 0; len < sizeof(body) - 1; len++) {
		char *exact = malloc(len + 1);

		memcpy(exact, body, len);
		if (parse_bytes(exact, len) == 1)
			all = all && multipart_next(&multipart, &part) == -EINVAL;
		free(exact);
	}
	OK(all, "wherever it is cut");
	OK(parse("--xx\r\n" FIELD("a") "one\r\n--xxy\r\n") == 1 && multipart_next(&multipart, &part) == -EINVAL,
	    "and a boundary goes to the end of its line");
}

static int
begin(const char *content_type)
{
	return multipart_begin(&multipart, content_type, "--xx--", 6);
}

static void
the_boundary_is_found(void)
{
	char longest[200] = "multipart/form-data; boundary=";

	OK(begin("multipart/form-data; charset=utf-8; Boundary=\"xx\"") == 0, "among other parameters, quoted");
	OK(begin("multipart/form-data") == -EINVAL && begin("multipart/form-data; boundary=\"\"") == -EINVAL,
	    "there is none");
	OK(begin("multipart/form-data; boundary=yy") == -EINVAL, "the body has another");
	memset(longest + strlen(longest), 'x', MULTIPART_MAX_BOUNDARY + 1);
	OK(begin(longest) == -EINVAL, "it is longer than allowed");
}

static void
there_are_limits(void)
{
	static char value[MULTIPART_MAX_HEADER + 100];
	struct buf body = BUF_INIT;
	int r;

	memset(value, 'v', sizeof(value) - 1);
	memcpy(value, "X: ", 3);
	OK(parse_header(value) == -E2BIG, "on a part's header");

	memset(value, 'v', sizeof(value) - 1);
	memcpy(value, "Content-Disposition: form-data; name=", 37);
	value[37 + MULTIPART_MAX_NAME - 1] = '\0';
	OK(parse_header(value) == 1, "a name may be long");
	value[37 + MULTIPART_MAX_NAME - 1] = 'v';
	value[37 + MULTIPART_MAX_NAME] = '\0';
	OK(parse_header(value) == -E2BIG, "up to a limit");

	for (int i = 0; i < MULTIPART_MAX_PARTS + 1; i++)
		buf_string(&body, "\r\n--xx\r\n" FIELD("a") "1");
	buf_string(&body, "\r\n--xx--");
	r = parse_bytes((char *)body.data, body.len);
	for (int i = 1; i < MULTIPART_MAX_PARTS && r == 1; i++)
		r = multipart_next(&multipart, &part);
	OK(r == 1 && multipart_next(&multipart, &part) == -E2BIG, "on the number of parts");
	buf_free(&body);
}

int
main(void)
{
	parts_come_in_order();
	what_surrounds_parts_is_skipped();
	data_may_be_any_bytes();
	a_file_has_name_and_type();
	malformed_headers_are_refused();
	a_body_that_is_cut_short_is_refused();
	the_boundary_is_found();
	there_are_limits();
	return tap_done();
}
