#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/app.h"
#include "fcgi/session/auth.h"
#include "fcgi/ws/conn.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/ws/hello.h"
#include "fcgi/http/request.h"
#include "fcgi/http/response.h"
#include "shared/buf.h"
#include "shared/wire.h"
#include "tests/tap.h"

#define SECRET "TINA4_SECRET=0123456789abcdef0123456789abcdef"

static char said[1024]; /* by auth_open() */
static const struct tina4_websocket_options secure = { .secure = true };
static int ran; /* handlers that got as far as their work */

/* Handlers find out by themselves what they are given. */
static struct tina4_app *app;

static int
nothing(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len)
{
	(void)conn, (void)event, (void)data, (void)len;
	ran++;
	return 0;
}

static int
whoami(struct tina4_request *req, struct tina4_response *res)
{
	const cJSON *user = tina4_request_user(req, res);

	if (user == NULL)
		return 0;
	ran++;
	OK(tina4_request_user(req, NULL) == user, "it is asked for once");
	return tina4_response_text(res, cJSON_GetStringValue(cJSON_GetObjectItem(user, "sub")));
}

static int
anybody(struct tina4_request *req, struct tina4_response *res)
{
	const cJSON *user = tina4_request_user(req, NULL);

	return tina4_response_text(res, user != NULL ? "known" : "unknown");
}

static struct tina4_app *
new_app(const char *setting)
{
	char *const environment[] = { (char *)setting, NULL };
	struct tina4_app *made = tina4_app_new();
	struct buf errors = BUF_INIT;

	if (conf_parse(&made->conf, environment, NULL, ".env", &errors) < 0)
		abort();
	buf_free(&errors);
	return made;
}

static int
open_keys(struct tina4_app *of)
{
	struct buf errors = BUF_INIT;
	int r = auth_open(of, &errors);

	snprintf(said, sizeof(said), "%s", buf_cstr(&errors));
	buf_free(&errors);
	return r;
}

static char *
issue(const char *json, int64_t seconds)
{
	cJSON *claims = cJSON_Parse(json);
	char *token = NULL;

	tina4_auth_token(app, &claims, seconds, &token);
	return token;
}

static void
tokens_go_there_and_back(void)
{
	cJSON *claims = cJSON_Parse("{\"sub\":\"u1\"}"), *found = NULL;
	char *token = NULL;

	OK(tina4_auth_token(app, &claims, 60, &token) == 0, "a token is issued");
	OK(claims == NULL, "its claims are taken");
	OK(tina4_auth_valid(app, token, &found) == 0, "it is valid");
	OK(strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(found, "sub")), "u1") == 0, "and says what was claimed");
	OK(tina4_auth_valid(app, token, NULL) == 0, "nobody has to ask for that");
	token[strlen(token) - 1] ^= 4;
	cJSON_Delete(found);
	found = NULL;
	OK(tina4_auth_valid(app, token, &found) == -EKEYREJECTED && found == NULL, "a changed one is not");
	OK(tina4_auth_valid(app, NULL, NULL) == -EKEYREJECTED, "nor is none");
	free(token);
}

static void
expired_tokens_are_told_apart(void)
{
	/* {"exp":1700000000}, signed with the secret above. */
	static const char old[] = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9."
				  "4WENaMvFujj8PIq-T_qbJpS3gah5nHtl6v2IWknqsuQ";

	OK(tina4_auth_valid(app, old, NULL) == -EKEYEXPIRED, "an expired token says so");
}

static void
wrong_claims_are_refused(void)
{
	cJSON *array = cJSON_CreateArray(), *object = cJSON_CreateObject(), *none = NULL;
	char *token = NULL;

	OK(tina4_auth_token(app, &array, 60, &token) == -EINVAL && array == NULL, "claims are an object");
	OK(tina4_auth_token(app, &object, 0, &token) == -EINVAL && object == NULL, "a token lives");
	OK(tina4_auth_token(app, &none, 60, &token) == -EINVAL, "no claims are none");
	OK(token == NULL, "nothing comes of it");
}

static void
without_a_key_nothing_is_valid(void)
{
	struct tina4_app *bare = new_app("TINA4_SECRET=");
	cJSON *claims = cJSON_CreateObject();
	char *token = NULL, *good = issue("{}", 60);

	OK(tina4_auth_valid(bare, good, NULL) == -ENOKEY, "before the start");
	OK(open_keys(bare) == 0, "an app without secure routes starts without a secret");
	OK(tina4_auth_valid(bare, good, NULL) == -ENOKEY, "but no token is valid");
	OK(tina4_auth_token(bare, &claims, 60, &token) == -ENOKEY && token == NULL, "and none is issued");
	tina4_app_free(bare);
	free(good);
}

static void
secure_routes_need_a_key(void)
{
	struct tina4_app *bare = new_app("TINA4_SECRET=");
	struct tina4_app *rsa = new_app("TINA4_JWT_ALGORITHM=RS256");
	struct tina4_app *fine = new_app(SECRET);
	const struct tina4_websocket_options later = { .reserved = { [12] = 1 } };

	tina4_websocket(bare, "/ws/open", nothing);
	tina4_websocket_with(bare, "/ws/secure", nothing, &secure);
	OK(open_keys(bare) == -EINVAL, "an app with a secure route does not start without one");
	OK(strcmp(said, "TINA4_SECRET: must be set: the route /ws/secure is secure\n") == 0, "and says why");
	tina4_websocket_with(rsa, "/ws/secure", nothing, &secure);
	OK(open_keys(rsa) == -EINVAL && strstr(said, "TINA4_JWT_PUBLIC_KEY") != NULL, "whatever the algorithm");
	tina4_websocket_with(fine, "/ws/secure", nothing, &secure);
	OK(open_keys(fine) == 0 && said[0] == '\0', "with a key it does");
	OK(tina4_websocket_with(fine, "/ws/later", nothing, &later) == -EINVAL && fine->refused,
	    "options of a later version are refused");
	tina4_app_free(bare);
	tina4_app_free(rsa);
	tina4_app_free(fine);
}

static void
secure_routes_are_announced(void)
{
	static const uint8_t expected[] = { 0, WIRE_ROUTE_SECURE, WIRE_ROUTE_SECURE | WIRE_ROUTE_PUSH_ONLY };
	struct tina4_app *own = new_app(SECRET);
	struct buf text = BUF_INIT;
	struct wire_reader reader;
	struct wire_header header;
	struct wire_hello hello;
	struct wire_route route;
	bool right;

	tina4_websocket(own, "/a", nothing);
	tina4_websocket_with(own, "/b", nothing, &secure);
	tina4_websocket_with(own, "/c", NULL, &secure);
	hello_put(&text, own, WIRE_ROLE_WORKER, 0);
	reader = wire_reader(text.data, text.len);
	right = wire_get_header(&reader, &header) == 0 && wire_get_hello(&reader, &hello) == 0 && hello.n_routes == 3;
	for (int i = 0; i < 3; i++)
		right &= wire_get_route(&reader, &route) == 0 && route.flags == expected[i];
	OK(right, "HELLO says which routes are secure");
	buf_free(&text);
	tina4_app_free(own);
}

static int
attach(const char *pattern, const char *user, struct tina4_conn **ret)
{
	struct wire_meta meta = { .pattern = span_of(pattern), .path = span_of(pattern), .claims = span_of(user) };
	struct wire_event event = { .kind = WIRE_OPEN, .attempt = 1 };
	struct buf text = BUF_INIT;
	int r;

	wire_put_meta(&text, &meta);
	event.meta = span_of_buf(&text);
	r = conn_new(ret, app, &event);
	buf_free(&text);
	return r;
}

static void
connections_know_their_user(void)
{
	struct tina4_conn *conn = NULL;

	OK(attach("/ws/secure", "{\"sub\":\"u1\"}", &conn) == 0, "a secure route takes a client with claims");
	OK(strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(tina4_conn_user(conn), "sub")), "u1") == 0,
	    "and its handler sees them");
	conn_free(conn);
	OK(attach("/ws/secure", "", &conn) == -EACCES, "one without claims is refused, whatever the sidecar thinks");
	OK(attach("/ws/open", "", &conn) == 0 && tina4_conn_user(conn) == NULL, "an open route takes it, as nobody");
	conn_free(conn);
}

/* --- HTTP ------------------------------------------------------------------------------ */

struct answer {
	int status;
	char *text; /* header and body */
};

static int
append(void *context, const void *data, size_t len)
{
	buf_bytes(context, data, len);
	return 0;
}

static struct answer
ask(struct tina4_app *of, const char *path, const char *authorization)
{
	char uri[128], header[1024];
	char *env[] = { "REQUEST_METHOD=GET", uri, authorization != NULL ? header : NULL, NULL };
	struct buf body = BUF_INIT, text = BUF_INIT;
	struct tina4_response res;
	struct answer answer;

	snprintf(uri, sizeof(uri), "REQUEST_URI=%s", path);
	snprintf(header, sizeof(header), "HTTP_AUTHORIZATION=%s", authorization != NULL ? authorization : "");
	response_init(&res);
	dispatch(of, env, 0, &body, &res);
	response_write(&res, append, &text);
	answer = (struct answer){ res.status, strdup(buf_cstr(&text)) };
	response_free(&res);
	buf_free(&body);
	buf_free(&text);
	return answer;
}

static bool
answers(const char *authorization, int status, const char *part)
{
	struct answer answer = ask(app, "/whoami", authorization);
	bool right = answer.status == status && strstr(answer.text, part) != NULL;

	if (!right)
		printf("# %d %s\n", answer.status, answer.text);
	free(answer.text);
	return right;
}

static void
requests_have_a_user(void)
{
	char *token = issue("{\"sub\":\"u1\"}", 60), authorization[1024], *signature;
	struct answer answer;

	snprintf(authorization, sizeof(authorization), "Bearer %s", token);
	OK(answers(authorization, 200, "\r\n\r\nu1") && ran == 1, "a valid token's user is known");
	signature = strrchr(authorization, '.') + 1;
	*signature = *signature == 'A' ? 'B' : 'A';
	OK(answers(authorization, 401, "{\"error\":\"Unauthorized\",\"reason\":\"bad-signature\"}"),
	    "a changed one gets 401 and the reason");
	OK(answers(authorization, 401, "WWW-Authenticate: Bearer error=\"invalid_token\""), "as RFC 6750 wants it");
	OK(answers(NULL, 401, "\"reason\":\"missing\"") && answers(NULL, 401, "WWW-Authenticate: Bearer\r\n"),
	    "so does a request without one");
	OK(answers("Basic dXNlcjpwYXNz", 401, "\"reason\":\"missing\""), "another scheme is no token");
	OK(ran == 1, "and no handler went on");
	answer = ask(app, "/anybody", authorization);
	OK(answer.status == 200 && strstr(answer.text, "unknown") != NULL, "a handler may do without a user");
	free(answer.text);
	free(token);
}

static void
without_a_key_the_answer_is_503(void)
{
	struct tina4_app *bare = new_app("TINA4_SECRET=");
	struct answer answer;

	tina4_get(bare, "/whoami", whoami);
	open_keys(bare);
	answer = ask(bare, "/whoami", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA");
	OK(answer.status == 503 && strstr(answer.text, "not-checked") != NULL, "the fault is ours");
	free(answer.text);
	tina4_app_free(bare);
}

static void
the_header_has_the_token(void)
{
	char *env[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/?token=query", "HTTP_COOKIE=tina4_token=cookie",
		"HTTP_AUTHORIZATION=bearer  a.b.c", NULL };
	struct tina4_request *req = NULL;
	struct tina4_response refusal;

	response_init(&refusal);
	request_new(app, env, "", 0, &refusal, &req);
	OK(strcmp(tina4_request_token(req), "a.b.c") == 0, "the header's token is found");
	request_free(req);
	env[3] = NULL;
	request_new(app, env, "", 0, &refusal, &req);
	OK(tina4_request_token(req) == NULL, "query and cookie are none over HTTP: other sites can send them");
	request_free(req);
	response_free(&refusal);
}

int
main(void)
{
	app = new_app(SECRET);
	tina4_websocket_with(app, "/ws/secure", nothing, &secure);
	tina4_websocket(app, "/ws/open", nothing);
	tina4_get(app, "/whoami", whoami);
	tina4_get(app, "/anybody", anybody);
	OK(open_keys(app) == 0, "the app has its keys");

	tokens_go_there_and_back();
	expired_tokens_are_told_apart();
	wrong_claims_are_refused();
	without_a_key_nothing_is_valid();
	secure_routes_need_a_key();
	secure_routes_are_announced();
	connections_know_their_user();
	requests_have_a_user();
	without_a_key_the_answer_is_503();
	the_header_has_the_token();
	tina4_app_free(app);
	return tap_done();
}
