#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tina4_test.h>

#include "tests/tap.h"

/* What a program of tests has: the public headers only, and an app of its own. */

static bool
is(const char *text, const char *expected)
{
	return text != NULL && strcmp(text, expected) == 0;
}

/* Of the next message. */
static bool
got(struct tina4_test_client *client, const char *expected)
{
	const struct tina4_test_message *message = tina4_test_received(client);

	return message != NULL && is(message->data, expected);
}

static bool
got_nothing(struct tina4_test_client *client)
{
	return tina4_test_received(client) == NULL;
}

/* --- the app -------------------------------------------------------------------------------------- */

static int
tell(struct tina4_request *req, struct tina4_response *res)
{
	const struct tina4_upload *upload = tina4_request_upload(req, "file");
	const char *query = tina4_request_query(req, "q"), *form = tina4_request_form(req, "f");
	const cJSON *item = cJSON_GetObjectItem(tina4_request_json(req), "j");
	size_t len;

	tina4_request_body(req, &len);
	return tina4_response_jsonf(res,
	    "{'method':%s,'path':%s,'id':%s,'q':%s,'f':%s,'j':%s,'ip':%s,'agent':%s,'host':%s,'file':%s,'bytes':%zu,'"
	    "type':%s}",
	    tina4_request_method(req), tina4_request_path(req), tina4_request_param(req, "id"), query, form,
	    cJSON_GetStringValue(item), tina4_request_ip(req), tina4_request_header(req, "User-Agent"),
	    tina4_request_header(req, "Host"), upload != NULL ? upload->filename : NULL, len,
	    tina4_request_header(req, "Content-Type"));
}

static int
log_in(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_session *session = NULL;
	int r = tina4_request_session(req, &session);

	if (r == 0)
		r = tina4_session_set_string(session, "user", tina4_request_form(req, "name"));
	return r == 0 ? tina4_response_redirect(res, 303, "/me") : r;
}

static int
me(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_session *session = NULL;
	const char *user;
	int r = tina4_request_session(req, &session);

	if (r < 0)
		return r;
	user = tina4_session_get_string(session, "user");
	return user != NULL ? tina4_response_text(res, user) : tina4_response_error(res, 403, "nobody");
}

static int
log_out(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_session *session = NULL;
	int r = tina4_request_session(req, &session);

	(void)res;
	return r == 0 ? tina4_session_destroy(session) : r;
}

static int
claims(struct tina4_request *req, struct tina4_response *res)
{
	const cJSON *user = tina4_request_user(req, res);

	return user != NULL ? tina4_response_text(res, cJSON_GetStringValue(cJSON_GetObjectItem(user, "sub"))) : 0;
}

static int
push(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_receipt receipt;
	int r = tina4_push(tina4_request_app(req), tina4_request_query(req, "path"), "news", 4, NULL, &receipt);

	if (r < 0)
		return tina4_response_error(res, 503, "%s", tina4_strerror(r));
	return tina4_response_jsonf(res, "{'connections':%u}", receipt.connections);
}

static int
kick(struct tina4_request *req, struct tina4_response *res)
{
	int r = tina4_send_to(tina4_request_app(req), tina4_request_param(req, "id"), "bye", 3, TINA4_TEXT);

	(void)res;
	return r == 0 ? tina4_disconnect(tina4_request_app(req), tina4_request_param(req, "id"), 4000, "kicked") : r;
}

/* Shows what a stream refuses, and waits for somebody who has left. */
static int
stream(struct tina4_request *req, struct tina4_response *res)
{
	bool refused = tina4_response_write(res, "x", 1) == -EINVAL && tina4_response_wait(res, 0) == -EINVAL &&
	    tina4_response_stream(res, NULL) == -EINVAL && tina4_response_stream(res, "a\nb") == -EINVAL;
	struct tina4_session *session = NULL;
	int r;

	if (tina4_response_status(res, 204) < 0 || tina4_response_stream(res, "text/plain") != -EINVAL)
		return -EIO;
	r = tina4_response_status(res, 202);
	if (r == 0)
		r = tina4_request_session(req, &session);
	if (r == 0)
		r = tina4_session_set_string(session, "user", "streamed");
	if (r == 0)
		r = tina4_response_stream(res, "text/plain");
	refused = refused && tina4_response_stream(res, "text/plain") == -EALREADY &&
	    tina4_response_status(res, 200) == -EALREADY && tina4_response_text(res, "x") == -EALREADY &&
	    tina4_response_header(res, "A", "b") == -EALREADY && tina4_response_redirect(res, 303, "/") == -EALREADY &&
	    tina4_response_cookie(res, "a", "b", NULL) == -EALREADY && tina4_response_write(res, NULL, 1) == -EINVAL &&
	    tina4_response_error(res, 400, "x") == -EALREADY &&
	    tina4_response_file(res, "/etc/passwd", NULL) == -EALREADY;
	if (r == 0)
		r = tina4_response_writef(res, "%s ", refused ? "refused" : "not refused");
	while (r == 0) {
		r = tina4_response_write(res, "piece", 5);
		if (r == 0)
			r = tina4_response_wait(res, 1000);
	}
	return r;
}

static int
fail(struct tina4_request *req, struct tina4_response *res)
{
	(void)req, (void)res;
	return -EIO;
}

/* Says in which order what happens. */
static int
room(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	switch (event) {
	case TINA4_OPEN:
		if (is(tina4_conn_param(conn, "name"), "closed"))
			return tina4_conn_sendf(conn, 0, "full") || tina4_conn_broadcastf(conn, 0, "refused") ||
			    tina4_conn_close(conn, 4001, "full");
		if (is(tina4_conn_param(conn, "name"), "broken"))
			return -EIO;
		return tina4_conn_set(conn, "name", tina4_conn_param(conn, "name")) ||
		    tina4_conn_broadcastf(conn, 0, "+%s %u", tina4_conn_get(conn, "name"), tina4_conn_count(conn));
	case TINA4_MESSAGE:
		if (tina4_conn_asks(conn) && !is(data, "others"))
			return tina4_conn_send(conn, "seen", 4, 0) ||
			    tina4_conn_replyf(conn, 0, "%u here", tina4_conn_count(conn));
		if (is(data, "others"))
			return tina4_conn_broadcastf(conn, TINA4_EXCLUDE_SENDER, "for others");
		if (is(data, "fail")) {
			tina4_conn_sendf(conn, 0, "never");
			tina4_conn_set(conn, "name", "never");
			return -EIO;
		}
		if (is(data, "leave"))
			return tina4_conn_close(conn, 0, NULL);
		if (is(data, "push"))
			return tina4_push(tina4_conn_app(conn), "/ws/room/other", "pushed", 6, NULL, NULL);
		if (tina4_conn_is_binary(conn))
			return tina4_conn_send(conn, data, len, TINA4_BINARY);
		return tina4_conn_broadcastf(conn, 0, "%s: %s", tina4_conn_get(conn, "name"), data);
	case TINA4_CLOSE:
		return tina4_conn_broadcastf(conn, 0, "-%s %u %d", tina4_conn_get(conn, "name"), tina4_conn_count(conn),
		    tina4_conn_close_code(conn));
	}
	return 0;
}

static int private(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const cJSON *user = tina4_conn_user(conn);

	(void)data, (void)len;
	if (event != TINA4_OPEN)
		return 0;
	if (user == NULL)
		user = tina4_conn_require(conn, "user");
	else
		user = cJSON_GetObjectItem(user, "sub");
	return user != NULL ? tina4_conn_sendf(conn, 0, "%s", cJSON_GetStringValue(user)) : 0;
}

static int
replaying(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	int r = 0;

	if (event == TINA4_OPEN)
		r = tina4_conn_send(conn, "hello", 5, TINA4_TEXT);
	if (event == TINA4_OPEN && r == 0)
		r = tina4_conn_replay(conn, 10);
	if (event == TINA4_MESSAGE)
		r = tina4_conn_broadcast(conn, data, len, len == 1 ? TINA4_TRANSIENT : TINA4_TEXT);
	return r;
}

static struct tina4_test *test;

/* Begins anew, with a visitor. */
static struct tina4_test_visitor *
begin(void)
{
	static const char *const settings[] = { "TINA4_LOG_LEVEL=error", "TINA4_WS_MAX_MESSAGE=1024",
		"TINA4_MAX_BODY=5000", NULL };
	struct tina4_websocket_options secure = { .secure = true }, kept = { .history = 2 };
	struct tina4_app *app = tina4_app_new();

	tina4_any(app, "/tell/{id:int}", tell);
	tina4_post(app, "/login", log_in);
	tina4_get(app, "/me", me);
	tina4_get(app, "/stream", stream);
	tina4_post(app, "/logout", log_out);
	tina4_get(app, "/claims", claims);
	tina4_post(app, "/push", push);
	tina4_post(app, "/kick/{id}", kick);
	tina4_get(app, "/fail", fail);
	tina4_websocket(app, "/ws/room/{room}", room);
	tina4_websocket(app, "/ws/private", private);
	tina4_websocket(app, "/ws/news/{topic}", NULL);
	tina4_websocket_with(app, "/ws/secure", private, &secure);
	tina4_websocket_with(app, "/ws/kept/{topic}", replaying, &kept);
	tina4_test_free(test);
	test = NULL;
	OK(tina4_test_new(&test, &app, settings) == 0 && app == NULL, "an app is taken");
	return tina4_test_visitor(test);
}

static struct tina4_test_client *
enter(struct tina4_test_visitor *visitor, const char *name)
{
	char target[64];

	snprintf(target, sizeof(target), "/ws/room/1?name=%s", name);
	return tina4_test_connect(visitor, target, NULL);
}

static uint32_t
count(const char *path)
{
	uint32_t n = 99;

	tina4_count(tina4_test_app(test), path, &n);
	return n;
}

/* --- starting --------------------------------------------------------------------------------------- */

static void
what_is_wrong_does_not_start(void)
{
	static const char *const wrong[] = { "TINA4_THREADS=0", NULL };
	struct tina4_app *app = tina4_app_new();
	struct tina4_test *none = NULL;

	OK(tina4_test_new(&none, &app, wrong) == -EINVAL && app == NULL && none == NULL, "a wrong setting");
	app = tina4_app_new();
	tina4_get(app, "no slash", me);
	OK(tina4_test_new(&none, &app, NULL) == -EINVAL && app == NULL && none == NULL, "a wrong route");
	tina4_test_free(NULL);
}

static int n_started, n_stopped;

static int
start_hook(struct tina4_app *app, void **user)
{
	(void)app;
	*user = &n_started;
	n_started++;
	return 0;
}

static int
failing_hook(struct tina4_app *app, void **user)
{
	(void)app, (void)user;
	return -EIO;
}

static void
stop_hook(struct tina4_app *app, void *user)
{
	(void)app;
	n_stopped += user == &n_started;
}

static void
hooks_run(void)
{
	struct tina4_app *app = tina4_app_new();
	struct tina4_test *hooked = NULL;

	tina4_app_on_process(app, start_hook, stop_hook);
	tina4_app_on_thread(app, start_hook, stop_hook);
	OK(tina4_test_new(&hooked, &app, NULL) == 0 && n_started == 2, "the hooks of a process and a thread start");
	OK(tina4_app_thread_user(tina4_test_app(hooked)) == &n_started, "handlers find what they left");
	tina4_test_free(hooked);
	OK(n_stopped == 2, "and stop");

	app = tina4_app_new();
	tina4_app_on_process(app, start_hook, stop_hook);
	tina4_app_on_thread(app, failing_hook, stop_hook);
	OK(tina4_test_new(&hooked, &app, NULL) == -ECANCELED && n_stopped == 3, "one that fails is told, others stop");
}

/* --- HTTP --------------------------------------------------------------------------------------------- */

static bool
told(const struct tina4_test_response *res, const char *name, const char *expected)
{
	return is(cJSON_GetStringValue(cJSON_GetObjectItem(tina4_test_json(res), name)), expected);
}

static void
requests_have_all_their_parts(void)
{
	const char *const headers[] = { "User-Agent: tests", "Host: shop.example", NULL };
	const char *const form[] = { "f=a b&c=d%", "g", NULL };
	const struct tina4_upload upload = { "file", "a\"b.txt", "text/plain", "1234", 4 };
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_request request = { .headers = headers, .ip = "192.0.2.7" };
	const struct tina4_test_response *res = tina4_test_http(visitor, NULL, "/tell/7?q=x+%26y", &request);

	OK(tina4_test_status(res) == 200 && told(res, "method", "GET"), "GET is what it is without a body");
	OK(told(res, "path", "/tell/7") && told(res, "id", "7") && told(res, "q", "x &y"), "path, parameter and query");
	OK(told(res, "agent", "tests") && told(res, "host", "shop.example") && told(res, "ip", "192.0.2.7"),
	    "headers and the address");
	OK(is(tina4_test_header(res, "content-type"), "application/json"), "a header of the answer, without case");
	OK(tina4_test_header(res, "X-None") == NULL, "one that is not there");

	res = tina4_test_post(visitor, "/tell/7", "{\"j\":\"json\"}");
	OK(told(res, "method", "POST") && told(res, "j", "json") && told(res, "ip", "127.0.0.1"), "JSON");
	res = tina4_test_http(visitor, NULL, "/tell/7", &(struct tina4_test_request){ .form = form });
	OK(told(res, "method", "POST") && told(res, "f", "a b&c=d%"), "a form");
	res = tina4_test_http(visitor, "PUT", "/tell/7",
	    &(struct tina4_test_request){ .form = form, .uploads = &upload, .n_uploads = 1 });
	OK(told(res, "method", "PUT") && told(res, "f", "a b&c=d%"), "a form with a file has its fields");
	OK(told(res, "file", "a\"b.txt"), "and the file, named as browsers do");
	res = tina4_test_http(
	    visitor, NULL, "/tell/7", &(struct tina4_test_request){ .body = "a\0b", .len = 3, .type = "text/x" });
	OK(told(res, "type", "text/x") && cJSON_GetObjectItem(tina4_test_json(res), "bytes")->valueint == 3,
	    "a body as it is");
}

static void
answers_are_the_dispatchers(void)
{
	struct tina4_test_visitor *visitor = begin();
	static const char large[5001];
	size_t len;

	OK(tina4_test_status(tina4_test_get(visitor, "/none")) == 404, "no route");
	OK(tina4_test_status(tina4_test_get(visitor, "/login")) == 405, "no such method");
	OK(tina4_test_status(tina4_test_get(visitor, "/fail")) == 500, "a failed handler");
	OK(tina4_test_status(tina4_test_post(visitor, "/tell/1", "{")) == 400, "a body that is not JSON");
	OK(tina4_test_status(tina4_test_http(
	       visitor, NULL, "/tell/1", &(struct tina4_test_request){ .body = large, .len = sizeof(large) })) == 413,
	    "a body past the limit");
	OK(tina4_test_status(tina4_test_http(visitor, "HEAD", "/tell/1", NULL)) == 200, "HEAD");
	OK(is(tina4_test_body(tina4_test_http(visitor, "HEAD", "/tell/1", NULL), &len), "") && len == 0, "has no body");
	OK(tina4_test_get(visitor, "/none") != NULL && tina4_test_json(tina4_test_get(visitor, "/fail")) != NULL,
	    "errors are JSON");
	OK(tina4_test_status(NULL) == 0 && tina4_test_header(NULL, "a") == NULL &&
		is(tina4_test_body(NULL, NULL), "") && tina4_test_json(NULL) == NULL &&
		tina4_test_get(NULL, "/") == NULL,
	    "nobody's answer says nothing");
	OK(tina4_test_http(visitor, NULL, "/me", &(struct tina4_test_request){ .reserved = { 1 } }) == NULL,
	    "what a later version may ask for is refused");
}

static void
visitors_log_in(void)
{
	const char *const form[] = { "name=Carol", NULL };
	struct tina4_test_visitor *carol = begin(), *dave = tina4_test_visitor(test);
	struct tina4_session *session = NULL;
	const struct tina4_test_response *res;

	OK(tina4_test_status(tina4_test_get(carol, "/me")) == 403, "at first nobody is logged in");
	res = tina4_test_http(carol, "POST", "/login", &(struct tina4_test_request){ .form = form });
	OK(tina4_test_status(res) == 303 && is(tina4_test_header(res, "Location"), "/me"),
	    "a redirect is not followed");
	OK(is(tina4_test_body(tina4_test_get(carol, "/me"), NULL), "Carol"), "the cookie is kept");
	OK(tina4_test_status(tina4_test_get(dave, "/me")) == 403, "by one visitor only");
	OK(tina4_test_session(carol, &session) == 0 && is(tina4_session_get_string(session, "user"), "Carol"),
	    "the test sees the session");
	OK(tina4_test_cookie(carol, "tina4_session") != NULL, "and its cookie");
	tina4_test_post(carol, "/logout", NULL);
	OK(tina4_test_cookie(carol, "tina4_session") == NULL, "logout takes that away");

	OK(tina4_test_session(dave, &session) == 0 && tina4_session_set_string(session, "user", "Dave") == 0 &&
		is(tina4_test_body(tina4_test_get(dave, "/me"), NULL), "Dave"),
	    "a test begins with one who is logged in");
	OK(got(tina4_test_connect(dave, "/ws/private", NULL), "Dave"), "for a WebSocket, too");
	OK(tina4_test_set_cookie(dave, "tina4_session", NULL) == 0 &&
		tina4_test_status(tina4_test_get(dave, "/me")) == 403,
	    "a cookie may be lost");
}

/* u1 has that connection, and one more. */
static void
users_are_reached(struct tina4_test_client *client)
{
	struct tina4_app *app = tina4_test_app(test);
	struct tina4_receipt receipt;
	uint32_t n = 0;

	OK(tina4_user_count(app, "u1", &n) == 0 && n == 2, "a user's connections are counted");
	OK(tina4_user_push(app, "u1", "hello", 5, NULL, &receipt) == 0 && receipt.connections == 2 &&
		got(client, "hello"),
	    "they are reached");
	OK(tina4_user_push(app, "u2", "hello", 5, NULL, &receipt) == 0 && receipt.connections == 0,
	    "nobody else's are");
	OK(tina4_user_close(app, "u1", 1008, "out") == 0 && tina4_test_closed(client) == 1008, "and closed");
	OK(tina4_user_count(app, "u1", &n) == 0 && n == 0, "then he has none");
}

static void
tokens_are_checked(void)
{
	struct tina4_test_visitor *visitor = begin();
	cJSON *json = cJSON_CreateObject();
	char *token = NULL, target[512];
	struct tina4_test_request request = { 0 };
	struct tina4_test_client *client;

	cJSON_AddStringToObject(json, "sub", "u1");
	OK(tina4_auth_token(tina4_test_app(test), &json, 60, &token) == 0, "there is a key without a setting");
	request.token = token;
	OK(tina4_test_status(tina4_test_get(visitor, "/claims")) == 401, "without a token 401");
	OK(is(tina4_test_body(tina4_test_http(visitor, "GET", "/claims", &request), NULL), "u1"),
	    "with one its claims");
	client = tina4_test_connect(visitor, "/ws/secure", NULL);
	OK(tina4_test_upgrade(client) == 401 && tina4_test_closed(client) == 1006,
	    "a secure route refuses the upgrade");
	OK(tina4_test_send_text(client, "x") == -ENOTCONN && tina4_test_close(client, 0) == -ENOTCONN,
	    "nobody is there");
	client = tina4_test_connect(visitor, "/ws/secure", &request);
	OK(tina4_test_upgrade(client) == 101 && got(client, "u1"), "lets one in with a token");
	snprintf(target, sizeof(target), "/ws/secure?token=%s", token);
	OK(tina4_test_upgrade(tina4_test_connect(visitor, target, NULL)) == 101, "also in the query");
	users_are_reached(client);
	free(token);
}

/* --- pushes ------------------------------------------------------------------------------------------------ */

static void
pushes_are_seen(void)
{
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *reader = tina4_test_connect(visitor, "/ws/news/1", NULL);
	const struct tina4_test_message *message;
	const struct tina4_test_response *res;

	OK(tina4_test_upgrade(reader) == 101, "a push-only path takes clients");
	res = tina4_test_post(visitor, "/push?path=/ws/news/1", NULL);
	OK(is(tina4_test_body(res, NULL), "{\"connections\":1}"), "a receipt counts who was there");
	message = tina4_test_pushed(test);
	OK(message != NULL && is(message->path, "/ws/news/1") && is(message->data, "news") && message->len == 4 &&
		message->flags == TINA4_TEXT && message->json == NULL,
	    "the test sees the push");
	OK(got(reader, "news") && got_nothing(reader), "so does the client");
	OK(tina4_test_pushed(test) == NULL, "each is seen once");
	res = tina4_test_post(visitor, "/push?path=/ws/news/2", NULL);
	OK(is(tina4_test_body(res, NULL), "{\"connections\":0}") && tina4_test_pushed(test) != NULL,
	    "one to a path where nobody is, too");
	OK(tina4_test_status(tina4_test_post(visitor, "/push?path=/nowhere", NULL)) == 503 &&
		tina4_test_pushed(test) == NULL,
	    "one to no route fails");

	tina4_test_fail_pushes(test, -ENOTCONN);
	res = tina4_test_post(visitor, "/push?path=/ws/news/1", NULL);
	OK(tina4_test_status(res) == 503 && strstr(tina4_test_body(res, NULL), "sidecar") != NULL,
	    "a test lets them fail");
	OK(tina4_test_pushed(test) == NULL && got_nothing(reader), "then nothing was sent");
	tina4_test_fail_pushes(test, 0);
	OK(tina4_test_status(tina4_test_post(visitor, "/push?path=/ws/news/1", NULL)) == 200, "and ends that");
	OK(tina4_push_jsonf(tina4_test_app(test), "/ws/news/1", NULL, NULL, "{'n':%d}", 5) == 0,
	    "the test itself pushes");
	OK(got(reader, "news") && (message = tina4_test_received(reader)) != NULL &&
		cJSON_GetObjectItem(message->json, "n")->valueint == 5,
	    "what is JSON is there as such");
	OK(tina4_test_send_text(reader, "x") == 0 && tina4_test_close(reader, 0) == 0,
	    "no handler hears such a client");
}

static void *
push_from_thread(void *app)
{
	for (int i = 0; i < 100; i++)
		tina4_push(app, "/ws/news/1", "x", 1, NULL, NULL);
	return NULL;
}

static void
threads_may_push(void)
{
	struct tina4_test_client *reader = tina4_test_connect(begin(), "/ws/news/1", NULL);
	pthread_t thread;
	int n = 0;

	pthread_create(&thread, NULL, push_from_thread, tina4_test_app(test));
	while (n < 50)
		n += tina4_test_received(reader) != NULL;
	pthread_join(thread, NULL);
	while (tina4_test_received(reader) != NULL)
		n++;
	OK(n == 100, "while the test goes on");
}

/* --- WebSocket ------------------------------------------------------------------------------------------------- */

static void
what_is_kept_is_replayed(void)
{
	static const char path[] = "/ws/kept/1";
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *a = tina4_test_connect(visitor, path, NULL), *b;
	struct tina4_app *app = tina4_test_app(test);
	struct tina4_history *history = NULL, *later = NULL;
	struct tina4_receipt receipt;

	OK(got(a, "hello") && got_nothing(a), "at first nothing is kept");
	OK(tina4_history(app, path, 5, NULL, &history) == 0 && tina4_history_count(history) == 0 &&
		tina4_history_is_whole(history),
	    "a page is told so");
	for (const char *const *text = (const char *const[]){ "one", "two", "x", "three", NULL }; *text != NULL; text++)
		tina4_test_send_text(a, *text);
	b = tina4_test_connect(visitor, path, NULL);
	OK(got(b, "two") && got(b, "three") && got(b, "hello") && got_nothing(b),
	    "a replay has as many as are kept, none that is transient, and goes first");
	OK(tina4_history(app, path, 5, tina4_history_position(history), &later) == 0 &&
		tina4_history_count(later) == 2 && is(tina4_history_at(later, 1)->data, "three") &&
		tina4_history_at(later, 2) == NULL,
	    "a page goes on from its position");
	OK(tina4_push(app, path, "four", 4, NULL, &receipt) == 0 && receipt.position[0] != '\0', "a receipt names it");
	OK(tina4_push(app, "/ws/news/1", "x", 1, NULL, &receipt) == 0 && receipt.position[0] == '\0',
	    "and not what is not kept");
	OK(tina4_history(app, "/ws/news/1", 5, NULL, &later) == -EINVAL &&
		tina4_history(app, "/nowhere", 5, NULL, &later) == -ENOENT &&
		tina4_history(app, path, 5, "x", &later) == -EINVAL,
	    "what cannot be asked is an error");
	tina4_history_free(history);
	tina4_history_free(later);
}

static void
clients_share_a_path(void)
{
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *a = enter(visitor, "a"), *b = enter(visitor, "b");
	struct tina4_test_client *other = tina4_test_connect(visitor, "/ws/room/other?name=c", NULL);

	OK(got(a, "+a 1") && got(a, "+b 2") && got(b, "+b 2"), "open counts itself, and its broadcast reaches it");
	OK(got(other, "+c 1"), "another path is another room");
	OK(is(tina4_test_attribute(a, "name"), "a") && tina4_test_attribute(a, "other") == NULL, "attributes are seen");
	OK(strlen(tina4_test_conn_id(a)) == 32 && !is(tina4_test_conn_id(a), tina4_test_conn_id(b)),
	    "ids are their own");
	OK(tina4_test_send_text(a, "hello") == 0 && got(a, "a: hello") && got(b, "a: hello"),
	    "a broadcast reaches all");
	OK(got_nothing(other), "but no other path");
	OK(tina4_test_send_text(a, "others") == 0 && got_nothing(a) && got(b, "for others"),
	    "the sender may be left out");
	OK(tina4_test_send(b, "\0\xff", 2, TINA4_BINARY) == 0 && got_nothing(a), "a binary message comes back");
	OK(tina4_test_received(b)->flags == TINA4_BINARY && got_nothing(b), "as one");
	OK(tina4_test_send_text(a, "push") == 0 && got(other, "pushed") && is(tina4_test_pushed(test)->data, "pushed"),
	    "a handler's push reaches another path, and the test");
	OK(count("/ws/room/1") == 2 && count("/ws/room/other") == 1 && count("/ws/room/none") == 0,
	    "paths are counted");

	OK(tina4_test_close(a, 0) == 0 && tina4_test_closed(a) == 1000, "a client leaves");
	OK(got(b, "-a 1 1000") && got_nothing(a), "close does not count it, and it is no target");
	OK(tina4_test_close(b, 1006) == 0 && tina4_test_closed(b) == 1006, "another is cut off");
	OK(tina4_test_send_text(b, "x") == -ENOTCONN && count("/ws/room/1") == 0, "and nobody is left");
}

static void
handlers_fail(void)
{
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *a = enter(visitor, "a"), *broken;

	OK(got(a, "+a 1") && tina4_test_result(a) == 0, "a handler that succeeds");
	OK(tina4_test_send_text(a, "fail") == -EIO && tina4_test_result(a) == -EIO,
	    "one that fails is known by its error");
	OK(got_nothing(a) && is(tina4_test_attribute(a, "name"), "a"), "nothing of what it did is left");
	OK(tina4_test_closed(a) == 0, "the connection stays");
	broken = enter(visitor, "broken");
	OK(tina4_test_upgrade(broken) == 101 && tina4_test_closed(broken) == 1011,
	    "in open it closes the client with 1011");
	OK(got(a, "-(null) 1 1011"), "whose close is told");
}

static void
handlers_close(void)
{
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *a = enter(visitor, "a"), *closed = enter(visitor, "closed"), *nobody;

	OK(got(a, "+a 1") && got(a, "refused") && got(a, "-(null) 1 4001") && got_nothing(a),
	    "who is closed in open tells the others");
	OK(got(closed, "full") && got_nothing(closed), "never joins, but gets what was sent to it");
	OK(tina4_test_closed(closed) == 4001 && is(tina4_test_close_reason(closed), "full"), "then code and reason");
	nobody = tina4_test_connect(visitor, "/ws/private", NULL);
	OK(tina4_test_closed(nobody) == 4401, "one without the session that is required");
	OK(tina4_test_send_text(a, "leave") == 0 && tina4_test_closed(a) == 1000, "a handler closes later, too");
	OK(is(tina4_test_close_reason(a), ""), "without a reason");
}

static void
others_close(void)
{
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *a = enter(visitor, "a"), *b = enter(visitor, "b");
	char target[64];

	tina4_test_received(a), tina4_test_received(a), tina4_test_received(b);
	snprintf(target, sizeof(target), "/kick/%s", tina4_test_conn_id(a));
	OK(tina4_test_status(tina4_test_post(visitor, target, NULL)) == 200, "a request closes a connection");
	OK(got(a, "bye") && got_nothing(a) && tina4_test_closed(a) == 4000, "after what it was sent");
	OK(got(b, "-a 1 4000"), "its close handler runs");
	OK(tina4_test_status(tina4_test_post(visitor, target, NULL)) == 500, "the second time it is gone");
	OK(tina4_disconnect(tina4_test_app(test), tina4_test_conn_id(b), 1001, NULL) == 0 &&
		tina4_test_closed(b) == 1001,
	    "a test closes one as well");
	a = enter(visitor, "a"), b = enter(visitor, "b");
	OK(tina4_path_close(tina4_test_app(test), "/nowhere", 0, NULL) == -ENOENT, "a path needs a route");
	OK(tina4_path_close(tina4_test_app(test), "/ws/room/1", 4002, NULL) == 0 && tina4_test_closed(a) == 4002 &&
		tina4_test_closed(b) == 4002,
	    "and all of a path");
}

static void
streams_are_read_until_they_wait(void)
{
	struct tina4_test_visitor *visitor = begin();
	const struct tina4_test_response *res = tina4_test_get(visitor, "/stream");

	OK(tina4_test_status(res) == 202 && is(tina4_test_body(res, NULL), "refused piece"),
	    "all that comes before the wait");
	OK(tina4_test_header(res, "Content-Length") == NULL && is(tina4_test_header(res, "X-Accel-Buffering"), "no"),
	    "its head knows no length");
	OK(is(tina4_test_body(tina4_test_get(visitor, "/me"), NULL), "streamed"), "its session is saved");
	res = tina4_test_http(visitor, "HEAD", "/stream", NULL);
	OK(tina4_test_status(res) == 202 && is(tina4_test_body(res, NULL), ""), "HEAD has no pieces");
}

static void
requests_are_answered(void)
{
	struct tina4_test_client *a = enter(begin(), "a");
	const struct tina4_test_message *answer = NULL;

	tina4_test_received(a);
	OK(tina4_test_request(a, "how many", 8, TINA4_TEXT, &answer) == 0 && answer != NULL &&
		is(answer->data, "1 here"),
	    "a request has its handler's reply");
	OK(is(tina4_test_received(a)->data, "seen") && tina4_test_received(a) == NULL, "which is no message");
	OK(tina4_test_request(a, "others", 6, TINA4_TEXT, &answer) == 0 && answer == NULL, "or none");
	OK(tina4_test_request(NULL, "x", 1, TINA4_TEXT, &answer) == -ENOTCONN && answer == NULL,
	    "nobody's is not handled");
}

static void
the_sidecars_limits_hold(void)
{
	struct tina4_test_visitor *visitor = begin();
	struct tina4_test_client *a = enter(visitor, "a"), *b = enter(visitor, "b");
	char large[1025];

	memset(large, 'x', sizeof(large));
	OK(tina4_test_send(a, large, sizeof(large), TINA4_TEXT) == -EMSGSIZE && tina4_test_closed(a) == 1009,
	    "a message that is too large");
	OK(tina4_test_send(b, "\xff", 1, TINA4_TEXT) == -EILSEQ && tina4_test_closed(b) == 1007, "text that is none");
	OK(tina4_test_upgrade(tina4_test_connect(visitor, "/ws/none", NULL)) == 404, "a path without a route");
	OK(tina4_test_upgrade(tina4_test_connect(visitor, "/ws/room/a%2Fb", NULL)) == 400, "an encoded slash");
	OK(tina4_test_connect(visitor, "/ws/room/1", &(struct tina4_test_request){ .reserved = { 1 } }) == NULL,
	    "what a later version may ask for");
	OK(tina4_test_upgrade(NULL) == 0 && tina4_test_closed(NULL) == 1006 && tina4_test_received(NULL) == NULL &&
		tina4_test_send_text(NULL, "x") == -ENOTCONN && tina4_test_close(NULL, 0) == -ENOTCONN,
	    "nobody's connection is closed");
}

int
main(void)
{
	what_is_wrong_does_not_start();
	hooks_run();
	requests_have_all_their_parts();
	answers_are_the_dispatchers();
	visitors_log_in();
	tokens_are_checked();
	pushes_are_seen();
	threads_may_push();
	what_is_kept_is_replayed();
	clients_share_a_path();
	handlers_fail();
	handlers_close();
	others_close();
	streams_are_read_until_they_wait();
	requests_are_answered();
	the_sidecars_limits_hold();
	tina4_test_free(test);
	return tap_done();
}
