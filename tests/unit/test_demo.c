#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tina4_test.h>

#include "fcgi/examples/demo.h"
#include "tests/tap.h"

/* The examples, as their readers would test their own. */

static struct tina4_test *test;
static struct tina4_test_visitor *visitor;

static void
begin(void)
{
	char templates[4096];
	const char *const settings[] = { templates, "TINA4_LOG_LEVEL=error", NULL };
	const char *srcdir = getenv("srcdir");
	struct tina4_app *app = demo_app();

	snprintf(templates, sizeof(templates), "TINA4_TEMPLATES=%s/templates", srcdir != NULL ? srcdir : ".");
	tina4_test_free(test);
	test = NULL;
	OK(tina4_test_new(&test, &app, settings) == 0, "the demo is taken");
	visitor = tina4_test_visitor(test);
}

static struct tina4_test_client *
connect_to(const char *path)
{
	struct tina4_test_client *client = tina4_test_connect(visitor, path, NULL);

	OK(tina4_test_upgrade(client) == 101 && tina4_test_closed(client) == 0, path);
	return client;
}

static bool
is(const cJSON *json, const char *name, const char *expected)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(json, name));

	return value != NULL && strcmp(value, expected) == 0;
}

static int
number(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(json, name);

	return cJSON_IsNumber(item) ? item->valueint : -1;
}

/* The next message as JSON; NULL when there is none. */
static const cJSON *
next(struct tina4_test_client *client)
{
	const struct tina4_test_message *message = tina4_test_received(client);

	return message != NULL ? message->json : NULL;
}

static bool
is_silent(struct tina4_test_client *client)
{
	return tina4_test_received(client) == NULL;
}

static void
an_echo_comes_back(void)
{
	struct tina4_test_client *client;
	const struct tina4_test_message *message;

	begin();
	client = connect_to("/ws/echo");
	tina4_test_send_text(client, "hello");
	message = tina4_test_received(client);
	OK(message != NULL && strcmp(message->data, "Echo: hello") == 0 && message->flags == TINA4_TEXT,
	    "text as text");
	tina4_test_send(client, "\xff\0", 2, TINA4_BINARY);
	message = tina4_test_received(client);
	OK(message != NULL && message->len == 8 && memcmp(message->data + 6, "\xff\0", 2) == 0 &&
		message->flags == TINA4_BINARY,
	    "binary as binary");
}

static void
a_chat_knows_names(void)
{
	struct tina4_test_client *alice, *bob;
	const cJSON *json;

	begin();
	alice = connect_to("/ws/room/tea");
	json = next(alice);
	OK(is(json, "type", "system") && number(json, "online") == 1, "who comes is welcomed");
	bob = connect_to("/ws/room/tea");
	OK(is(next(alice), "message", "A new user joined") && next(bob) != NULL && is_silent(bob),
	    "the others are told");

	OK(tina4_test_send_text(alice, "{\"type\":\"set-name\",\"name\":\"Alice\"}") == 0, "a name is set");
	OK(strcmp(tina4_test_attribute(alice, "name"), "Alice") == 0, "it stays with the connection");
	OK(is(next(bob), "message", "Anonymous changed their name to Alice"), "and is told");
	next(alice);
	OK(tina4_test_send_text(alice, "{\"type\":\"chat\",\"text\":\"tea?\"}") == 0, "she says something");
	json = next(bob);
	OK(is(json, "from", "Alice") && is(json, "text", "tea?") && next(alice) != NULL, "everyone hears it, she too");
	OK(tina4_test_send_text(bob, "{\"type\":\"set-name\",\"name\":7}") == 0 && is(next(bob), "type", "error") &&
		is_silent(alice),
	    "nonsense is the sender's business");

	tina4_test_close(alice, 1006);
	json = next(bob);
	OK(is(json, "message", "Alice left the room") && number(json, "online") == 1, "who goes is missed");
}

static void
a_live_chat_tells_who_types(void)
{
	struct tina4_test_client *alice, *bob, *elsewhere;
	const cJSON *json;

	begin();
	alice = connect_to("/ws/livechat/tea");
	bob = connect_to("/ws/livechat/tea");
	elsewhere = connect_to("/ws/livechat/coffee");
	json = next(bob);
	OK(is(json, "type", "welcome") && is(json, "your_id", tina4_test_conn_id(bob)) && number(json, "online") == 2,
	    "who comes learns its id");
	next(alice), next(elsewhere);
	tina4_test_send_text(alice, "{\"type\":\"set-username\",\"username\":\"Alice\"}");
	OK(is(next(bob), "message", "Anonymous is now known as Alice") && next(alice) != NULL, "a name is told");
	tina4_test_send_text(alice, "{\"type\":\"typing\"}");
	OK(is(next(bob), "username", "Alice") && is_silent(alice), "typing, to the others only");
	tina4_test_send_text(bob, "{\"type\":\"count\"}");
	OK(number(next(alice), "online") == 2 && number(next(bob), "online") == 2, "a count goes to all");
	OK(is_silent(elsewhere), "another room hears nothing");
}

static void
an_order_reaches_its_user(void)
{
	const char *const form[] = { "user_id=43", NULL };
	struct tina4_test_request request = { .form = form };
	const struct tina4_test_response *res;
	const struct tina4_test_message *push;
	struct tina4_test_client *user;

	begin();
	user = connect_to("/ws/notifications/42");
	OK(is(next(user), "type", "connected"), "a browser listens");
	res = tina4_test_post(visitor, "/api/orders/7/ship", "{\"user_id\":42}");
	OK(tina4_test_status(res) == 200 && is(tina4_test_json(res), "message", "Order shipped, user notified"),
	    "an order is shipped");
	push = tina4_test_pushed(test);
	OK(push != NULL && strcmp(push->path, "/ws/notifications/42") == 0 && is(push->json, "action_url", "/orders/7"),
	    "its user is told");
	OK(is(next(user), "title", "Order Shipped"), "and hears it");
	OK(tina4_test_status(tina4_test_http(visitor, "POST", "/api/orders/8/ship", &request)) == 200 &&
		is_silent(user) && tina4_test_pushed(test) != NULL,
	    "another user's is not for this one");
	OK(tina4_test_status(tina4_test_post(visitor, "/api/orders/7/ship", "{}")) == 400 &&
		tina4_test_status(tina4_test_post(visitor, "/api/orders/7/ship", "{\"user_id\":\"a/b\"}")) == 400,
	    "no user, or one that is no part of a path, is refused");
	tina4_test_fail_pushes(test, -ENOTCONN);
	OK(tina4_test_status(tina4_test_post(visitor, "/api/orders/7/ship", "{\"user_id\":42}")) == 503,
	    "without a sidecar the failure is told");
}

static void
a_token_lets_one_in(void)
{
	struct tina4_test_client *client;
	char target[512];

	begin();
	client = tina4_test_connect(visitor, "/ws/secure", NULL);
	OK(is(next(client), "message", "Invalid token") && tina4_test_closed(client) == 1000,
	    "without one it is closed");
	snprintf(target, sizeof(target), "/ws/secure?token=%s",
	    cJSON_GetStringValue(
		cJSON_GetObjectItem(tina4_test_json(tina4_test_post(visitor, "/api/token", NULL)), "token")));
	client = tina4_test_connect(visitor, target, NULL);
	OK(tina4_test_closed(client) == 0 && is_silent(client), "with one it stays");
}

static void
some_are_left_out(void)
{
	struct tina4_test_client *alice, *bob;

	begin();
	alice = connect_to("/ws/exclude-sender");
	bob = connect_to("/ws/exclude-sender");
	tina4_test_send_text(alice, "{\"text\":\"hi\",\"username\":\"Alice\"}");
	OK(is(next(alice), "type", "sent") && is_silent(alice), "the sender gets a confirmation");
	OK(is(next(bob), "from", "Alice"), "the others the message");

	alice = connect_to("/ws/private");
	bob = connect_to("/ws/private");
	tina4_test_send_text(alice, "{\"action\":\"get-status\"}");
	OK(number(next(alice), "connections") == 2 && is_silent(bob), "an answer is for who asked");

	alice = connect_to("/ws/chat/1");
	bob = connect_to("/ws/chat/2");
	OK(number(next(bob), "online") == 1 && next(alice) != NULL, "each room counts its own");
	tina4_test_send_text(alice, "{\"text\":\"hi\"}");
	OK(is(next(alice), "room", "1") && is_silent(bob), "and keeps what is said there");

	alice = connect_to("/ws/announcements");
	next(alice);
	tina4_test_send_text(alice, "not json");
	OK(is(next(alice), "type", "error"), "what is no JSON is refused");
}

static void
pages_are_there(void)
{
	const char *const browser[] = { "Accept: text/html,*/*", NULL };
	struct tina4_test_request request = { .headers = browser };
	const struct tina4_test_response *res;

	begin();
	res = tina4_test_get(visitor, "/");
	OK(tina4_test_status(res) == 200 && strstr(tina4_test_header(res, "Content-Type"), "text/html") != NULL,
	    "home");
	OK(strstr(tina4_test_header(res, "Content-Security-Policy"), "default-src 'none'") != NULL, "it loads little");
	res = tina4_test_get(visitor, "/chat/%3Cb%3E");
	OK(tina4_test_status(res) == 200 && strstr(tina4_test_body(res, NULL), "<b>") == NULL &&
		strstr(tina4_test_body(res, NULL), "&lt;b&gt;") != NULL,
	    "a chat's name is escaped");
	OK(tina4_test_status(tina4_test_get(visitor, "/room/tea")) == 200, "a room");
	OK(tina4_test_status(tina4_test_get(visitor, "/source/nothing")) == 404, "no source but an example's");
	OK(tina4_test_status(tina4_test_get(visitor, "/source/demo.c")) == 404, "no name but a short one");
	OK(tina4_test_status(tina4_test_get(visitor, "/source/..")) == 400, "no other folder");
	res = tina4_test_http(visitor, "GET", "/nothing", &request);
	OK(tina4_test_status(res) == 404 && strstr(tina4_test_body(res, NULL), "<html") != NULL,
	    "a browser gets a page");
	res = tina4_test_get(visitor, "/nothing");
	OK(tina4_test_status(res) == 404 && is(tina4_test_json(res), "error", "Not Found"), "a program gets JSON");
}

int
main(void)
{
	an_echo_comes_back();
	a_chat_knows_names();
	a_live_chat_tells_who_types();
	an_order_reaches_its_user();
	a_token_lets_one_in();
	some_are_left_out();
	pages_are_there();
	tina4_test_free(test);
	return tap_done();
}
