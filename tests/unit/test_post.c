#include <stdio.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "sidecar/edge/head.h"
#include "sidecar/admin/post.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/routes.h"
#include "sidecar/edge/target.h"
#include "tests/tap.h"

/* Each test changes one thing of a request that would be accepted. */

#define TOKEN "Authorization: Bearer a token with more than thirty-two bytes\r\n"
#define LENGTH "Content-Length: 5\r\n"
#define TYPE "Content-Type: text/plain; charset=utf-8\r\n"

static char secret[] = "a token with more than thirty-two bytes", nothing[] = "";
static struct routes routes;
static struct conf conf = { .admin_token = secret, .ws_max_message = 1000 };
static struct head head;
static struct target target;

/* The verdict on a request, or the status for which the gate itself refuses its head. */
static struct post_verdict
check(const char *request, const char *token, const char *length, const char *type)
{
	static char text[2000];

	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", request, token, length, type);
	head_init(&head);
	head_read(&head, text, strlen(text));
	if (!head.whole || target_read(&head, &target) != REFUSAL_NONE)
		return (struct post_verdict){ .status = refusal_status(head.refusal) };
	return post_check(&head, &target, &conf, &routes);
}

static int
status_for(const char *request)
{
	return check(request, TOKEN, LENGTH, TYPE).status;
}

static int
status_with_token(const char *token)
{
	return check("POST /push/chat/general", token, LENGTH, TYPE).status;
}

static int
status_with_length(const char *length)
{
	return check("POST /push/chat/general", TOKEN, length, TYPE).status;
}

static int
status_with_type(const char *type)
{
	return check("POST /push/chat/general", TOKEN, LENGTH, type).status;
}

static void
test_accepted(void)
{
	struct post_verdict verdict = check("POST /push/chat/general", TOKEN, LENGTH, TYPE);

	OK(verdict.status == 200 && verdict.why == NULL, "a good request is accepted");
	OK(verdict.key.len == 13 && memcmp(verdict.key.data, "/chat/general", 13) == 0,
	    "its path is what follows the prefix");
	OK(!verdict.binary && !verdict.has_id, "it is text, and new");
}

static void
test_who(void)
{
	OK(status_for("GET /push/chat/general") == 405, "another method than POST is 405");
	OK(status_with_token("") == 401, "no token is 401");
	OK(status_with_token("Authorization: Bearer a token with more than thirty-two byteS\r\n") == 401,
	    "so is another one");
	OK(status_with_token("Authorization: Bearer a token with more than thirty-two byte\r\n") == 401,
	    "and its beginning");
	OK(status_with_token(TOKEN TOKEN) == 400, "two of them are none");
	conf.admin_token = nothing;
	OK(status_with_token("Authorization: Bearer \r\n") == 403, "without a token in the settings nobody may push");
	conf.admin_token = secret;
}

static void
test_length(void)
{
	OK(status_with_length("") == 411, "without a length it is 411");
	OK(status_with_length("Transfer-Encoding: chunked\r\n") == 411, "so it is in chunks");
	OK(status_with_length("Content-Length:\r\n") == 400, "an empty length is 400");
	OK(status_with_length("Content-Length: 1000\r\n") == 200, "the largest message is accepted");
	OK(status_with_length("Content-Length: 1001\r\n") == 413, "a byte more is 413");
	OK(status_with_length("Content-Length: 18446744073709551617\r\n") == 413, "a length does not wrap round");
}

static bool
is_binary(const char *type)
{
	struct post_verdict verdict = check("POST /push/chat/general", TOKEN, LENGTH, type);

	return verdict.status == 200 && verdict.binary;
}

static bool
is_text(const char *type)
{
	return status_with_type(type) == 200 && !is_binary(type);
}

static void
test_type(void)
{
	OK(is_text("Content-Type: text/html\r\n") && is_text("Content-Type: application/json\r\n") && is_text(""),
	    "text, JSON and no type are text");
	OK(is_text("Content-Type: Application/JSON;charset=utf-8\r\n"), "in any case, with parameters");
	OK(is_binary("Content-Type: application/octet-stream\r\n"), "octets are binary");
	OK(status_with_type("Content-Type: application/x-www-form-urlencoded\r\n") == 415, "a form is 415");
	OK(status_with_type("Content-Type: application/json5\r\n") == 415, "so is a type that begins like one of them");
	OK(status_with_type("Content-Type: text/\r\n") == 415, "and one that is only a beginning");
}

static void
test_id(void)
{
	struct post_verdict verdict =
	    check("POST /push/chat/general?x=1&id=0123456789abcdef0123456789ABCDEF", TOKEN, LENGTH, TYPE);

	OK(verdict.status == 200 && verdict.has_id && verdict.id.bytes[0] == 0x01 && verdict.id.bytes[15] == 0xef,
	    "an id in the query is taken");
	OK(status_for("POST /push/chat/general?id=0123") == 400, "one that is none is 400");
}

static void
test_route(void)
{
	routes_await(&routes, span_of("other"));
	OK(status_for("POST /push/nowhere") == 503, "a path without a route is 503 while its app may still come");
	routes_await_none(&routes);
	OK(status_for("POST /push/nowhere") == 404, "and 404 later");
	OK(status_for("POST /push/") == 404, "so is the root");
}

static void
test_receipt(void)
{
	const struct wire_reply reply = { .connections = 2, .relayed = true, .epoch = UINT64_MAX, .offset = 7 };
	const struct wire_id id = { { 1, 2 } };
	struct buf text = BUF_INIT;

	post_put_receipt(&text, &id, &reply);
	OK(strcmp(buf_cstr(&text),
	       "{\"id\":\"01020000000000000000000000000000\",\"connections\":2,\"relayed\":true,"
	       "\"epoch\":\"ffffffffffffffff\",\"offset\":7}\n") == 0,
	    "a receipt is JSON, whose epoch no script rounds");
	buf_free(&text);
}

static bool
is_answered(enum wire_status status, int expected, const char *words)
{
	struct post_verdict outcome = post_outcome(status);

	return outcome.status == expected && strstr(outcome.why, words) != NULL;
}

static void
test_outcome(void)
{
	OK(post_outcome(WIRE_OK).status == 200, "what was sent is 200");
	OK(is_answered(WIRE_NO_ROUTE, 404, "no route"), "without a route it is 404");
	OK(is_answered(WIRE_TOO_LARGE, 413, "TINA4_WS_MAX_MESSAGE"), "too much is 413");
	OK(is_answered(WIRE_INVALID, 400, "UTF-8"), "wrong text is 400");
	OK(is_answered(WIRE_BUSY, 503, "at a limit"), "a limit is 503");
	OK(is_answered(WIRE_NOT_RELAYED, 503, "on this host"), "so are hosts that cannot be told");
	OK(is_answered(WIRE_NOT_READY, 503, "yet"), "and an app that may still come");
	OK(is_answered(WIRE_NO_CONN, 500, "not applied"), "what cannot be is our fault");
}

int
main(void)
{
	test_outcome();
	registration_static(&routes, "/chat/{room}");
	test_accepted();
	test_who();
	test_length();
	test_type();
	test_id();
	test_route();
	test_receipt();
	routes_close(&routes);
	return tap_done();
}
