#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "sidecar/admin/post.h"
#include "sidecar/feed/registration.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/routes.h"
#include "tests/tap.h"

/* Each test changes one thing of a request that would be accepted. */

static char secret[] = "a token with more than thirty-two bytes", nothing[] = "";
static struct routes routes;
static struct conf conf = { .admin_token = secret, .ws_max_message = 1000 };
static struct request_line line;

static struct post_head
good(void)
{
	static char query[64];

	query[0] = '\0';
	line = (struct request_line){ .is_post = true, .query = query };
	strcpy(line.path, "/push/chat/general");
	line.path_len = strlen(line.path);
	return (struct post_head){ .line = &line,
		.authorization = "Bearer a token with more than thirty-two bytes",
		.length = "5",
		.type = "text/plain; charset=utf-8" };
}

static int
status_of(const struct post_head *head)
{
	return post_check(head, &conf, &routes).status;
}

static void
test_accepted(void)
{
	struct post_head head = good();
	struct post_verdict verdict = post_check(&head, &conf, &routes);

	OK(verdict.status == 200 && verdict.why == NULL, "a good request is accepted");
	OK(verdict.path.len == 13 && memcmp(verdict.path.data, "/chat/general", 13) == 0,
	    "its path is what follows the prefix");
	OK(!verdict.binary && !verdict.has_id, "it is text, and new");
}

static void
test_who(void)
{
	struct post_head head = good();

	line.is_post = false;
	OK(status_of(&head) == 405, "another method than POST is 405");
	line.is_post = true;
	head.authorization = NULL;
	OK(status_of(&head) == 401, "no token is 401");
	head.authorization = "Bearer a token with more than thirty-two byteS";
	OK(status_of(&head) == 401, "so is another one");
	head.authorization = "Bearer a token with more than thirty-two byte";
	OK(status_of(&head) == 401, "and its beginning");
	head.authorization = "Bearer ";
	conf.admin_token = nothing;
	OK(status_of(&head) == 403, "without a token in the settings nobody may push");
	conf.admin_token = secret;
}

static void
test_length(void)
{
	struct post_head head = good();

	head.length = NULL;
	OK(status_of(&head) == 411, "without a length it is 411");
	head = good();
	head.transfer = "chunked";
	OK(status_of(&head) == 411, "so it is in chunks");
	head = good();
	head.length = "";
	OK(status_of(&head) == 400, "an empty length is 400");
	head.length = "+5";
	OK(status_of(&head) == 400, "a sign in it, too");
	head.length = "5, 5";
	OK(status_of(&head) == 400, "and two of them");
	head.length = "1000";
	OK(status_of(&head) == 200, "the largest message is accepted");
	head.length = "1001";
	OK(status_of(&head) == 413, "a byte more is 413");
	head.length = "18446744073709551617";
	OK(status_of(&head) == 413, "a length does not wrap round");
}

static bool
is_binary(const char *type)
{
	struct post_head head = good();
	struct post_verdict verdict;

	head.type = type;
	verdict = post_check(&head, &conf, &routes);
	return verdict.status == 200 && verdict.binary;
}

static bool
is_text(const char *type)
{
	struct post_head head = good();

	head.type = type;
	return status_of(&head) == 200 && !is_binary(type);
}

static void
test_type(void)
{
	struct post_head head = good();

	OK(is_text("text/html") && is_text("application/json") && is_text(NULL), "text, JSON and no type are text");
	OK(is_text("Application/JSON;charset=utf-8"), "in any case, with parameters");
	OK(is_binary("application/octet-stream"), "octets are binary");
	head.type = "application/x-www-form-urlencoded";
	OK(status_of(&head) == 415, "a form is 415");
	head.type = "application/json5";
	OK(status_of(&head) == 415, "so is a type that begins like one of them");
}

static void
test_id(void)
{
	struct post_head head = good();
	struct post_verdict verdict;

	strcpy(line.query, "x=1&id=0123456789abcdef0123456789ABCDEF");
	verdict = post_check(&head, &conf, &routes);
	OK(verdict.status == 200 && verdict.has_id && verdict.id.bytes[0] == 0x01 && verdict.id.bytes[15] == 0xef,
	    "an id in the query is taken");
	strcpy(line.query, "id=0123");
	OK(status_of(&head) == 400, "one that is none is 400");
}

static void
test_route(void)
{
	struct post_head head = good();

	strcpy(line.path, "/push/nowhere");
	line.path_len = strlen(line.path);
	OK(status_of(&head) == 503, "a path without a route is 503 while its app may still come");
	routes.settled = true;
	OK(status_of(&head) == 404, "and 404 later");
	strcpy(line.path, "/push/");
	line.path_len = strlen(line.path);
	OK(status_of(&head) == 404, "so is the root");
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

int
main(void)
{
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
