#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "shared/url.h"
#include "shared/username.h"
#include "sidecar/edge/elements.h"
#include "sidecar/edge/gate.h"
#include "sidecar/admin/answer.h"
#include "sidecar/admin/bearer.h"
#include "sidecar/admin/post.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/position.h"

static const char not_ready[] = "no application has announced this path yet";

/* --- the head ---------------------------------------------------------------- */

static struct post_verdict
refuse(int status, const char *why)
{
	return (struct post_verdict){ .status = status, .why = why };
}

/* A text has a type text/... or application/json, or none; its parameters do not matter. */
static bool
parse_type(struct span type, bool *ret_binary)
{
	size_t len = 0;

	while (len < type.len && strchr("; \t", type.data[len]) == NULL)
		len++;
	type.len = len;
	*ret_binary = element_is(type, "application/octet-stream");
	return *ret_binary || len == 0 || element_is(type, "application/json") ||
	    (len > 5 && strncasecmp(type.data, "text/", 5) == 0);
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

static bool
is_for_user(const struct target *target)
{
	return strncmp(target->path, POST_USER_PREFIX, strlen(POST_USER_PREFIX)) == 0;
}

static struct post_verdict
take_user(const struct target *target, struct post_verdict *verdict)
{
	size_t before = strlen(POST_USER_PREFIX);

	verdict->type = WIRE_USER_PUSH;
	verdict->key = (struct span){ target->path + before, target->path_len - before };
	return username_is_valid(verdict->key) ? *verdict : refuse(400, USERNAME_RULE);
}

static struct post_verdict
take_path(const struct target *target, const struct routes *routes, struct post_verdict *verdict)
{
	size_t before = strlen(POST_PREFIX) - 1;

	verdict->type = WIRE_PUSH;
	verdict->key = (struct span){ target->path + before, target->path_len - before };
	if (routes_match(routes, verdict->key.data, verdict->key.len) == NULL)
		return routes_may_come(routes) ? refuse(503, not_ready) : refuse(404, "no route matches this path");
	return *verdict;
}

/* Of one who may. */
static struct post_verdict
check(const struct head *head, const struct target *target, const char *query, const struct conf *conf,
    const struct routes *routes)
{
	struct post_verdict verdict = { .status = 200 };

	if (!head->has_length || head->chunked)
		return refuse(411, "the body needs a Content-Length");
	if (head->body_len > conf->ws_max_message)
		return refuse(413, "more than TINA4_WS_MAX_MESSAGE");
	if (!parse_type(head_get(head, "content-type"), &verdict.binary))
		return refuse(415, "Content-Type must be text/..., application/json or application/octet-stream");
	if (!parse_id(query, &verdict))
		return refuse(400, "id must be 32 hexadecimal digits");
	return is_for_user(target) ? take_user(target, &verdict) : take_path(target, routes, &verdict);
}

struct post_verdict
post_check(const struct head *head, const struct target *target, const struct conf *conf, const struct routes *routes)
{
	struct post_verdict verdict = { .status = 503, .why = "out of memory" };
	const char *why = NULL;
	char *query;
	int status;

	if (!head_is(head, "POST"))
		return refuse(405, "a push is a POST");
	status = bearer_check(head, conf, &why);
	if (status != 200)
		return refuse(status, why);
	query = strndup(target->query.data, target->query.len);
	if (query != NULL)
		verdict = check(head, target, query, conf, routes);
	free(query);
	return verdict;
}

/* --- its answer ----------------------------------------------------------------- */

void
post_put_receipt(struct buf *buf, const struct wire_id *id, const struct wire_reply *reply)
{
	char text[WIRE_ID_HEX];

	wire_id_format(id, text);
	buf_printf(buf, "{\"id\":\"%s\",\"connections\":%u,\"relayed\":%s,\"epoch\":\"%016llx\",\"offset\":%llu", text,
	    reply->connections, reply->relayed ? "true" : "false", (unsigned long long)reply->epoch,
	    (unsigned long long)reply->offset);
	if (reply->number > 0) {
		buf_string(buf, ",\"position\":\"");
		position_put_mark(buf, (struct mark){ reply->origin, reply->number });
		buf_u8(buf, '"');
	}
	buf_string(buf, "}\n");
}

static void
answer_receipt(struct guest *guest, const struct wire_id *id, const struct wire_reply *reply)
{
	struct buf text = BUF_INIT;

	post_put_receipt(&text, id, reply);
	if (text.failed)
		answer_error(guest, 503, "out of memory", NULL);
	else
		answer_json(guest, 200, span_of_buf(&text));
	buf_free(&text);
}

struct post_verdict
post_outcome(enum wire_status status)
{
	switch (status) {
	case WIRE_OK:
		return (struct post_verdict){ .status = 200 };
	case WIRE_NO_ROUTE:
		return refuse(404, "no route matches this path");
	case WIRE_TOO_LARGE:
		return refuse(413, "more than TINA4_WS_MAX_MESSAGE");
	case WIRE_INVALID:
		return refuse(400, "text that is not UTF-8");
	case WIRE_BUSY:
		return refuse(503, "the sidecar is at a limit");
	case WIRE_NOT_RELAYED:
		return refuse(503, "sent on this host, but the relay to the others is full");
	case WIRE_NOT_READY:
		return refuse(503, not_ready);
	case WIRE_MALFORMED:
	case WIRE_BAD_VERSION:
	case WIRE_NO_CONN:
	case WIRE_EXPIRED:
		break; /* of other requests */
	}
	return refuse(500, "the push was not applied");
}

static void
answer_reply(struct guest *guest, const struct wire_id *id, const struct wire_reply *reply)
{
	struct post_verdict outcome = post_outcome(reply->status);

	if (outcome.status == 200)
		answer_receipt(guest, id, reply);
	else
		answer_error(guest, outcome.status, outcome.why, NULL);
}

/* --- the request ------------------------------------------------------------------- */

void
posts_open(struct posts *posts, const struct conf *conf, const struct routes *routes, struct requests *requests)
{
	*posts = (struct posts){ .conf = conf, .routes = routes, .requests = requests };
}

void
post_begin(struct posts *posts, struct guest *guest)
{
	struct post_verdict verdict = post_check(&guest->head, &guest->target, posts->conf, posts->routes);

	if (verdict.status != 200) {
		log_limited(LOG_LEVEL_INFO, "push refused path=%s status=%d why=%s", guest->target.path, verdict.status,
		    verdict.why);
		answer_error(guest, verdict.status, verdict.why, verdict.status == 405 ? "POST" : NULL);
		return;
	}
	guest->data = malloc(sizeof(verdict));
	if (guest->data == NULL) {
		guest_refuse(guest, REFUSAL_NO_MEMORY, NULL);
		return;
	}
	*(struct post_verdict *)guest->data = verdict;
	guest_await_body(guest);
}

void
post_end(struct posts *posts, struct guest *guest)
{
	struct post_verdict *verdict = guest->data;
	const struct wire_command push = {
		.type = verdict->type,
		.flags = verdict->binary ? WIRE_BINARY : 0,
		.key = verdict->key,
		.data = span_of_buf(&guest->body),
	};
	struct wire_reply reply = { .status = WIRE_BUSY };
	struct wire_id id = verdict->id;

	if (verdict->has_id || wire_id_random(&id) == 0)
		requests_take(posts->requests, &id, &push, &reply);
	answer_reply(guest, &id, &reply);
}

void
post_forget(struct guest *guest)
{
	free(guest->data);
}
