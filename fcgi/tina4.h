/*
 * tina4 - real-time for classic web applications.
 *
 * A program declares its routes and calls tina4_app_run(), which serves HTTP as
 * a FastCGI or CGI process, or runs the WebSocket handlers as a worker:
 *
 *     fd 0 is a listening socket     FastCGI (spawn-fcgi, mod_fcgid, systemd)
 *     --listen ADDRESS               FastCGI on a socket of its own
 *     a CGI environment              one request, then it ends
 *     --worker [--workers N]         WebSocket handlers, fed by tina4-sidecar
 *     --routes                       prints the routes and ends
 *
 * HTTP handlers run in several threads at once (TINA4_THREADS, 8 at first);
 * WebSocket handlers in the one thread of their worker. What is declared, and
 * what tina4_app_* sets, is declared and set before tina4_app_run(), by one
 * thread; then the app is for all threads, also the program's own: pushes and the
 * like, tokens, the log. A request with its response, session and uploads, and a
 * connection, belong to the thread of their handler until it returns. Nothing
 * here may be called between fork() and exec(), or in a handler of signals.
 *
 * Functions that can fail return 0 or a negative errno and leave outputs
 * untouched on failure. A pointer argument is copied unless its comment says
 * borrowed or taken; who takes asks for the address and clears it. A returned
 * pointer is borrowed from the object it was asked of, and lives as long.
 * Strings are NUL-terminated; names of headers compare without case. What a
 * handler sends or answers is -EINVAL when it is NULL and its comment does not
 * say what that means; a format that is NULL, or one of JSON that makes no whole
 * JSON, is named in the log as well.
 *
 * A struct that a program fills in says what it means when it is all zero.
 * `reserved` in it must stay so, or the call is -EINVAL: a later version takes
 * new members from there, whose zero is what was before, and a program of today
 * goes on working.
 */
#ifndef TINA4_H
#define TINA4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. CONTRIBUTING.md says, under "Releases", what may change when. */
#define TINA4_VERSION_MAJOR 0
#define TINA4_VERSION_MINOR 1
#define TINA4_VERSION_PATCH 0
#define TINA4_VERSION "0.1.0"
#define TINA4_VERSION_NUMBER (TINA4_VERSION_MAJOR * 10000 + TINA4_VERSION_MINOR * 100 + TINA4_VERSION_PATCH)

/* Of the library that runs. */
const char *tina4_version(void);
int tina4_version_number(void);

struct cJSON; /* <cjson/cJSON.h> */

struct tina4_app;
struct tina4_conn;
struct tina4_request;
struct tina4_response;
struct tina4_session;

/* --- the application --------------------------------------------------------- */

/* Returns NULL when out of memory. The caller frees it with tina4_app_free(). */
struct tina4_app *tina4_app_new(void);

/* NULL is fine. */
void tina4_app_free(struct tina4_app *app);

/* A pointer of the program's own, borrowed, for its handlers. */
void tina4_app_set_user(struct tina4_app *app, void *user);
void *tina4_app_user(const struct tina4_app *app);

/*
 * What a process needs before its first handler runs, and each thread that runs
 * handlers before its own: a connection to a database, say. Returns 0, or a
 * negative errno: then nothing is served, the log says which failed, and
 * tina4_app_run() returns 1. The counterpart follows the last handler, unless
 * requests were cut off (TINA4_STOP_SECONDS) or its start had failed.
 *
 * *user is the app's pointer of above for a process, and the thread's own for a
 * thread, NULL at first; what a start leaves there its stop is given. All threads
 * have started before the first request; a CGI process and a worker have one.
 */
typedef int tina4_start_hook(struct tina4_app *app, void **user);
typedef void tina4_stop_hook(struct tina4_app *app, void *user);

/* Before tina4_app_run(). Either may be NULL; what is set later is set instead. */
void tina4_app_on_process(struct tina4_app *app, tina4_start_hook *start, tina4_stop_hook *stop);
void tina4_app_on_thread(struct tina4_app *app, tina4_start_hook *start, tina4_stop_hook *stop);

/* For a handler: the pointer of the thread that runs it. NULL in threads of the program's own. */
void *tina4_app_thread_user(const struct tina4_app *app);

/*
 * Serves until SIGTERM or SIGINT, and finishes what has begun. Takes *app, also
 * on failure. Returns the process's exit status: 0, 1 after a failure (said on
 * standard error), 2 for wrong usage, a wrong setting or a route that was
 * refused.
 */
int tina4_app_run(struct tina4_app **app, int argc, char **argv);

/*
 * Sets the folder whose templates tina4_response_render() renders, unless the
 * setting TINA4_TEMPLATES names another. A relative one is looked for in the
 * working directory, beside the program, and in share/tina4/apps/PROGRAM. Before
 * tina4_app_run(). Returns 0, -EINVAL for NULL, or -ENOMEM.
 */
int tina4_app_templates(struct tina4_app *app, const char *folder);

/* A sentence for a negative errno as the functions below return it. */
const char *tina4_strerror(int error);

enum tina4_log_level {
	TINA4_LOG_ERROR, /* someone must act */
	TINA4_LOG_WARN,  /* the program coped */
	TINA4_LOG_INFO,  /* life cycle */
	TINA4_LOG_DEBUG, /* per message */
};

/*
 * Writes a line to the log, standard error, unless TINA4_LOG_LEVEL is above it:
 * a fact and then key=value pairs, by printf's format. Text that is put in is
 * quoted where it must be, so that no client can write lines or pairs of its own.
 *
 *     tina4_log(TINA4_LOG_WARN, "order is late order=%s days=%d", order, days);
 */
void tina4_log(enum tina4_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- HTTP routes --------------------------------------------------------------- */

/* Returns 0, or a negative errno: the client gets 500 and the log the reason. */
typedef int tina4_http_handler(struct tina4_request *req, struct tina4_response *res);

/*
 * Patterns: "/orders/{id:int}". Types: int, float, alpha, alnum, slug, uuid,
 * path (the rest); without one, any segment. The first route that matches
 * wins. HEAD is answered from GET, OPTIONS and 405 with the methods allowed.
 * Returns 0 or -EINVAL; a refused route also stops tina4_app_run() by name.
 */
int tina4_get(struct tina4_app *app, const char *pattern, tina4_http_handler *handler);
int tina4_post(struct tina4_app *app, const char *pattern, tina4_http_handler *handler);
int tina4_put(struct tina4_app *app, const char *pattern, tina4_http_handler *handler);
int tina4_patch(struct tina4_app *app, const char *pattern, tina4_http_handler *handler);
int tina4_delete(struct tina4_app *app, const char *pattern, tina4_http_handler *handler);
/* All five. */
int tina4_any(struct tina4_app *app, const char *pattern, tina4_http_handler *handler);

/* Answers what no route matches, with 404 unless it sets another status. Without one it is a JSON error. */
void tina4_not_found(struct tina4_app *app, tina4_http_handler *handler);

/* --- HTTP request ----------------------------------------------------------------- */

struct tina4_upload {
	const char *name;     /* of the form's field */
	const char *filename; /* as the client sent it: never use it as a path */
	const char *type;     /* as the client sent it, "" when it did not */
	const void *data;
	size_t len; /* bytes */
};

struct tina4_app *tina4_request_app(const struct tina4_request *req);
const char *tina4_request_method(const struct tina4_request *req);
/* The decoded path, without the query. */
const char *tina4_request_path(const struct tina4_request *req);
/* The client's address; behind TINA4_TRUSTED_PROXIES the one they forwarded. */
const char *tina4_request_ip(const struct tina4_request *req);

/*
 * These return NULL when there is none. Several may have one name, such as the
 * choices of a <select multiple>: the first is found, and with _at the i-th from
 * 0, NULL behind the last. Headers of one name are found as the list that they
 * mean, with commas between them (RFC 9110 section 5.3; semicolons for Cookie); _at
 * has each as the web server hands it on, which may have joined them already.
 */
const char *tina4_request_param(const struct tina4_request *req, const char *name);
const char *tina4_request_query(const struct tina4_request *req, const char *name);
const char *tina4_request_query_at(const struct tina4_request *req, const char *name, size_t i);
const char *tina4_request_form(const struct tina4_request *req, const char *name);
const char *tina4_request_form_at(const struct tina4_request *req, const char *name, size_t i);
const struct tina4_upload *tina4_request_upload(const struct tina4_request *req, const char *name);
const struct tina4_upload *tina4_request_upload_at(const struct tina4_request *req, const char *name, size_t i);
const char *tina4_request_header(const struct tina4_request *req, const char *name);
const char *tina4_request_header_at(const struct tina4_request *req, const char *name, size_t i);
const char *tina4_request_cookie(const struct tina4_request *req, const char *name);
const char *tina4_request_cookie_at(const struct tina4_request *req, const char *name, size_t i);

/*
 * The first of a name as a number from min to max, in decimal: "42", "-1",
 * "12.50". Returns 0, -ENOENT when there is none, -EINVAL for what is no number,
 * or -ERANGE. So a default is what *ret was before:
 *
 *     int64_t page = 1;
 *     int r = tina4_request_query_int(req, "page", 1, 1000, &page);
 *
 *     if (r < 0 && r != -ENOENT)
 *             return tina4_response_error(res, 400, "page: %s", tina4_strerror(r));
 */
int tina4_request_param_int(const struct tina4_request *req, const char *name, int64_t min, int64_t max, int64_t *ret);
int tina4_request_param_float(const struct tina4_request *req, const char *name, double min, double max, double *ret);
int tina4_request_query_int(const struct tina4_request *req, const char *name, int64_t min, int64_t max, int64_t *ret);
int tina4_request_query_float(const struct tina4_request *req, const char *name, double min, double max, double *ret);
int tina4_request_form_int(const struct tina4_request *req, const char *name, int64_t min, int64_t max, int64_t *ret);
int tina4_request_form_float(const struct tina4_request *req, const char *name, double min, double max, double *ret);

/* The body as JSON when there is one and its Content-Type says so, else NULL. One that is not JSON got 400 before. */
const struct cJSON *tina4_request_json(const struct tina4_request *req);
/* The body as it came; never NULL. */
const void *tina4_request_body(const struct tina4_request *req, size_t *ret_len);

/* --- HTTP response ------------------------------------------------------------------ */

enum tina4_same_site {
	TINA4_SAMESITE_LAX,
	TINA4_SAMESITE_STRICT,
	TINA4_SAMESITE_NONE,
};

/* Zeroed: a cookie for the session, Path=/, HttpOnly, SameSite=Lax, Secure behind https. */
struct tina4_cookie {
	const char *path;   /* NULL is "/" */
	const char *domain; /* NULL is this host only */
	int64_t max_age;    /* seconds; 0 until the browser closes; negative deletes it */
	bool script;        /* scripts may read it: no HttpOnly */
	bool insecure;      /* also without https */
	enum tina4_same_site same_site;
	uint64_t reserved[4];
};

/* 200 to 599, or -EINVAL: 1xx is no answer. It is 200 at first; 204, 205 and 304 are sent without a body. */
int tina4_response_status(struct tina4_response *res, int status);
/*
 * Replaces a header of that name. -EINVAL for bytes that RFC 9110 section 5.5
 * forbids, and for Content-Length, Transfer-Encoding and Status, which we write.
 */
int tina4_response_header(struct tina4_response *res, const char *name, const char *value);
/* Adds a cookie; options may be NULL. -EINVAL for bytes that RFC 6265 section 4.1.1 forbids. */
int tina4_response_cookie(
    struct tina4_response *res, const char *name, const char *value, const struct tina4_cookie *options);

/* Each of these sets the whole body and its Content-Type, in place of one set before. */
int tina4_response_body(struct tina4_response *res, const void *data, size_t len, const char *type);
int tina4_response_text(struct tina4_response *res, const char *text);
int tina4_response_html(struct tina4_response *res, const char *html);
/* Takes *json, also on failure. */
int tina4_response_json(struct tina4_response *res, struct cJSON **json);
/* The format is tina4_conn_send_jsonf()'s. */
int tina4_response_jsonf(struct tina4_response *res, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * A template as HTML; name is its path in the folder, *data an object that it
 * shows; data and *data may be NULL. Takes *data, also on failure. Returns 0,
 * -ENOENT when there is no such template, or another negative errno when it or
 * its data is wrong. A handler returns that, and the client gets 500 and the log
 * the template's name, the line and the reason; with TINA4_DEBUG the page shows
 * them too. A handler that returns 0 all the same, without another body, counts
 * as failed.
 */
int tina4_response_render(struct tina4_response *res, const char *name, struct cJSON **data);
/* {"error": "..."} with a status. */
int tina4_response_error(struct tina4_response *res, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * status is 301, 302, 303, 307 or 308. location stays on this site, "/orders/7" or
 * "?page=2", whatever a client put into it: -EINVAL for what has a scheme, begins
 * with "//" or has a backslash.
 */
int tina4_response_redirect(struct tina4_response *res, int status, const char *location);
/* To any site: url begins with http:// or https:// and a host, or -EINVAL. Never hand a client's text to it. */
int tina4_response_redirect_away(struct tina4_response *res, int status, const char *url);
/*
 * The file at path; type NULL is by its ending. -ENOENT when it is no readable
 * regular file. With status 200 it gets ETag and Last-Modified, and conditions
 * and ranges of the request are obeyed (RFC 9110 sections 13 and 14): 304, 206,
 * 412, 416. It is read while it is sent.
 */
int tina4_response_file(struct tina4_response *res, const char *path, const char *type);

/*
 * An answer in pieces, as they come: a long report, server-sent events. It begins
 * with the status, headers, cookies and session that are set by then, which stay
 * (-EALREADY), and is what the handler writes until it returns. A handler that
 * returns a negative errno cuts it short, which clients see unless the web
 * server is told by CGI or mod_fcgid.
 *
 * A stream holds its thread, so that TINA4_STREAMS limits how many a process has
 * at once: -EUSERS, and a handler that returns this is answered with 503. It is
 * -EINVAL to stream twice, without a type, or with a status that has no body.
 */
int tina4_response_stream(struct tina4_response *res, const char *type);
/*
 * The next piece, which goes out at once. Returns 0, -EPIPE when nobody reads it
 * any more: the client has gone, has taken nothing for a minute, or asked for the
 * head only; -EINVAL when there is no stream, or -ENOMEM. A handler returns
 * -EPIPE and -ECANCELED as they are: neither counts as a failure.
 */
int tina4_response_write(struct tina4_response *res, const void *data, size_t len);
int tina4_response_writef(struct tina4_response *res, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Waits so many milliseconds before the next piece. Returns 0 after them, or at
 * once -EPIPE when the client has gone, or -ECANCELED when the process is to stop.
 *
 *     int r = tina4_response_stream(res, "text/event-stream");
 *
 *     while (r == 0) {
 *             r = tina4_response_writef(res, "data: %d\n\n", temperature());
 *             if (r == 0)
 *                     r = tina4_response_wait(res, 1000);
 *     }
 *     return r;
 */
int tina4_response_wait(struct tina4_response *res, int ms);

/* --- who it is: tokens --------------------------------------------------------------- */

/*
 * A token is a JWT that TINA4_SECRET signs, or an RSA key: see
 * TINA4_JWT_ALGORITHM. These work in every handler.
 */

/*
 * Issues a token with these claims, a JSON object, for a life of so many
 * seconds. Takes *claims, also on failure. *ret is the caller's, who frees it
 * with free(). Returns 0, -EINVAL for other claims or no life, -EILSEQ for
 * what is not UTF-8, -E2BIG for a token of more than 8192 bytes, -ENOKEY when
 * the settings name no key that signs, or another negative errno.
 */
int tina4_auth_token(struct tina4_app *app, struct cJSON **claims, int64_t seconds, char **ret);

/*
 * Checks a token; NULL is none. *ret_claims gets its claims, which the caller
 * frees with cJSON_Delete(); ret_claims may be NULL. Returns 0, -EKEYEXPIRED,
 * -EKEYREJECTED for every other token that is not valid, or -ENOKEY when
 * nobody can tell.
 */
int tina4_auth_valid(struct tina4_app *app, const char *token, struct cJSON **ret_claims);

/* The token of "Authorization: Bearer", unchecked; NULL when there is none. */
const char *tina4_request_token(const struct tina4_request *req);

/*
 * The claims of the request's valid token. Else NULL, and when res is not NULL
 * it says 401 and why, so that a handler returns 0 at once.
 */
const struct cJSON *tina4_request_user(struct tina4_request *req, struct tina4_response *res);

/* --- who it is: sessions ------------------------------------------------------------- */

/*
 * The session of the visitor's cookie; one without any is empty, and costs
 * nothing until a value is set. Borrowed while the request lives. Returns 0,
 * -ENOMEM, or another negative errno when the store is away: the visitor then
 * keeps the session.
 *
 * What a handler changes is saved after it returned 0, and not when it failed.
 * A session is saved as a whole: of two requests at once that change it, the
 * later one wins. It ends TINA4_SESSION_TTL seconds after it was used last.
 */
int tina4_request_session(struct tina4_request *req, struct tina4_session **ret);

/* A value, borrowed until it is set again; NULL when there is none, or no string. */
const struct cJSON *tina4_session_get(const struct tina4_session *session, const char *name);
const char *tina4_session_get_string(const struct tina4_session *session, const char *name);

/*
 * NULL, or the address of one, unsets. The first takes *value, also on failure.
 * Returns 0, -EINVAL for an empty name, or -ENOMEM.
 */
int tina4_session_set(struct tina4_session *session, const char *name, struct cJSON **value);
int tina4_session_set_string(struct tina4_session *session, const char *name, const char *value);

/*
 * Gives the session another id, and the old one is no session's any more. Do
 * it at each login, so that an id that somebody knew before is worth nothing.
 */
void tina4_session_regenerate(struct tina4_session *session);

/* Ends the session, at logout. What is set afterwards begins another. Returns 0 or -ENOMEM. */
int tina4_session_destroy(struct tina4_session *session);

/*
 * Saves now what would be saved after the handler. Returns 0, -EFBIG past
 * TINA4_SESSION_MAX_BYTES, -ESTALE when the session has ended meanwhile, or
 * what tina4_request_session() does.
 */
int tina4_session_save(struct tina4_session *session);

/* --- who it is: forms ----------------------------------------------------------------- */

/*
 * A request that changes something must come from a page of this site, or any
 * other site makes its visitors' browsers send it, with their cookies (CSRF).
 * Such a page has a token that belongs to a cookie of the visitor's: templates
 * write it with {{ form_token() }} into a form, and with {{ form_token_value() }}
 * wherever scripts find it. With TINA4_CSRF the requests of all routes are checked.
 */

/*
 * The token of this answer, for a page that no template writes, and the cookie
 * when the visitor has none. Borrowed from the request. Returns 0, -EALREADY
 * when a stream has begun, or another negative errno.
 */
int tina4_response_form_token(struct tina4_response *res, const char **ret);

/*
 * Whether the request has the token, in the form's field or JSON's member
 * formToken or in a header X-Form-Token, or is one of tina4_request_user() by its
 * Authorization header, which no other site can send. Else, when res is not NULL, that
 * says 403 and why, so that a handler returns 0 at once.
 */
bool tina4_request_is_ours(struct tina4_request *req, struct tina4_response *res);

/* --- WebSocket routes ------------------------------------------------------------------ */

enum tina4_event {
	TINA4_OPEN,    /* before the connection joins its path */
	TINA4_MESSAGE, /* data is there with this one only */
	TINA4_CLOSE,   /* after the connection has left its path; comes exactly once */
};

/*
 * Runs in `app --worker`. data is borrowed for the call and NUL-terminated
 * beyond len. What the handler sends takes effect once, after it returned 0. A
 * negative errno discards it: in open the client is closed with 1011, in
 * message the error is logged and the connection stays.
 *
 * Should a worker die, its unfinished events come again to the next: the
 * clients see each event's effects once, what a handler does elsewhere may
 * repeat, and tina4_conn_event_id() lets it notice.
 */
typedef int tina4_ws_handler(struct tina4_conn *conn, enum tina4_event event, const char *data, size_t len);

/* A NULL handler makes the path push-only. Patterns and result are as for tina4_get(); one comes only once. */
int tina4_websocket(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler);

/* Zeroed: a route of tina4_websocket(). */
struct tina4_websocket_options {
	/*
	 * For clients with a valid token only: in an Authorization header, behind
	 * the offered subprotocol bearer, as token= in the query, or in the cookie
	 * TINA4_TOKEN_COOKIE; the first of them counts. Others get
	 * 401 before there is a connection. tina4_conn_user() has the claims. An
	 * app with such a route needs TINA4_SECRET, and so does the sidecar.
	 */
	bool secure;
	/*
	 * What is broadcast and pushed on each of its paths is kept: so many of
	 * the last messages, for so many seconds (0 is an hour; at most 10000 and
	 * a week). A client that was cut off gets what it has missed when it comes
	 * back, tina4_conn_replay() shows it to new ones, and tina4_history() to
	 * pages. 0 messages: nothing is kept. What is sent to one connection never
	 * is, nor is a TINA4_TRANSIENT message.
	 */
	uint32_t history;
	uint32_t history_seconds;
	/*
	 * The subprotocols that the route speaks, between blanks or commas ("mqtt, chat.v2"):
	 * at most 16 names of 64 bytes, copied. NULL is none. The first one that a client
	 * offers is tina4_conn_protocol().
	 */
	const char *protocols;
	uint64_t reserved[13];
};

/* The same with options, which may be NULL. */
int tina4_websocket_with(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler,
    const struct tina4_websocket_options *options);

/*
 * Flags stand before a format, and else at the end. Any other bit, and one that
 * means nothing to the function, is -EINVAL.
 */
enum tina4_flags {
	TINA4_TEXT = 0, /* must be UTF-8, RFC 6455 section 5.6 */
	TINA4_BINARY = 1,
	TINA4_EXCLUDE_SENDER = 2, /* of broadcast */
	TINA4_TRANSIENT = 4,      /* of broadcast and push: is not kept, "is typing" say */
};

/* --- a WebSocket connection, as its handler sees it --------------------------------------- */

struct tina4_app *tina4_conn_app(const struct tina4_conn *conn);
/* 32 hexadecimal digits. */
const char *tina4_conn_id(const struct tina4_conn *conn);
/* The decoded path: who is on the same path is in the same room. */
const char *tina4_conn_path(const struct tina4_conn *conn);
const char *tina4_conn_ip(const struct tina4_conn *conn);
/*
 * A path parameter, or else a query parameter. These return NULL when there is
 * none; _at has the i-th of a name, from 0. Headers of one name are joined, as
 * tina4_request_header() has it.
 */
const char *tina4_conn_param(const struct tina4_conn *conn, const char *name);
const char *tina4_conn_param_at(const struct tina4_conn *conn, const char *name, size_t i);
const char *tina4_conn_header(const struct tina4_conn *conn, const char *name);
const char *tina4_conn_header_at(const struct tina4_conn *conn, const char *name, size_t i);
const char *tina4_conn_cookie(const struct tina4_conn *conn, const char *name);
const char *tina4_conn_cookie_at(const struct tina4_conn *conn, const char *name, size_t i);
/* A parameter as a number, as tina4_request_query_int() has it. */
int tina4_conn_param_int(const struct tina4_conn *conn, const char *name, int64_t min, int64_t max, int64_t *ret);
int tina4_conn_param_float(const struct tina4_conn *conn, const char *name, double min, double max, double *ret);
/* The verified claims of the connection's token, or NULL. */
const struct cJSON *tina4_conn_user(const struct tina4_conn *conn);
/* The first of the route's subprotocols that the client offered; NULL when it offered none of them. */
const char *tina4_conn_protocol(const struct tina4_conn *conn);
/*
 * Whose connection it is: its token's sub (RFC 7519 section 4.1.2), or what
 * tina4_conn_set_user() said. NULL for nobody's. Borrowed until that changes.
 */
const char *tina4_conn_user_id(const struct tina4_conn *conn);
/*
 * Makes it that user's, as of his session say: tina4_user_push() and its kin reach
 * it from then on. 1 to 255 bytes of UTF-8 without control characters; NULL makes
 * it nobody's. Returns 0, -EINVAL for another name or in close, or -ENOMEM.
 */
int tina4_conn_set_user(struct tina4_conn *conn, const char *user);
/*
 * The values of the session that came with the upgrade's cookie, as it is now:
 * read only, borrowed until the handler returns. NULL when there is none, or
 * none any more; also when the store is away, and then the handler counts as
 * failed.
 */
const struct cJSON *tina4_conn_session(struct tina4_conn *conn);
/*
 * A value of the session, for a handler that needs a login:
 *
 *     if (tina4_conn_require(conn, "user") == NULL)
 *             return 0;
 *
 * Where there is no such value it closes the connection with 4401 and returns
 * NULL.
 */
const struct cJSON *tina4_conn_require(struct tina4_conn *conn, const char *name);
/* Connections on the path when the event happened: with this one in open, without it in close. */
uint32_t tina4_conn_count(const struct tina4_conn *conn);
/* True when the message being handled is binary. */
bool tina4_conn_is_binary(const struct tina4_conn *conn);
/* In close: the status of RFC 6455 section 7.4; 1006 when the connection broke. Else 0. */
int tina4_conn_close_code(const struct tina4_conn *conn);
/* The same when the same event comes again, and never else. */
const char *tina4_conn_event_id(const struct tina4_conn *conn);

/*
 * Attributes stay with the connection, whichever worker serves it. NULL unsets.
 * Returns 0, -EINVAL for an empty name, -ENOSPC past TINA4_WS_ATTRIBUTE_BYTES.
 */
int tina4_conn_set(struct tina4_conn *conn, const char *name, const char *value);
const char *tina4_conn_get(const struct tina4_conn *conn, const char *name);

/*
 * To this client, or to all on its path. Returns 0, -EMSGSIZE past
 * TINA4_WS_MAX_MESSAGE, -EILSEQ for text that is not UTF-8, -ENOBUFS when the
 * handler has sent more than an event may, or -ENOMEM. A failure is remembered:
 * a handler that returns 0 all the same counts as failed.
 */
int tina4_conn_send(struct tina4_conn *conn, const void *data, size_t len, unsigned flags);
int tina4_conn_broadcast(struct tina4_conn *conn, const void *data, size_t len, unsigned flags);
int tina4_conn_sendf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tina4_conn_broadcastf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * JSON by a printf-like format: single quotes become double ones; %s is escaped
 * between quotes, and elsewhere a whole string or, for NULL, null; %d, %u, their
 * l, ll and z forms, %f and %g are numbers. -EINVAL for another conversion, and
 * when it would be no whole JSON value.
 *
 *     tina4_conn_broadcast_jsonf(conn, 0, "{'text':%s,'online':%u}", text, n);
 */
int tina4_conn_send_jsonf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tina4_conn_broadcast_jsonf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* These take *json, also on failure. */
int tina4_conn_send_json(struct tina4_conn *conn, struct cJSON **json, unsigned flags);
int tina4_conn_broadcast_json(struct tina4_conn *conn, struct cJSON **json, unsigned flags);

/*
 * A client asks by frond.js's request(), and waits until the handler's commands have
 * taken effect. What the handler replies to it comes back as the answer, in its order
 * with all else that the client gets; without a reply the client hears that it is done,
 * and when the handler fails, that it has failed. A request may come a second time,
 * after the connection was cut, unless the client has asked for `once`.
 *
 * tina4_conn_asks() is true while a request is handled: every other message, and open
 * and close, want no answer. Beside what tina4_conn_send() and its kin return:
 * -ENOMSG for a reply to no request, -EALREADY for a second one.
 */
bool tina4_conn_asks(const struct tina4_conn *conn);
int tina4_conn_reply(struct tina4_conn *conn, const void *data, size_t len, unsigned flags);
int tina4_conn_replyf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tina4_conn_reply_jsonf(struct tina4_conn *conn, unsigned flags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tina4_conn_reply_json(struct tina4_conn *conn, struct cJSON **json, unsigned flags);

/*
 * Sends so many of the last messages that are kept of the path, 1 to 65535, to this
 * client: see struct tina4_websocket_options. In open they reach it before anything
 * newer, and only one that comes back and lacks nothing gets none: it has what it
 * missed, and no more. They go before all else that the handler sends. Returns 0,
 * -EINVAL for another number or when the route keeps nothing, or -ENOMEM.
 */
int tina4_conn_replay(struct tina4_conn *conn, uint32_t max);

/*
 * What the others on the path may see of this connection: a JSON object of at most 4096
 * bytes, copied. From then on it is a member, see tina4_members(), and frond.js tells
 * pages of it; again, that replaces what they see. NULL: it is none any more, as when it
 * ends. Returns 0, -EMSGSIZE, -EINVAL for what is no JSON object, or -ENOMEM.
 */
int tina4_conn_present(struct tina4_conn *conn, const char *json);

/*
 * Ends this connection after what was sent to it. code 0 is 1000; the reason,
 * NULL or at most 123 bytes of UTF-8, reaches the client. -EINVAL for a code
 * that RFC 6455 section 7.4 does not let a server send.
 */
int tina4_conn_close(struct tina4_conn *conn, int code, const char *reason);

/* --- from anywhere: HTTP handlers, CGI, other WebSocket handlers ------------------------------- */

/* Zeroed: text, with the setting's deadline. */
struct tina4_push_options {
	unsigned flags; /* TINA4_TEXT or TINA4_BINARY, and TINA4_TRANSIENT */
	int timeout_ms; /* 0 is TINA4_PUSH_TIMEOUT_MS; at most 60000 */
	const char *id; /* 32 hexadecimal digits of an earlier try; NULL is a new one */
	uint64_t reserved[4];
};

struct tina4_receipt {
	char id[33];          /* to try again with, after -ETIMEDOUT; also filled in on failure */
	uint32_t connections; /* queued to that many on the sidecar's own host */
	bool relayed;         /* handed on for the other hosts */
	uint64_t epoch;       /* of the path; 0 when nobody is there */
	uint64_t offset;      /* of this message within the epoch, from 1 */
	char position[40];    /* of this message, as positions name it, when its path keeps it; else "" */
	uint64_t reserved[4];
};

/*
 * Sends to all on a decoded path, and waits for the sidecar's receipt. options
 * and ret may be NULL. In a WebSocket handler it joins what the handler sends,
 * waits for nothing and *ret is zero. Returns 0 or
 *
 *     -EINVAL      a path that does not begin with '/', or wrong options
 *     -EILSEQ      text that is not UTF-8
 *     -EMSGSIZE    more than TINA4_WS_MAX_MESSAGE
 *     -ENOENT      no route matches the path
 *     -ENOTCONN    no sidecar answers: nothing was sent
 *     -ETIMEDOUT   no receipt in time: it may have been sent; a retry with the
 *                  same id is applied once at most by one run of the sidecar
 *     -EBUSY       the sidecar is at a limit: nothing was sent
 *     -ENETDOWN    it was sent on this host, but the relay to the others is
 *                  full; a retry with the same id is for the others only
 *     -EPROTO      the sidecar does not understand us
 */
int tina4_push(struct tina4_app *app, const char *path, const void *data, size_t len,
    const struct tina4_push_options *options, struct tina4_receipt *ret);
/* Takes *json, also on failure. */
int tina4_push_json(struct tina4_app *app, const char *path, struct cJSON **json,
    const struct tina4_push_options *options, struct tina4_receipt *ret);
/* The format is tina4_conn_send_jsonf()'s. */
int tina4_push_jsonf(struct tina4_app *app, const char *path, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* To one connection by its id, and its end. Results are tina4_push()'s, -ENOENT when it is gone. */
int tina4_send_to(struct tina4_app *app, const char *conn_id, const void *data, size_t len, unsigned flags);
int tina4_disconnect(struct tina4_app *app, const char *conn_id, int code, const char *reason);

/* Closes all connections that are on a path, on all hosts, also when there is none. Results are tina4_push()'s. */
int tina4_path_close(struct tina4_app *app, const char *path, int code, const char *reason);

/* Connections on a path. -EDEADLK in a WebSocket handler: see tina4_conn_count(). */
int tina4_count(struct tina4_app *app, const char *path, uint32_t *ret);

/* --- to a user: all his connections, on all hosts --------------------------------------------- */

/*
 * Sends to all connections of a user, as tina4_conn_user_id() has it, on all paths
 * and hosts; nothing of it is kept. All else is as for tina4_push(), but for the
 * flag TINA4_TRANSIENT, which is -EINVAL, and -ENOENT: a user who is not there
 * has no connections, which is no error.
 */
int tina4_user_push(struct tina4_app *app, const char *user, const void *data, size_t len,
    const struct tina4_push_options *options, struct tina4_receipt *ret);
/* Takes *json, also on failure. */
int tina4_user_push_json(struct tina4_app *app, const char *user, struct cJSON **json,
    const struct tina4_push_options *options, struct tina4_receipt *ret);
/* The format is tina4_conn_send_jsonf()'s. */
int tina4_user_push_jsonf(struct tina4_app *app, const char *user, const struct tina4_push_options *options,
    struct tina4_receipt *ret, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Ends all connections of a user on all hosts, as tina4_disconnect() ends one; that he has none is no error. */
int tina4_user_close(struct tina4_app *app, const char *user, int code, const char *reason);

/* Connections of a user on all hosts. -EDEADLK in a WebSocket handler. */
int tina4_user_count(struct tina4_app *app, const char *user, uint32_t *ret);
/*
 * Who is on a path, on all hosts, of those whose handlers have presented them:
 *
 *     {"count": 2, "members": [{"id": "4f2a...", "user": "42", "data": {"name": "Alice"}}, ...]}
 *
 * id is the connection's, user that to whom it belonged when it was presented, if to
 * anybody, and data what was presented. "members" is missing when they are more than TINA4_WS_PRESENCE_MAX. *ret is
 * the caller's, who frees it with cJSON_Delete(). -EDEADLK in a WebSocket handler, or as
 * tina4_push().
 */
int tina4_members(struct tina4_app *app, const char *path, struct cJSON **ret);

/* --- what is kept of a path ----------------------------------------------------------------- */

struct tina4_history;

struct tina4_history_message {
	const void *data; /* NUL-terminated beyond len */
	size_t len;       /* bytes */
	bool binary;
	int64_t time_ms;      /* Unix time at which the sidecar's host got it */
	const char *position; /* "ORIGIN.N", as in struct tina4_receipt */
};

/*
 * The last messages that are kept of a path whose route keeps any, oldest first, at
 * most max of them; and the position behind them, for a page that goes on from there:
 *
 *     frond.ws("/ws/chat/general", { since: "{{ position }}" })
 *
 * With since, a position that was told before, only what it lacks; NULL is all. *ret
 * is the caller's, who frees it with tina4_history_free(). One of -EDEADLK in a
 * WebSocket handler, see tina4_conn_replay(), -EINVAL when the route keeps nothing or
 * since is no position, -ENOENT when no route matches, or as tina4_push().
 */
int tina4_history(struct tina4_app *app, const char *path, uint32_t max, const char *since, struct tina4_history **ret);

/* NULL is fine. */
void tina4_history_free(struct tina4_history *history);

size_t tina4_history_count(const struct tina4_history *history);
/* The i-th from 0; NULL behind the last. */
const struct tina4_history_message *tina4_history_at(const struct tina4_history *history, size_t i);
const char *tina4_history_position(const struct tina4_history *history);
/* False when `since` lacks something that is there no more, or more than max. */
bool tina4_history_is_whole(const struct tina4_history *history);

#ifdef __cplusplus
}
#endif

#endif
