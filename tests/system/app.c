/*
 * app - the application that the system tests talk to.
 *
 * Its WebSocket handlers do what they are told, one order a line (or '|'): in
 * message by the message itself, in open and close by the query parameters of
 * those names. Each order is a word and what belongs to it, see the table below.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tina4.h>

/* Splits off the first word of *rest. */
static const char *
word(char **rest)
{
	char *first = strsep(rest, " ");

	if (*rest == NULL)
		*rest = strchr(first, '\0');
	return first;
}

static int
order_send(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_send(conn, rest, strlen(rest), TINA4_TEXT);
}

static int
order_binary(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_send(conn, rest, strlen(rest), TINA4_BINARY);
}

static int
order_broadcast(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_broadcast(conn, rest, strlen(rest), TINA4_TEXT);
}

static int
order_others(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_broadcast(conn, rest, strlen(rest), TINA4_TEXT | TINA4_EXCLUDE_SENDER);
}

/* present JSON, or nothing for no more */
static int
order_present(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_present(conn, *rest != '\0' ? rest : NULL);
}

static int
order_reply(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_reply(conn, rest, strlen(rest), TINA4_TEXT);
}

static int
order_reply_binary(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_reply(conn, rest, strlen(rest), TINA4_BINARY);
}

/* replay N */
static int
order_replay(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_replay(conn, (uint32_t)strtoul(rest, NULL, 10));
}

static int
order_transient(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_broadcast(conn, rest, strlen(rest), TINA4_TEXT | TINA4_TRANSIENT);
}

/* fill BYTES: broadcasts that many */
static int
order_fill(struct tina4_conn *conn, char *rest)
{
	size_t len = strtoul(rest, NULL, 10);
	char *data = malloc(len + 1);
	int r;

	if (data == NULL)
		return -ENOMEM;
	memset(data, 'x', len);
	r = tina4_conn_broadcast(conn, data, len, TINA4_TEXT);
	free(data);
	return r;
}

/* push PATH TEXT */
static int
order_push(struct tina4_conn *conn, char *rest)
{
	const char *path = word(&rest);

	return tina4_push(tina4_conn_app(conn), path, rest, strlen(rest), NULL, NULL);
}

/* report PATH: pushes what the handler knows of this event */
static int
order_report(struct tina4_conn *conn, char *rest)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%s count=%" PRIu32 " code=%d", tina4_conn_id(conn),
	    tina4_conn_count(conn), tina4_conn_close_code(conn));

	return tina4_push(tina4_conn_app(conn), rest, text, (size_t)n, NULL, NULL);
}

static int
order_set(struct tina4_conn *conn, char *rest)
{
	const char *name = word(&rest);

	return tina4_conn_set(conn, name, rest);
}

static int
order_unset(struct tina4_conn *conn, char *rest)
{
	return tina4_conn_set(conn, rest, NULL);
}

static int
answer(struct tina4_conn *conn, const char *value)
{
	return value != NULL ? tina4_conn_sendf(conn, TINA4_TEXT, "=%s", value)
			     : tina4_conn_sendf(conn, TINA4_TEXT, "none");
}

static int
order_get(struct tina4_conn *conn, char *rest)
{
	return answer(conn, tina4_conn_get(conn, rest));
}

static int
order_header(struct tina4_conn *conn, char *rest)
{
	return answer(conn, tina4_conn_header(conn, rest));
}

static int
order_cookie(struct tina4_conn *conn, char *rest)
{
	return answer(conn, tina4_conn_cookie(conn, rest));
}

static int
order_param(struct tina4_conn *conn, char *rest)
{
	return answer(conn, tina4_conn_param(conn, rest));
}

/* tell WHAT: sends what the handler knows of its connection */
static int
order_tell(struct tina4_conn *conn, char *rest)
{
	if (strcmp(rest, "count") == 0)
		return tina4_conn_sendf(conn, TINA4_TEXT, "%" PRIu32, tina4_conn_count(conn));
	if (strcmp(rest, "id") == 0)
		return answer(conn, tina4_conn_id(conn));
	if (strcmp(rest, "path") == 0)
		return answer(conn, tina4_conn_path(conn));
	if (strcmp(rest, "ip") == 0)
		return answer(conn, tina4_conn_ip(conn));
	if (strcmp(rest, "event") == 0)
		return answer(conn, tina4_conn_event_id(conn));
	if (strcmp(rest, "pid") == 0)
		return tina4_conn_sendf(conn, TINA4_TEXT, "%ld", (long)getpid());
	return -EINVAL;
}

/* close CODE REASON */
static int
order_close(struct tina4_conn *conn, char *rest)
{
	int code = atoi(word(&rest));

	return tina4_conn_close(conn, code, rest);
}

static int
order_fail(struct tina4_conn *conn, char *rest)
{
	(void)conn;
	(void)rest;
	return -EIO;
}

/* die FILE: the first who comes here makes the file and is killed; die: whoever comes is. Nobody is blamed for that. */
static int
order_die(struct tina4_conn *conn, char *rest)
{
	int fd = open(rest, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	(void)conn;
	if (fd >= 0 || *rest == '\0')
		kill(getpid(), SIGKILL);
	return 0;
}

/* crash FILE: the first who comes here makes the file and aborts; crash: whoever comes does */
/* close_path PATH CODE REASON */
static int
order_close_path(struct tina4_conn *conn, char *rest)
{
	const char *path = word(&rest);
	int code = atoi(word(&rest));

	return tina4_path_close(tina4_conn_app(conn), path, code, rest);
}

static int
order_crash(struct tina4_conn *conn, char *rest)
{
	int fd = open(rest, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	(void)conn;
	if (fd >= 0 || *rest == '\0')
		abort();
	return 0;
}

/* exit STATUS */
static int
order_exit(struct tina4_conn *conn, char *rest)
{
	(void)conn;
	_exit(atoi(rest));
}

/* wait FILE: until it is there */
/* It belongs to the user whom its query names. */
static int
order_user(struct tina4_conn *conn, char *rest)
{
	(void)rest;
	return tina4_conn_set_user(conn, tina4_conn_param(conn, "user"));
}

static int
order_wait(struct tina4_conn *conn, char *rest)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	(void)conn;
	while (access(rest, F_OK) < 0)
		nanosleep(&ms, NULL);
	return 0;
}

/* pause MS */
static int
order_pause(struct tina4_conn *conn, char *rest)
{
	long ms = strtol(rest, NULL, 10);

	(void)conn;
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
	return 0;
}

/* touch FILE */
static int
order_touch(struct tina4_conn *conn, char *rest)
{
	int fd = open(rest, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)conn;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* --- hooks, where APP_HOOKS is set: "on", or what fails: "process", "thread3", "/a/file" that is missing --- */

struct place {
	pid_t id; /* of the process, or of the thread */
	unsigned handled;
};

static int
start_place(const char *what, bool fails, pid_t id, void **user)
{
	struct place *place = calloc(1, sizeof(*place));

	if (fails || place == NULL) {
		free(place);
		return -EIO;
	}
	place->id = id;
	*user = place;
	tina4_log(TINA4_LOG_INFO, "hook what=%s-start id=%d", what, (int)id);
	return 0;
}

static void
stop_place(const char *what, pid_t id, struct place *place)
{
	tina4_log(TINA4_LOG_INFO, "hook what=%s-stop id=%d same=%d handled=%u", what, (int)id, place->id == id,
	    place->handled);
	free(place);
}

static int
start_process(struct tina4_app *app, void **user)
{
	(void)app;
	const char *hooks = getenv("APP_HOOKS");
	bool fails = strcmp(hooks, "process") == 0 || (hooks[0] == '/' && access(hooks, F_OK) < 0);

	return start_place("process", fails, getpid(), user);
}

static void
stop_process(struct tina4_app *app, void *user)
{
	(void)app;
	stop_place("process", getpid(), user);
}

static int
start_thread(struct tina4_app *app, void **user)
{
	static atomic_int n;
	int last = INT_MAX;

	sscanf(getenv("APP_HOOKS"), "thread%d", &last);
	if (tina4_app_user(app) == NULL || *user != NULL)
		return -EPROTO;
	return start_place("thread", ++n >= last, gettid(), user);
}

static void
stop_thread(struct tina4_app *app, void *user)
{
	(void)app;
	stop_place("thread", gettid(), user);
}

static void
set_hooks(struct tina4_app *app)
{
	tina4_app_on_process(app, start_process, stop_process);
	tina4_app_on_thread(app, start_thread, stop_thread);
}

/* Whether the handler runs in the thread that its pointer is of. */
static bool
is_at_home(const struct tina4_app *app)
{
	struct place *place = tina4_app_thread_user(app), *process = tina4_app_user(app);

	if (place == NULL || process == NULL)
		return false;
	place->handled++;
	return place->id == gettid() && process->id == getpid();
}

static int
home(struct tina4_request *req, struct tina4_response *res)
{
	return tina4_response_jsonf(
	    res, "{'home':%d,'thread':%ld}", is_at_home(tina4_request_app(req)), (long)gettid());
}

static int
order_home(struct tina4_conn *conn, char *rest)
{
	(void)rest;
	return tina4_conn_sendf(conn, TINA4_TEXT, "home %d", is_at_home(tina4_conn_app(conn)));
}

/* log LEVEL TEXT */
static int
order_log(struct tina4_conn *conn, char *rest)
{
	int level = atoi(word(&rest));

	tina4_log((enum tina4_log_level)level, "handler says text=%s", rest);
	return tina4_conn_sendf(conn, TINA4_TEXT, "said");
}

static const struct order {
	const char *name;
	int (*run)(struct tina4_conn *conn, char *rest);
} orders[] = {
	{ "binary", order_binary },
	{ "broadcast", order_broadcast },
	{ "close", order_close },
	{ "close_path", order_close_path },
	{ "crash", order_crash },
	{ "cookie", order_cookie },
	{ "die", order_die },
	{ "exit", order_exit },
	{ "fail", order_fail },
	{ "fill", order_fill },
	{ "get", order_get },
	{ "home", order_home },
	{ "log", order_log },
	{ "header", order_header },
	{ "others", order_others },
	{ "param", order_param },
	{ "pause", order_pause },
	{ "present", order_present },
	{ "push", order_push },
	{ "replay", order_replay },
	{ "reply", order_reply },
	{ "reply_binary", order_reply_binary },
	{ "report", order_report },
	{ "send", order_send },
	{ "set", order_set },
	{ "tell", order_tell },
	{ "touch", order_touch },
	{ "transient", order_transient },
	{ "unset", order_unset },
	{ "user", order_user },
	{ "wait", order_wait },
};

static int
obey(struct tina4_conn *conn, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	int r = copy != NULL ? 0 : -ENOMEM;

	while (r == 0 && (line = strsep(&rest, "\n|")) != NULL) {
		const char *name = word(&line);

		r = -EINVAL;
		for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
			if (strcmp(name, orders[i].name) == 0)
				r = orders[i].run(conn, line);
	}
	free(copy);
	return r;
}

static int
script(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const char *text = NULL;

	(void)len;
	switch (event) {
	case TINA4_OPEN:
		text = tina4_conn_param(conn, "open");
		break;
	case TINA4_MESSAGE:
		text = data;
		break;
	case TINA4_CLOSE:
		text = tina4_conn_param(conn, "close");
		break;
	}
	return text != NULL ? obey(conn, text) : 0;
}

/* Counts in static state: right as long as a path stays with its worker. */
static int
tally(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	static unsigned n;

	(void)data;
	(void)len;
	if (event != TINA4_MESSAGE)
		return 0;
	return tina4_conn_sendf(conn, TINA4_TEXT, "%ld %u", (long)getpid(), ++n);
}

/* --- HTTP ---------------------------------------------------------------------- */

/* What a function of the library returned, and the receipt if there is one. */
static int
result(struct tina4_response *res, int r, const struct tina4_receipt *receipt)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "result", r);
	if (r < 0)
		cJSON_AddStringToObject(json, "error", tina4_strerror(r));
	if (receipt != NULL) {
		cJSON_AddStringToObject(json, "id", receipt->id);
		cJSON_AddNumberToObject(json, "connections", receipt->connections);
		cJSON_AddNumberToObject(json, "offset", (double)receipt->offset);
		cJSON_AddBoolToObject(json, "epoch", receipt->epoch != 0);
		cJSON_AddBoolToObject(json, "relayed", receipt->relayed);
	}
	return tina4_response_json(res, &json);
}

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Tells how long the program waited: a request's own time has its turn in the queue, too. */
static void
tell_waited(struct tina4_response *res, long begun_ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", now_ms() - begun_ms);
	tina4_response_header(res, "X-Waited-Ms", text);
}

/* POST /push?path=...[&id=...][&timeout_ms=...][&binary=1] with the message as body */
static int
push(struct tina4_request *req, struct tina4_response *res)
{
	const char *path = tina4_request_query(req, "path");
	const char *timeout = tina4_request_query(req, "timeout_ms");
	struct tina4_push_options options = {
		.flags = tina4_request_query(req, "binary") != NULL ? TINA4_BINARY : TINA4_TEXT,
		.timeout_ms = timeout != NULL ? atoi(timeout) : 0,
		.id = tina4_request_query(req, "id"),
	};
	struct tina4_receipt receipt = { 0 };
	size_t len;
	const void *data = tina4_request_body(req, &len);
	long begun_ms = now_ms();
	int r = tina4_push(tina4_request_app(req), path != NULL ? path : "", data, len, &options, &receipt);

	tell_waited(res, begun_ms);
	return result(res, r, &receipt);
}

/* POST /send?conn=... with the message as body */
static int
send_to(struct tina4_request *req, struct tina4_response *res)
{
	size_t len;
	const void *data = tina4_request_body(req, &len);
	const char *conn = tina4_request_query(req, "conn");

	return result(
	    res, tina4_send_to(tina4_request_app(req), conn != NULL ? conn : "", data, len, TINA4_TEXT), NULL);
}

/* POST /close?conn=...&code=...&reason=... or ?path=... */
static int
close_conn(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_app *app = tina4_request_app(req);
	const char *conn = tina4_request_query(req, "conn"), *path = tina4_request_query(req, "path");
	const char *code_text = tina4_request_query(req, "code"), *reason = tina4_request_query(req, "reason");
	int code = code_text != NULL ? atoi(code_text) : 0;

	return result(res,
	    path != NULL ? tina4_path_close(app, path, code, reason)
			 : tina4_disconnect(app, conn != NULL ? conn : "", code, reason),
	    NULL);
}

/* GET /count?path=... */
static int
count(struct tina4_request *req, struct tina4_response *res)
{
	const char *path = tina4_request_query(req, "path");
	uint32_t n = 0;
	int r = tina4_count(tina4_request_app(req), path != NULL ? path : "", &n);
	struct tina4_receipt receipt = { .connections = n };

	return result(res, r, &receipt);
}

static cJSON *
history_json(const struct tina4_history *history)
{
	cJSON *json = cJSON_CreateObject(), *messages = cJSON_AddArrayToObject(json, "messages");
	const struct tina4_history_message *message;

	cJSON_AddStringToObject(json, "position", tina4_history_position(history));
	cJSON_AddBoolToObject(json, "whole", tina4_history_is_whole(history));
	for (size_t i = 0; (message = tina4_history_at(history, i)) != NULL; i++) {
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "data", message->data);
		cJSON_AddNumberToObject(item, "bytes", (double)message->len);
		cJSON_AddBoolToObject(item, "binary", message->binary);
		cJSON_AddNumberToObject(item, "time", (double)message->time_ms);
		cJSON_AddStringToObject(item, "position", message->position);
		cJSON_AddItemToArray(messages, item);
	}
	return json;
}

/* GET /history?path=PATH&max=N&since=POSITION */
static int
history(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_history *found;
	int64_t max = 100;
	cJSON *json;
	int r = tina4_request_query_int(req, "max", 0, UINT32_MAX, &max);

	if (r == 0 || r == -ENOENT)
		r = tina4_history(tina4_request_app(req), tina4_request_query(req, "path"), (uint32_t)max,
		    tina4_request_query(req, "since"), &found);
	if (r < 0)
		return tina4_response_error(res, 422, "%d", -r);
	json = history_json(found);
	tina4_history_free(found);
	return tina4_response_json(res, &json);
}

/* Calls what finds the i-th value of a name until it finds no more. */
static void
add_all(cJSON *json, const char *key, const struct tina4_request *req, const char *name,
    const char *(*at)(const struct tina4_request *, const char *, size_t))
{
	cJSON *values = cJSON_AddArrayToObject(json, key);
	const char *value;

	for (size_t i = 0; (value = at(req, name, i)) != NULL; i++)
		cJSON_AddItemToArray(values, cJSON_CreateString(value));
}

/* GET /repeats?q=...: each value of q, and of the header X-Q. */
static int
repeats(struct tina4_request *req, struct tina4_response *res)
{
	cJSON *json = cJSON_CreateObject(), *files = cJSON_AddArrayToObject(json, "files");
	const struct tina4_upload *upload;

	add_all(json, "query", req, "q", tina4_request_query_at);
	add_all(json, "form", req, "q", tina4_request_form_at);
	add_all(json, "cookie", req, "q", tina4_request_cookie_at);
	add_all(json, "header", req, "X-Q", tina4_request_header_at);
	for (size_t i = 0; (upload = tina4_request_upload_at(req, "q", i)) != NULL; i++)
		cJSON_AddItemToArray(files, cJSON_CreateString(upload->filename));
	return tina4_response_json(res, &json);
}

/* Tells what came: /mirror/{word}?q=... */
static int
mirror(struct tina4_request *req, struct tina4_response *res)
{
	cJSON *json = cJSON_CreateObject();
	size_t len;
	const char *names[] = { "query", "form", "cookie", "header" };
	const char *values[] = { tina4_request_query(req, "q"), tina4_request_form(req, "q"),
		tina4_request_cookie(req, "q"), tina4_request_header(req, "X-Q") };

	tina4_request_body(req, &len);
	cJSON_AddStringToObject(json, "method", tina4_request_method(req));
	cJSON_AddStringToObject(json, "path", tina4_request_path(req));
	cJSON_AddStringToObject(json, "ip", tina4_request_ip(req));
	cJSON_AddStringToObject(json, "word", tina4_request_param(req, "word"));
	cJSON_AddNumberToObject(json, "bytes", (double)len);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (values[i] != NULL)
			cJSON_AddStringToObject(json, names[i], values[i]);
	if (tina4_request_json(req) != NULL)
		cJSON_AddItemToObject(json, "json", cJSON_Duplicate(tina4_request_json(req), true));
	return tina4_response_json(res, &json);
}

/* POST /login with user=NAME: begins a session; the token is the same user's, for seconds=N. */
static int
login(struct tina4_request *req, struct tina4_response *res)
{
	const char *user = tina4_request_form(req, "user"), *seconds = tina4_request_form(req, "seconds");
	cJSON *claims = cJSON_CreateObject();
	struct tina4_session *session;
	char *token = NULL;
	int r;

	if (user == NULL) {
		cJSON_Delete(claims);
		return tina4_response_error(res, 400, "who?");
	}
	cJSON_AddStringToObject(claims, "sub", user);
	r = tina4_auth_token(tina4_request_app(req), &claims, seconds != NULL ? atoll(seconds) : 60, &token);
	if (r == 0)
		r = tina4_request_session(req, &session);
	if (r == 0) {
		tina4_session_regenerate(session);
		r = tina4_session_set_string(session, "user", user);
	}
	if (r == 0)
		r = tina4_response_jsonf(res, "{'token':%s}", token);
	free(token);
	return r;
}

static int
logout(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_session *session;
	int r = tina4_request_session(req, &session);

	if (r == 0)
		r = tina4_session_destroy(session);
	return r < 0 ? r : tina4_response_text(res, "gone");
}

/* GET /me, with a token in the header */
static int
me(struct tina4_request *req, struct tina4_response *res)
{
	const cJSON *user = tina4_request_user(req, res);
	cJSON *answer;

	if (user == NULL)
		return 0;
	answer = cJSON_Duplicate(user, true);
	return tina4_response_json(res, &answer);
}

/* Only for who is logged in; tells who that is. */
static int
members(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const cJSON *user;

	(void)data;
	(void)len;
	if (event == TINA4_CLOSE)
		return 0;
	user = tina4_conn_require(conn, "user");
	return user == NULL ? 0 : tina4_conn_sendf(conn, TINA4_TEXT, "hello %s", cJSON_GetStringValue(user));
}

/* Only with a token; tells whose. */
static int
secret(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const cJSON *sub = cJSON_GetObjectItemCaseSensitive(tina4_conn_user(conn), "sub");

	(void)data;
	(void)len;
	return event == TINA4_CLOSE ? 0 : tina4_conn_sendf(conn, TINA4_TEXT, "hello %s", cJSON_GetStringValue(sub));
}

/* Tells which subprotocol it is told of. */
static int
speaks(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	const char *protocol = tina4_conn_protocol(conn), *header = tina4_conn_header(conn, "sec-websocket-protocol");

	(void)data;
	(void)len;
	return event == TINA4_CLOSE ? 0
				    : tina4_conn_sendf(conn, TINA4_TEXT, "%s, header %s",
					  protocol != NULL ? protocol : "none", header != NULL ? header : "none");
}

/* GET /pieces?n=N&fail: lines as they are asked for, with a session; fail ends it with an error. */
static int
pieces(struct tina4_request *req, struct tina4_response *res)
{
	struct tina4_session *session;
	int64_t n = 3;
	int r = tina4_request_query_int(req, "n", 0, INT64_MAX, &n);

	if (r < 0 && r != -ENOENT)
		return r;
	r = tina4_request_session(req, &session);
	if (r == 0)
		r = tina4_session_set_string(session, "user", "reader");
	if (r == 0)
		r = tina4_response_stream(res, "text/plain; charset=utf-8");
	for (int64_t i = 0; r == 0 && i < n; i++)
		r = tina4_response_writef(res, "line %" PRId64 "\n", i);
	return r == 0 && tina4_request_query(req, "fail") != NULL ? -EIO : r;
}

/* GET /events: server-sent events until the client leaves or the process stops, which the log tells. */
static int
events(struct tina4_request *req, struct tina4_response *res)
{
	int r = tina4_response_stream(res, "text/event-stream");

	(void)req;
	for (int i = 0; r == 0; i++) {
		r = tina4_response_writef(res, "data: %d\n\n", i);
		if (r == 0)
			r = tina4_response_wait(res, 20);
	}
	tina4_log(TINA4_LOG_INFO, "events ended error=%s", tina4_strerror(r));
	return r;
}

static int
broken(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	(void)res;
	return -EIO;
}

static int
ready(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	return tina4_response_text(res, "ready");
}

/* GET /form: the token of its forms */
static int
form(struct tina4_request *req, struct tina4_response *res)
{
	const char *token;
	int r = tina4_response_form_token(res, &token);

	(void)req;
	return r == 0 ? tina4_response_text(res, token) : r;
}

int
main(int argc, char **argv)
{
	static const struct tina4_websocket_options secure = { .secure = true }, kept = { .history = 5 },
						    archive = { .history = 10000 },
						    spoken = { .protocols = "chat.v2 mqtt" };
	struct tina4_app *app = tina4_app_new();

	if (app == NULL)
		return EXIT_FAILURE;

	tina4_get(app, "/", ready);
	tina4_post(app, "/push", push);
	tina4_post(app, "/send", send_to);
	tina4_post(app, "/close", close_conn);
	tina4_get(app, "/count", count);
	tina4_get(app, "/history", history);
	tina4_any(app, "/mirror/{word}", mirror);
	tina4_any(app, "/repeats", repeats);
	tina4_get(app, "/home", home);
	tina4_get(app, "/broken", broken);
	tina4_get(app, "/pieces", pieces);
	tina4_get(app, "/events", events);

	tina4_get(app, "/form", form);
	tina4_post(app, "/login", login);
	tina4_post(app, "/logout", logout);
	tina4_get(app, "/me", me);
	tina4_websocket(app, "/ws/members", members);
	tina4_websocket_with(app, "/ws/secret", secret, &secure);
	tina4_websocket_with(app, "/ws/speaks", speaks, &spoken);

	tina4_websocket_with(app, "/ws/known/{room}", script, &secure);
	tina4_websocket(app, "/ws/script/{room}", script);
	tina4_websocket(app, "/ws/tally/{room}", tally);
	tina4_websocket(app, "/ws/watch/{room}", NULL);
	tina4_websocket_with(app, "/ws/kept/{room}", script, &kept);
	tina4_websocket_with(app, "/ws/archive/{room}", script, &archive);

	if (getenv("APP_HOOKS") != NULL)
		set_hooks(app);
	return tina4_app_run(&app, argc, argv);
}
