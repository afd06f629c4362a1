/*
 * tina4_test - drives an application's handlers without a network.
 *
 * A program of tests makes its app as its main() would, and hands it over.
 * Browsers, web server, sidecar and worker are played in the test's own
 * process; all that a call causes has happened when it returns. The settings
 * are the environment's, as for tina4_app_run(); sessions are kept in memory.
 *
 *     const struct tina4_test_response *res = tina4_test_post(carol, "/login", "{\"name\":\"Carol\"}");
 *     struct tina4_test_client *chat = tina4_test_connect(carol, "/ws/chat", NULL);
 *
 *     tina4_test_send_text(chat, "hello");
 *     assert(strcmp(tina4_test_received(chat)->data, "Carol: hello") == 0);
 *
 * Nothing is asserted here: functions tell, and the program judges, with the
 * means of whatever it calls a test. What they return belongs to the test and
 * lives as long. They return NULL when out of memory, and take NULL for
 * something that never answers, so that one failure is not a crash.
 */
#ifndef TINA4_TEST_H
#define TINA4_TEST_H

#include "tina4.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tina4_test;
struct tina4_test_visitor;  /* a browser: it keeps its cookies */
struct tina4_test_response; /* what it got from a handler */
struct tina4_test_client;   /* one of its WebSockets */

/*
 * Takes *app, also on failure. settings, NULL or "TINA4_NAME=value" strings
 * that end with a NULL, win over the environment; without a TINA4_SECRET there
 * is one. Returns 0, -EINVAL after a line on standard error about a setting or
 * a route that is wrong, or -ENOMEM.
 */
int tina4_test_new(struct tina4_test **ret, struct tina4_app **app, const char *const *settings);

/* Runs the stop hooks, and frees the app and all that came of the test. NULL is fine. */
void tina4_test_free(struct tina4_test *test);

/* For what needs an app: tina4_auth_token(), tina4_push(), tina4_count(), tina4_disconnect(). */
struct tina4_app *tina4_test_app(const struct tina4_test *test);

/* --- visitors ------------------------------------------------------------------------------- */

/* A new one, without cookies. */
struct tina4_test_visitor *tina4_test_visitor(struct tina4_test *test);

/* A cookie that it keeps, or NULL; and another value for it, NULL for none. Returns 0 or -ENOMEM. */
const char *tina4_test_cookie(const struct tina4_test_visitor *visitor, const char *name);
int tina4_test_set_cookie(struct tina4_test_visitor *visitor, const char *name, const char *value);

/*
 * A token that goes with its cookie, as a page would have it: for a form's field
 * formToken, or in a header X-Form-Token. NULL when out of memory.
 */
const char *tina4_test_form_token(struct tina4_test_visitor *visitor);

/*
 * Its session, to see what a handler has left there, or to begin with one that
 * is logged in. Borrowed until the visitor does something, and saved then.
 * Returns what tina4_request_session() does.
 */
int tina4_test_session(struct tina4_test_visitor *visitor, struct tina4_session **ret);

/* --- HTTP ------------------------------------------------------------------------------------ */

/* Zeroed: no body, from 127.0.0.1. All is copied. */
struct tina4_test_request {
	const char *const *headers; /* "Name: value", and a NULL at the end */
	const char *token;          /* in "Authorization: Bearer" */
	const char *ip;             /* of the client */
	bool https;

	/* The body: the first of these that is not NULL. */
	const char *json;
	const struct tina4_upload *uploads; /* with the form's fields */
	size_t n_uploads;
	const char *const *form; /* "name=value" as it was typed, and a NULL at the end */
	const void *body;
	size_t len;       /* of body */
	const char *type; /* of body */

	uint64_t reserved[8];
};

/*
 * One request; method NULL is GET, or POST with a body. target is what stands
 * in a request line, "/orders?page=2". options may be NULL. A redirect is not
 * followed.
 */
const struct tina4_test_response *tina4_test_http(struct tina4_test_visitor *visitor, const char *method,
    const char *target, const struct tina4_test_request *options);
const struct tina4_test_response *tina4_test_get(struct tina4_test_visitor *visitor, const char *target);
const struct tina4_test_response *tina4_test_post(
    struct tina4_test_visitor *visitor, const char *target, const char *json);

int tina4_test_status(const struct tina4_test_response *res);
/* The first of that name; NULL when there is none. */
const char *tina4_test_header(const struct tina4_test_response *res, const char *name);
/* NUL-terminated beyond its length; ret_len may be NULL. */
const char *tina4_test_body(const struct tina4_test_response *res, size_t *ret_len);
/* NULL when the body is not JSON. */
const struct cJSON *tina4_test_json(const struct tina4_test_response *res);

/* --- pushes ------------------------------------------------------------------------------------ */

struct tina4_test_message {
	const char *path; /* that it was sent to */
	const char *data; /* NUL-terminated beyond len */
	size_t len;
	unsigned flags;           /* TINA4_TEXT or TINA4_BINARY */
	const struct cJSON *json; /* the text as JSON, when it is some */
	uint64_t reserved[4];
};

/* The next tina4_push(), whoever made it and whether somebody was there or not; NULL after the last one. */
const struct tina4_test_message *tina4_test_pushed(struct tina4_test *test);

/*
 * From now on what would ask the sidecar fails with this negative errno, such
 * as -ENOTCONN; 0 ends that. A WebSocket handler does not ask it.
 */
void tina4_test_fail_pushes(struct tina4_test *test, int error);

/* --- WebSocket --------------------------------------------------------------------------------- */

/* Opens one, and runs the open handler. Of the options the body means nothing. */
struct tina4_test_client *tina4_test_connect(
    struct tina4_test_visitor *visitor, const char *target, const struct tina4_test_request *options);

/* The upgrade's status: 101; 400, 404 for a wrong path, 401 for a token, and then there is no connection. */
int tina4_test_upgrade(const struct tina4_test_client *client);

/*
 * Lets the client say something, and returns what the handler's outcome is, 0
 * or a negative errno as the log has it. -ENOTCONN when it is closed. As the
 * sidecar does, closes the client with 1009 and returns -EMSGSIZE past
 * TINA4_WS_MAX_MESSAGE, and with 1007 and -EILSEQ for text that is not UTF-8.
 */
int tina4_test_send(struct tina4_test_client *client, const void *data, size_t len, unsigned flags);
int tina4_test_send_text(struct tina4_test_client *client, const char *text);

/*
 * The same for a request, as frond.js's request() makes it. *ret is what the handler
 * has replied, NULL for nothing; that is no message for tina4_test_received().
 */
int tina4_test_request(struct tina4_test_client *client, const void *data, size_t len, unsigned flags,
    const struct tina4_test_message **ret);

/* Closes from the client's side: 0 is 1000, 1006 a broken connection. Results are tina4_test_send()'s. */
int tina4_test_close(struct tina4_test_client *client, int code);

/* The outcome of the handler that ran last for this connection. */
int tina4_test_result(const struct tina4_test_client *client);

/* What the client got and has not seen yet, one at a time; NULL after the last one. */
const struct tina4_test_message *tina4_test_received(struct tina4_test_client *client);

/* The code that it was closed with, by either side, and the reason that came with it; 0 while it is open. */
int tina4_test_closed(const struct tina4_test_client *client);
const char *tina4_test_close_reason(const struct tina4_test_client *client);

/* What tina4_conn_id() and tina4_conn_get() are for its handler. */
const char *tina4_test_conn_id(const struct tina4_test_client *client);
const char *tina4_test_attribute(const struct tina4_test_client *client, const char *name);

#ifdef __cplusplus
}
#endif

#endif
