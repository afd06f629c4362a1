#include <ctype.h>
#include <errno.h>
#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <utlist.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/credentials.h"
#include "shared/log.h"
#include "shared/url.h"
#include "sidecar/edge/answer.h"
#include "sidecar/admin/post.h"
#include "sidecar/edge/request_line.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"

/* A request whose body is on its way. */
struct post {
	struct posts *all;
	struct lws *wsi;
	struct post_verdict verdict;
	struct buf body;
	bool has_body;   /* also when it is refused */
	bool answered;   /* what still comes is only swallowed */
	uint64_t end_ms; /* when it must be over, in loop ms */
	struct post *prev, *next;
};

static const char not_ready[] = "no application has announced this path yet";

/* --- the head ---------------------------------------------------------------- */

static struct post_verdict
refuse(int status, const char *why)
{
	return (struct post_verdict){ .status = status, .why = why };
}

/* Its time tells nothing but the length. */
static bool
is_token(struct span given, const char *expected)
{
	return given.len == strlen(expected) && CRYPTO_memcmp(given.data, expected, given.len) == 0;
}

/* RFC 9110 section 8.6. Returns false for what is no number; a large one is SIZE_MAX. */
static bool
parse_length(const char *text, size_t *ret)
{
	size_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		size_t digit = (size_t)(*text - '0');

		if (!isdigit((unsigned char)*text))
			return false;
		value = value > (SIZE_MAX - digit) / 10 ? SIZE_MAX : value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* A text has a type text/... or application/json, or none; its parameters do not matter. */
static bool
parse_type(const char *type, bool *ret_binary)
{
	static const char binary[] = "application/octet-stream", json[] = "application/json";
	size_t len = type == NULL ? 0 : strcspn(type, "; \t");

	*ret_binary = len == strlen(binary) && strncasecmp(type, binary, len) == 0;
	return *ret_binary || len == 0 || strncasecmp(type, "text/", 5) == 0 ||
	    (len == strlen(json) && strncasecmp(type, json, len) == 0);
}

/* Looks for id= in the query. Returns false when it is none. */
static bool
parse_id(const char *query, struct post_verdict *ret)
{
	struct span name, value;
	char text[WIRE_ID_HEX];

	while (url_next_pair(&query, &name, &value)) {
		if (!span_is(name, "id"))
			continue;
		if (value.len != sizeof(text) - 1)
			return false;
		memcpy(text, value.data, value.len);
		text[value.len] = '\0';
		ret->has_id = true;
		return wire_id_parse(text, &ret->id) == 0;
	}
	return true;
}

struct post_verdict
post_check(const struct post_head *head, const struct conf *conf, const struct routes *routes)
{
	const struct request_line *line = head->line;
	struct span token = credentials_bearer(head->authorization);
	struct post_verdict verdict = { .status = 200 };
	size_t bytes;

	if (!line->is_post)
		return refuse(405, "a push is a POST");
	if (conf->admin_token[0] == '\0')
		return refuse(403, "push over HTTP is off: TINA4_ADMIN_TOKEN is not set");
	if (!is_token(token, conf->admin_token))
		return refuse(401, token.len == 0 ? "missing" : "wrong");
	if (head->length == NULL || head->transfer != NULL)
		return refuse(411, "the body needs a Content-Length");
	if (!parse_length(head->length, &bytes))
		return refuse(400, "Content-Length must be a number");
	if (bytes > conf->ws_max_message)
		return refuse(413, "more than TINA4_WS_MAX_MESSAGE");
	if (!parse_type(head->type, &verdict.binary))
		return refuse(415, "Content-Type must be text/..., application/json or application/octet-stream");
	if (!parse_id(line->query, &verdict))
		return refuse(400, "id must be 32 hexadecimal digits");
	verdict.path.data = line->path + strlen(POST_PREFIX) - 1;
	verdict.path.len = line->path_len - strlen(POST_PREFIX) + 1;
	if (routes_match(routes, verdict.path.data, verdict.path.len) == NULL)
		return routes_may_come(routes) ? refuse(503, not_ready) : refuse(404, "no route matches this path");
	return verdict;
}

/* --- its answer ----------------------------------------------------------------- */

void
post_put_receipt(struct buf *buf, const struct wire_id *id, const struct wire_reply *reply)
{
	char text[WIRE_ID_HEX];

	wire_id_format(id, text);
	buf_printf(buf, "{\"id\":\"%s\",\"connections\":%u,\"relayed\":%s,\"epoch\":\"%016llx\",\"offset\":%llu}\n",
	    text, reply->connections, reply->relayed ? "true" : "false", (unsigned long long)reply->epoch,
	    (unsigned long long)reply->offset);
}

static void
answer_receipt(struct lws *wsi, const struct wire_id *id, const struct wire_reply *reply)
{
	struct buf text = BUF_INIT;

	post_put_receipt(&text, id, reply);
	if (!text.failed)
		answer_json(wsi, 200, buf_cstr(&text));
	buf_free(&text);
}

static void
answer_reply(struct lws *wsi, const struct wire_id *id, const struct wire_reply *reply)
{
	switch (reply->status) {
	case WIRE_OK:
		answer_receipt(wsi, id, reply);
		return;
	case WIRE_NO_ROUTE:
		answer_error(wsi, 404, "no route matches this path", NULL);
		return;
	case WIRE_TOO_LARGE:
		answer_error(wsi, 413, "more than TINA4_WS_MAX_MESSAGE", NULL);
		return;
	case WIRE_INVALID:
		answer_error(wsi, 400, "text that is not UTF-8", NULL);
		return;
	case WIRE_BUSY:
		answer_error(wsi, 503, "the sidecar is at a limit", NULL);
		return;
	case WIRE_NOT_RELAYED:
		answer_error(wsi, 503, "sent on this host, but the relay to the others is full", NULL);
		return;
	case WIRE_NOT_READY:
		answer_error(wsi, 503, not_ready, NULL);
		return;
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
	case WIRE_NO_CONN:
	case WIRE_EXPIRED:
		break; /* of other requests */
	}
	answer_error(wsi, 500, "the push was not applied", NULL);
}

/* --- the request ------------------------------------------------------------------- */

static const char *
header(struct lws *wsi, enum lws_token_indexes token, char *ret, int size)
{
	if (lws_hdr_total_length(wsi, token) <= 0)
		return NULL;
	return lws_hdr_copy(wsi, ret, size, token) < 0 ? "" : ret; /* too long is wrong, whatever it says */
}

static void
check(struct post *post, const struct request_line *line)
{
	struct lws *wsi = post->wsi;
	char authorization[TOKEN_MAX_BYTES], length[32], transfer[32], type[128];
	size_t bytes = 0;
	const struct post_head head = {
		.line = line,
		.authorization = header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization, sizeof(authorization)),
		.length = header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length)),
		.transfer = header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING, transfer, sizeof(transfer)),
		.type = header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof(type)),
	};

	post->verdict = post_check(&head, post->all->conf, post->all->routes);
	post->has_body = head.length != NULL && parse_length(head.length, &bytes) && bytes > 0;
}

void
posts_open(struct posts *posts, const struct conf *conf, const struct routes *routes, struct requests *requests,
    const struct turn *turn)
{
	*posts = (struct posts){ .conf = conf, .routes = routes, .requests = requests, .turn = turn };
}

static struct post *
post_new(struct posts *posts, struct lws *wsi)
{
	struct post *post = calloc(1, sizeof(*post));

	if (post == NULL)
		return NULL;
	post->all = posts;
	post->wsi = wsi;
	post->end_ms = posts->turn->now_ms + POST_MS;
	DL_APPEND(posts->under_way, post);
	return post;
}

void
post_free(struct post *post)
{
	if (post == NULL)
		return;
	DL_DELETE(post->all->under_way, post);
	buf_free(&post->body);
	free(post);
}

/* Some clients wait for it before they send a large body (RFC 9110 section 10.1.1). */
static void
say_continue(struct lws *wsi)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	/* Nothing was written before it, so nothing waits in libwebsockets' own queue. */
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) > 0)
		send(lws_get_socket_fd(wsi), line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
refuse_post(struct post *post, const char *path)
{
	const struct post_verdict *verdict = &post->verdict;

	log_limited(LOG_LEVEL_INFO, "push refused path=%s status=%d why=%s", path, verdict->status, verdict->why);
	answer_error(post->wsi, verdict->status, verdict->why, "POST");
	post->answered = true;
}

int
post_begin(struct posts *posts, struct lws *wsi, struct request_line *line)
{
	struct post *post = post_new(posts, wsi);

	if (post == NULL)
		return -1;
	line->post = post;
	check(post, line);
	if (post->verdict.status != 200)
		refuse_post(post, line->path);
	else if (post->has_body)
		say_continue(wsi);
	return post->has_body ? 0 : post_end(line);
}

int
post_body(struct request_line *line, const void *data, size_t len)
{
	struct post *post = line == NULL ? NULL : line->post;

	if (post == NULL)
		return -1;
	if (!post->answered)
		buf_bytes(&post->body, data, len);
	return 0;
}

static void
apply(struct post *post)
{
	struct post_verdict *verdict = &post->verdict;
	const struct wire_command push = {
		.type = WIRE_PUSH,
		.flags = verdict->binary ? WIRE_BINARY : 0,
		.key = verdict->path,
		.data = span_of_buf(&post->body),
	};
	struct wire_reply reply = { .status = WIRE_BUSY };

	if (!post->body.failed && (verdict->has_id || wire_id_random(&verdict->id) == 0))
		requests_push(post->all->requests, &verdict->id, &push, &reply);
	answer_reply(post->wsi, &verdict->id, &reply);
}

int
post_end(struct request_line *line)
{
	struct post *post = line == NULL ? NULL : line->post;

	if (post != NULL && !post->answered) {
		post->answered = true;
		apply(post);
	}
	return -1;
}

void
posts_tick(struct posts *posts, uint64_t now_ms)
{
	struct post *post;

	DL_FOREACH(posts->under_way, post) {
		if (now_ms < post->end_ms)
			return;
		if (!post->answered)
			answer_error(post->wsi, 408, "the body took too long", NULL);
		post->answered = true;
		shutdown(lws_get_socket_fd(post->wsi), SHUT_RDWR);
	}
}
