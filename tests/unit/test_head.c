#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/elements.h"
#include "tests/tap.h"

#define GET "GET /a HTTP/1.1\r\nHost: a.org\r\n"

static struct head head;

/* Reads a text at once. */
static enum refusal
read_bytes(const char *text, size_t len)
{
	head_init(&head);
	head_read(&head, text, len);
	return head.refusal;
}

static enum refusal
read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

/* The same with one more line in a head that is otherwise good. */
static enum refusal
read_line(const char *line)
{
	static char text[2 * HEAD_MAX_BYTES];

	snprintf(text, sizeof(text), GET "%s\r\n\r\n", line);
	return read_text(text);
}

static bool
is(struct span span, const char *text)
{
	return span.data != NULL && span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static void
test_good(void)
{
	static const char text[] = "GET /chat/a%20b?x=1?y HTTP/1.1\r\nHost: Example.org:81\r\nX-Empty:\r\n"
				   "x-tabs: \t a b \t\r\nX-Empty: now not\r\n\r\nbody";

	OK(read_text(text) == REFUSAL_NONE && head.whole, "a good head is read");
	OK(head.len == strlen(text) - strlen("body"), "up to the empty line, and no further");
	OK(is(head_method(&head), "GET") && head_is(&head, "GET") && !head_is(&head, "get"), "a method has its case");
	OK(is(head_path(&head), "/chat/a%20b") && is(head_query(&head), "x=1?y"),
	    "path and query are there as they came");
	OK(is(head_host(&head), "Example.org:81") && head.minor == 1, "host and version as well");
	OK(head.n_fields == 4 && is(head_name(&head, 2), "x-tabs") && is(head_value(&head, 2), "a b"),
	    "fields are in their order, without blanks around the values");
	OK(is(head_get(&head, "x-empty"), "") && head_count(&head, "X-EMPTY") == 2,
	    "the first of a name is found, in any case");
	OK(head_get(&head, "x").data == NULL && head_get(&head, "x-emptyy").data == NULL,
	    "a name that is the beginning of another is another");
	OK(!head_has_body(&head), "it has no body");
}

static void
test_targets(void)
{
	OK(read_text("GET http://B.org:8080/x?y HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_NONE &&
		is(head_path(&head), "/x") && is(head_query(&head), "y") && is(head_host(&head), "B.org:8080"),
	    "an absolute target brings its own host");
	OK(read_text("GET HTTPS://b.org HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_NONE &&
		is(head_path(&head), "/") && is(head_query(&head), ""),
	    "and needs no path");
	OK(read_text("GET http://b.org?y HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_NONE &&
		is(head_path(&head), "/") && is(head_query(&head), "y"),
	    "not even before a query");
	OK(read_text("GET http://u@b.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_HOST, "but no user");
	OK(read_text("GET http:///x HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_HOST, "and a host");
	OK(read_text("GET ftp://b.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "of HTTP");
	OK(read_text("OPTIONS * HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_NONE && head.asterisk,
	    "OPTIONS may ask for all");
	OK(read_text("GET * HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "others may not");
	OK(read_text("CONNECT a.org:80 HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "a tunnel is no target");
	OK(read_text("GET a HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "nor is a path without its slash");
	OK(read_text("GET /a#b HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "nor one with a fragment");
	OK(read_text("GET /a\x01 HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "nor with a control byte");
	OK(read_text("GET /a\tb HTTP/1.1\r\nHost: a.org\r\n\r\n") == REFUSAL_TARGET, "nor with a tab");
}

static void
test_request_lines(void)
{
	static const char nul[] = "GET /a\0b HTTP/1.1\r\nHost: a.org\r\n\r\n";

	OK(read_text("G\x7fT / HTTP/1.1\r\n") == REFUSAL_METHOD, "a method is a token");
	OK(read_text("GET  / HTTP/1.1\r\n") == REFUSAL_TARGET, "there is one blank between two parts");
	OK(read_text("GET /a b HTTP/1.1\r\n") == REFUSAL_TARGET, "and none within one");
	OK(read_text("GET / HTTP/1.1 \r\n") == REFUSAL_REQUEST_LINE, "nor at the end");
	OK(read_text("GET\t/ HTTP/1.1\r\n") == REFUSAL_REQUEST_LINE || head.refusal == REFUSAL_METHOD,
	    "a tab is no blank");
	OK(read_text(" GET / HTTP/1.1\r\n") == REFUSAL_METHOD, "nor may one come first");
	OK(read_text("GET /\r\n") == REFUSAL_REQUEST_LINE, "HTTP/0.9 is no more");
	OK(read_text("GET\r\n") == REFUSAL_REQUEST_LINE, "one word is no request");
	OK(read_bytes(nul, sizeof(nul) - 1) == REFUSAL_TARGET, "a NUL is not in a target");
	OK(read_text("GET / http/1.1\r\n") == REFUSAL_REQUEST_LINE, "HTTP has its case");
	OK(read_text("GET / HTTP/1.\r\n") == REFUSAL_REQUEST_LINE &&
		read_text("GET / HTTP/1.10\r\n") == REFUSAL_REQUEST_LINE &&
		read_text("GET / HTTP/a.b\r\n") == REFUSAL_REQUEST_LINE &&
		read_text("GET / HTTP/1,1\r\n") == REFUSAL_REQUEST_LINE,
	    "a version is two digits");
	OK(read_text("GET / HTTP/1.0\r\n\r\n") == REFUSAL_NONE && head.minor == 0 && is(head_host(&head), ""),
	    "HTTP/1.0 is read, also without a host");
	OK(read_text("GET / HTTP/9.9\r\n") == REFUSAL_HTTP_VERSION &&
		read_text("GET / HTTP/1.2\r\n") == REFUSAL_HTTP_VERSION &&
		read_text("GET / HTTP/0.9\r\n") == REFUSAL_HTTP_VERSION,
	    "versions that do not exist are refused");
	OK(read_text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == REFUSAL_OTHER_HTTP,
	    "and so is one that does, in its own way");
	OK(read_text("\r\n\r\n" GET "\r\n") == REFUSAL_NONE && head.whole, "empty lines in front do not matter");
}

static void
test_lines(void)
{
	static const char nul[] = GET "X: a\0b\r\n\r\n";

	OK(read_text("GET / HTTP/1.1\nHost: a.org\n\n") == REFUSAL_LINE_END, "a line feed alone ends no line");
	OK(read_text(GET "X: a\n\r\n") == REFUSAL_LINE_END && read_text("\n" GET "\r\n") == REFUSAL_LINE_END,
	    "wherever it is");
	OK(read_line("X: a\rY: b") == REFUSAL_FIELD_VALUE, "nor does a carriage return");
	OK(read_line("X: a\r") == REFUSAL_FIELD_VALUE, "nor two of them");
	OK(read_text(GET "\r\r\n") == REFUSAL_FIELD_NAME, "the empty line is empty");
	OK(read_line("X: a\r\n b") == REFUSAL_FOLDED && read_line("X: a\r\n\tb") == REFUSAL_FOLDED,
	    "a field ends with its line");
	OK(read_text("GET / HTTP/1.1\r\n Host: a.org\r\n\r\n") == REFUSAL_FOLDED, "also the first one");
	OK(read_line("Hos") == REFUSAL_FIELD_NAME, "a line without a colon is no field");
	OK(read_line(": a") == REFUSAL_FIELD_NAME, "nor is one without a name");
	OK(read_line("X : a") == REFUSAL_FIELD_NAME, "a blank before the colon is not let through");
	OK(read_line("X Y: a") == REFUSAL_FIELD_NAME && read_line("X\xc3: a") == REFUSAL_FIELD_NAME &&
		read_line("X(: a") == REFUSAL_FIELD_NAME,
	    "a name is a token");
	OK(read_bytes(nul, sizeof(nul) - 1) == REFUSAL_FIELD_VALUE, "a NUL is in no value");
	OK(read_line("X: a\x01") == REFUSAL_FIELD_VALUE && read_line("X: \x7f") == REFUSAL_FIELD_VALUE,
	    "nor is another control byte");
	OK(read_line("X: a\tb\xc3\xbc") == REFUSAL_NONE, "a tab and UTF-8 may be");
	OK(read_line("Hos: x") == REFUSAL_NONE && is(head_host(&head), "a.org") && head.n_fields == 2,
	    "a name that begins like Host is a name of its own");
}

static void
test_hosts(void)
{
	OK(read_text("GET / HTTP/1.1\r\n\r\n") == REFUSAL_NO_HOST, "there must be a Host");
	OK(read_line("Host: b.org") == REFUSAL_NO_HOST && read_line("host: a.org") == REFUSAL_NO_HOST,
	    "and only one, even the same");
	OK(read_text("GET http://a.org/ HTTP/1.1\r\n\r\n") == REFUSAL_NO_HOST, "an absolute target does not spare it");
	OK(read_text("GET / HTTP/1.1\r\nHost:\r\n\r\n") == REFUSAL_HOST, "it is not empty");
	OK(read_text("GET / HTTP/1.1\r\nHost: a.org, b.org\r\n\r\n") == REFUSAL_HOST, "nor a list");
	OK(read_text("GET / HTTP/1.1\r\nHost: a.org/x\r\n\r\n") == REFUSAL_HOST, "nor an address");
	OK(read_text("GET / HTTP/1.1\r\nHost: [2001:db8::1]:7148\r\n\r\n") == REFUSAL_NONE, "IPv6 has its brackets");
}

static void
test_bodies(void)
{
	OK(read_line("Content-Length: 0") == REFUSAL_NONE && head.has_length && !head_has_body(&head),
	    "a length of 0 is no body");
	OK(read_line("Content-Length: 0042") == REFUSAL_NONE && head.body_len == 42 && head_has_body(&head),
	    "another one is");
	OK(read_line("Content-Length: 99999999999999999999999") == REFUSAL_NONE && head.body_len == SIZE_MAX,
	    "a huge one does not wrap around");
	OK(read_line("Content-Length: 1\r\nContent-Length: 2") == REFUSAL_LENGTH, "two lengths contradict each other");
	OK(read_line("Content-Length: 1\r\nContent-Length: 1") == REFUSAL_LENGTH, "the same twice is refused too");
	OK(read_line("Content-Length: 1, 1") == REFUSAL_LENGTH && read_line("Content-Length: +1") == REFUSAL_LENGTH &&
		read_line("Content-Length: 0x1") == REFUSAL_LENGTH &&
		read_line("Content-Length: -1") == REFUSAL_LENGTH && read_line("Content-Length:") == REFUSAL_LENGTH &&
		read_line("Content-Length: 1 2") == REFUSAL_LENGTH,
	    "and what is no number");
	OK(read_line("Transfer-Encoding: Chunked") == REFUSAL_NONE && head.chunked && head_has_body(&head),
	    "chunks are a body");
	OK(read_line("Transfer-Encoding: chunked\r\nContent-Length: 1") == REFUSAL_TRANSFER,
	    "with a length they are refused");
	OK(read_line("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") == REFUSAL_TRANSFER &&
		read_line("Transfer-Encoding: chunked, chunked") == REFUSAL_TRANSFER &&
		read_line("Transfer-Encoding: , chunked") == REFUSAL_TRANSFER,
	    "and so is anything but that one word");
	OK(read_line("Transfer-Encoding: gzip") == REFUSAL_TRANSFER_CODING && refusal_status(head.refusal) == 501,
	    "another coding is not known");
	OK(read_text("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == REFUSAL_TRANSFER, "HTTP/1.0 has none");
}

/* A head that has so many bytes, of which one value is made. */
static char *
head_of(size_t len)
{
	char *text = malloc(len + 1);
	size_t used = (size_t)sprintf(text, GET "X: ");

	memset(text + used, 'a', len - used - 4);
	strcpy(text + len - 4, "\r\n\r\n");
	return text;
}

static void
test_limits(void)
{
	char *text = head_of(HEAD_MAX_BYTES);
	static char many[HEAD_MAX_BYTES], target[2 * HEAD_MAX_TARGET];

	OK(read_text(text) == REFUSAL_NONE && head.len == HEAD_MAX_BYTES, "the largest head is read");
	free(text);
	text = head_of(HEAD_MAX_BYTES + 1);
	OK(read_text(text) == REFUSAL_HEAD_TOO_LARGE && refusal_status(head.refusal) == 431,
	    "one byte more is too large");
	free(text);

	strcpy(many, GET);
	for (int i = 1; i < HEAD_MAX_FIELDS; i++)
		strcat(many, "X: a\r\n");
	strcat(many, "\r\n");
	OK(read_text(many) == REFUSAL_NONE && head.n_fields == HEAD_MAX_FIELDS, "the most fields are read");
	strcpy(many + strlen(many) - 2, "X: a\r\n\r\n");
	OK(read_text(many) == REFUSAL_TOO_MANY_FIELDS, "one more is too many");

	strcpy(target, "GET /");
	memset(target + 5, 'a', HEAD_MAX_TARGET - 1);
	strcat(target, " HTTP/1.1\r\nHost: a\r\n\r\n");
	OK(read_text(target) == REFUSAL_NONE, "the longest target is read");
	strcpy(target + 4 + HEAD_MAX_TARGET, "a HTTP/1.1\r\nHost: a\r\n\r\n");
	OK(read_text(target) == REFUSAL_TARGET_TOO_LONG && refusal_status(head.refusal) == 414,
	    "one byte more is too long");
	memset(target + 5, 'a', HEAD_MAX_TARGET + 100);
	OK(read_text(target) == REFUSAL_TARGET_TOO_LONG, "which needs no end of its line");
	OK(read_text("\x16\x03\x01") == REFUSAL_METHOD, "what is no request at all is not waited for");
	OK(read_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") == REFUSAL_METHOD, "nor is an endless method");
}

static void
test_pieces(void)
{
	static const char text[] = "\r\nPOST /a?b HTTP/1.1\r\nHost: a.org\r\nContent-Length: 4\r\nX: y\r\n\r\nbody";
	size_t len = strlen(text), whole = len - 4;
	bool same = true, early = false;

	for (size_t cut = 0; cut < whole; cut++) {
		char *moved = malloc(cut + 1); /* the bytes move between two calls */

		memcpy(moved, text, cut);
		head_init(&head);
		early |= head_read(&head, moved, cut);
		free(moved);
		same &= head_read(&head, text, len) && head.whole && head.len == whole &&
		    is(head_get(&head, "x"), "y") && is(head_path(&head), "/a") && head.body_len == 4;
	}
	OK(!early, "a part of a head is not a whole one");
	OK(same, "it is the same in any two pieces");
	head_init(&head);
	for (size_t n = 1; n < whole; n++)
		early |= head_read(&head, text, n);
	OK(!early && head_read(&head, text, whole) && head.whole, "and byte by byte");
	OK(head_read(&head, text, len) && head.len == whole, "once it is over it stays so");
}

static void
test_joins(void)
{
	struct buf joined = BUF_INIT;

	read_line("X-Forwarded-For: 1.1.1.1\r\nCookie: a=1\r\nx-forwarded-for: 2.2.2.2, 3.3.3.3\r\ncookie: b=2");
	OK(head_join(&head, "X-Forwarded-For", &joined) == 2 &&
		strcmp(buf_cstr(&joined), "1.1.1.1, 2.2.2.2, 3.3.3.3") == 0,
	    "lines of one name are one list");
	buf_clear(&joined);
	OK(head_join(&head, "Cookie", &joined) == 2 && strcmp(buf_cstr(&joined), "a=1; b=2") == 0,
	    "cookies in their way");
	buf_clear(&joined);
	OK(head_join(&head, "None", &joined) == 0 && joined.len == 0, "no line is no list");
	buf_free(&joined);
}

static void
test_lists(void)
{
	struct head_list list;
	struct span element;

	read_line("Upgrade: foo,, WebSocket ,\r\nX: x\r\nUpgrade: , \r\nUpgrade: bar/1.0");
	OK(head_lists(&head, "upgrade", "websocket"), "an element is found in any case, beside empty ones");
	OK(head_lists(&head, "Upgrade", "bar/1.0"), "and in a later line");
	OK(!head_lists(&head, "Upgrade", "bar") && !head_lists(&head, "Upgrade", "web") && !head_lists(&head, "Y", "x"),
	    "by its whole name");
	list = head_list(&head, "Upgrade");
	OK(head_list_next(&list, &element) && is(element, "foo") && head_list_next(&list, &element) &&
		is(element, "WebSocket") && head_list_next(&list, &element) && is(element, "bar/1.0") &&
		!head_list_next(&list, &element),
	    "the elements come in their order");
	read_line("E: a; b=\"x, \\\"y\", c, \"");
	list = head_list(&head, "E");
	OK(head_list_next(&list, &element) && is(element, "a; b=\"x, \\\"y\"") && head_list_next(&list, &element) &&
		is(element, "c") && head_list_next(&list, &element) && is(element, "\"") &&
		!head_list_next(&list, &element),
	    "a comma in a quoted string separates nothing");
}

static void
test_refusals(void)
{
	bool known = true, unique = true;

	for (int i = 0; i < REFUSAL_COUNT; i++) {
		known &= refusal_name(i) != NULL && refusal_why(i) != NULL && refusal_status(i) > 0 &&
		    strpbrk(refusal_why(i), "\"\\") == NULL;
		if (i > 0)
			known &= strcmp(refusal_phrase(refusal_status(i)), "Unknown") != 0;
		for (int j = 0; j < i && known; j++)
			unique &= strcmp(refusal_name(i), refusal_name(j)) != 0;
	}
	OK(known, "each refusal has a status with a phrase, a name and a sentence");
	OK(unique, "and no other one's name");
}

int
main(void)
{
	test_good();
	test_targets();
	test_request_lines();
	test_lines();
	test_hosts();
	test_bodies();
	test_limits();
	test_pieces();
	test_joins();
	test_lists();
	test_refusals();
	return tap_done();
}
