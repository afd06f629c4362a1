#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/tina4.h"
#include "fcgi/tina4_test.h"
#include "tests/tap.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT" /* of the file */

static char path[] = "/tmp/test_conditional.XXXXXX";
static struct tina4_test_visitor *visitor;

static int
file(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	return tina4_response_file(res, path, "text/plain");
}

static int
tagged(struct tina4_request *req, struct tina4_response *res)
{
	int r = tina4_response_header(res, "ETag", "W/\"mine\"");

	return r == 0 ? file(req, res) : r;
}

static int
missing(struct tina4_request *req, struct tina4_response *res)
{
	int r = file(req, res);

	return r == 0 ? tina4_response_status(res, 404) : r;
}

static const struct tina4_test_response *
ask(const char *method, const char *target, const char *header, const char *another)
{
	const char *const headers[] = { header, another, NULL };
	struct tina4_test_request options = { .headers = headers };

	return tina4_test_http(visitor, method, target, header == NULL ? NULL : &options);
}

static int
status(const char *header, const char *another)
{
	return tina4_test_status(ask("GET", "/file", header, another));
}

static bool
has(const struct tina4_test_response *res, const char *name, const char *value)
{
	const char *got = tina4_test_header(res, name);

	return got != NULL && strcmp(got, value) == 0;
}

static bool
gives(const char *range, const char *body)
{
	const struct tina4_test_response *res = ask("GET", "/file", range, NULL);

	return tina4_test_status(res) == 206 && strcmp(tina4_test_body(res, NULL), body) == 0;
}

static void
check_conditions(const char *etag)
{
	char match[96], none[96], weak[96], list[128];

	snprintf(match, sizeof(match), "If-Match: %s", etag);
	snprintf(none, sizeof(none), "If-None-Match: %s", etag);
	snprintf(weak, sizeof(weak), "If-None-Match: W/%s", etag);
	snprintf(list, sizeof(list), "If-None-Match: \"a,b\", %s", etag);

	OK(status(none, NULL) == 304 && status(weak, NULL) == 304 && status(list, NULL) == 304,
	    "what it has is not sent");
	OK(status("If-None-Match: *", NULL) == 304, "nor to who has anything");
	OK(status("If-None-Match: \"other\"", NULL) == 200 && status("If-None-Match: nonsense", NULL) == 200,
	    "another version is");
	OK(status("If-Modified-Since: " DATE, NULL) == 304 &&
		status("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", NULL) == 200 &&
		status("If-Modified-Since: yesterday", NULL) == 200,
	    "a date says the same");
	OK(status("If-Modified-Since: " DATE, "If-None-Match: \"other\"") == 200, "but less than a tag");
	OK(status(match, NULL) == 200 && status("If-Match: *", NULL) == 200, "who wants this version gets it");
	OK(status("If-Match: \"other\"", NULL) == 412, "who wants another is told");
	OK(status("If-Unmodified-Since: " DATE, NULL) == 200 &&
		status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", NULL) == 412,
	    "so is who wants it unmodified");
	OK(tina4_test_status(ask("POST", "/file", none, NULL)) == 200, "POST has no such conditions");
	OK(tina4_test_status(ask("HEAD", "/file", none, NULL)) == 304, "HEAD has");
}

static void
check_ranges(const char *etag)
{
	char same[96];
	const struct tina4_test_response *res;
	const char *body;

	OK(gives("Range: bytes=2-4", "234") && gives("Range: bytes=-3", "789"), "a range is sent alone");
	res = ask("GET", "/file", "Range: bytes=2-4", NULL);
	OK(has(res, "Content-Range", "bytes 2-4/10") && has(res, "Content-Length", "3") &&
		has(res, "Content-Type", "text/plain"),
	    "and says which");
	res = ask("GET", "/file", "Range: bytes=10-", NULL);
	OK(tina4_test_status(res) == 416 && has(res, "Content-Range", "bytes */10") && tina4_test_json(res) != NULL,
	    "one that is not in the file is refused");
	OK(status("Range: pages=1", NULL) == 200, "another unit means nothing");
	OK(tina4_test_status(ask("HEAD", "/file", "Range: bytes=2-4", NULL)) == 200, "a range is for GET");

	res = ask("GET", "/file", "Range: bytes=0-1, 8-", NULL);
	body = tina4_test_body(res, NULL);
	OK(tina4_test_status(res) == 206 &&
		strncmp(tina4_test_header(res, "Content-Type"), "multipart/byteranges", 20) == 0,
	    "several ranges are parts");
	OK(strstr(body, "\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--") != NULL &&
		strstr(body, "\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--") != NULL,
	    "each with its place");
	OK((size_t)atol(tina4_test_header(res, "Content-Length")) == strlen(body), "and their length is right");

	snprintf(same, sizeof(same), "If-Range: %s", etag);
	OK(status("Range: bytes=0-0", same) == 206 && status("Range: bytes=0-0", "If-Range: " DATE) == 206,
	    "a range of the version that it has");
	OK(status("Range: bytes=0-0", "If-Range: \"other\"") == 200 &&
		status("Range: bytes=0-0", "If-Range: Sun, 06 Nov 1994 08:49:38 GMT") == 200,
	    "of another it gets all");
	snprintf(same, sizeof(same), "If-Range: W/%s", etag);
	OK(status("Range: bytes=0-0", same) == 200, "a weak tag is no proof");
}

static void
check_own_tag(void)
{
	const struct tina4_test_response *res = tina4_test_get(visitor, "/tagged");

	OK(has(res, "ETag", "W/\"mine\""), "a handler's own tag stays");
	OK(tina4_test_status(ask("GET", "/tagged", "If-None-Match: \"mine\"", NULL)) == 304, "and counts");
	OK(tina4_test_status(ask("GET", "/tagged", "If-Match: W/\"mine\"", NULL)) == 412, "but is weak");
	res = tina4_test_get(visitor, "/missing");
	OK(tina4_test_status(res) == 404 && tina4_test_header(res, "ETag") == NULL, "another status is left alone");
}

/* The peak of this process's memory in KiB. */
static long
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
check_large(void)
{
	const struct tina4_test_response *res;
	long before;

	if (truncate(path, (off_t)1 << 30) < 0)
		abort();
	before = peak_kib();
	res = ask("GET", "/file", "Range: bytes=1073741820-", NULL);
	OK(tina4_test_status(res) == 206 && has(res, "Content-Length", "4") &&
		has(res, "Content-Range", "bytes 1073741820-1073741823/1073741824"),
	    "of a file of 1 GiB its end");
	OK(peak_kib() - before < 64 << 10, "without its memory");
}

int
main(void)
{
	const struct timespec times[2] = { { .tv_sec = 784111777 }, { .tv_sec = 784111777 } };
	struct tina4_app *app = tina4_app_new();
	struct tina4_test *test = NULL;
	const struct tina4_test_response *res;
	char etag[64] = "";
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, "0123456789", 10) != 10 || futimens(fd, times) < 0)
		return 1;
	close(fd);
	tina4_any(app, "/file", file);
	tina4_get(app, "/tagged", tagged);
	tina4_get(app, "/missing", missing);
	if (tina4_test_new(&test, &app, NULL) < 0)
		return 1;
	visitor = tina4_test_visitor(test);

	res = tina4_test_get(visitor, "/file");
	if (tina4_test_header(res, "ETag") != NULL)
		snprintf(etag, sizeof(etag), "%s", tina4_test_header(res, "ETag"));
	OK(tina4_test_status(res) == 200 && strcmp(tina4_test_body(res, NULL), "0123456789") == 0, "a file is sent");
	OK(etag[0] == '"' && has(res, "Last-Modified", DATE) && has(res, "Accept-Ranges", "bytes"),
	    "with what tells its version");
	check_conditions(etag);
	check_ranges(etag);
	check_own_tag();
	check_large();
	tina4_test_free(test);
	unlink(path);
	return tap_done();
}
