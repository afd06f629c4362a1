#include "shared/clock.h"
#include "shared/log.h"
#include "sidecar/hub/apply.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/recall.h"
#include "sidecar/hub/trace.h"

void
requests_open(struct requests *requests, struct hub *hub, const struct routes *routes)
{
	*requests = (struct requests){ .hub = hub, .routes = routes };
}

void
requests_close(struct requests *requests)
{
	dedup_close(&requests->dedup);
}

void
requests_listen(struct requests *requests, const struct requests_events *events, void *context)
{
	requests->events = events;
	requests->context = context;
}

static void
hand_on(struct requests *requests, const struct wire_command *command, struct wire_reply *ret)
{
	if (requests->events != NULL)
		requests->events->applied(requests->context, command, ret);
}

const struct wire_reply *
requests_earlier(struct requests *requests, const struct wire_id *id, const struct wire_command *command)
{
	struct wire_reply *earlier = dedup_find(&requests->dedup, id);

	if (earlier != NULL && earlier->status == WIRE_NOT_RELAYED) {
		earlier->status = WIRE_OK;
		hand_on(requests, command, earlier);
	}
	if (earlier != NULL)
		trace_command("app-again", NULL, command, earlier);
	return earlier;
}

bool
requests_lack_route(const struct requests *requests, const struct wire_command *command)
{
	return (command->type == WIRE_PUSH || command->type == WIRE_COUNT || command->type == WIRE_HISTORY ||
		   command->type == WIRE_KICK || command->type == WIRE_MEMBERS) &&
	    routes_match(requests->routes, command->key.data, command->key.len) == NULL;
}

static void
count_push(struct requests *requests, const struct wire_request *request, enum wire_status status)
{
	if (request->command.type == WIRE_PUSH || request->command.type == WIRE_USER_PUSH)
		requests->pushes[status]++;
}

void
requests_refuse(struct requests *requests, const struct wire_request *request, struct wire_reply *ret)
{
	*ret = (struct wire_reply){ .status = routes_may_come(requests->routes) ? WIRE_NOT_READY : WIRE_NO_ROUTE };
	count_push(requests, request, ret->status);
	trace_command("app", NULL, &request->command, ret);
}

static bool
is_applied(enum wire_status status)
{
	return status == WIRE_OK || status == WIRE_NOT_RELAYED;
}

static void
apply_and_remember(struct requests *requests, const struct wire_request *request, struct wire_reply *ret)
{
	apply_command(requests->hub, NULL, &request->command, ret);
	hand_on(requests, &request->command, ret);
	if (is_applied(ret->status) && request->command.type != WIRE_COUNT &&
	    dedup_add(&requests->dedup, request, ret) < 0)
		log_limited(LOG_LEVEL_WARN, "request not remembered why=out-of-memory");
}

/* Who was shown the door, by whom else than a handler. */
static void
log_ended(const struct wire_command *command, const struct wire_reply *reply)
{
	struct span path = command->key.len > 0 ? command->key : span_of("-");
	char conn[WIRE_ID_HEX] = "-";

	if (command->type != WIRE_DISCONNECT && command->type != WIRE_KICK)
		return;
	if (command->flags & WIRE_OTHER_CONN)
		wire_id_format(&command->conn, conn);
	log_info("connections closed on request path=%.*s conn=%s code=%d connections=%u relayed=%d outcome=%s",
	    (int)path.len, path.data, conn, command->code, reply->connections, reply->relayed,
	    wire_status_name(reply->status));
}

void
requests_apply(struct requests *requests, const struct wire_request *request, struct wire_reply *ret)
{
	uint64_t now = clock_unix_ms();

	*ret = (struct wire_reply){ 0 };
	if (request->deadline_ms < now)
		ret->status = WIRE_EXPIRED;
	else if (request->deadline_ms - now > WIRE_MAX_DEADLINE_MS)
		ret->status = WIRE_INVALID;
	else
		apply_and_remember(requests, request, ret);
	count_push(requests, request, ret->status);
	log_ended(&request->command, ret);
	trace_command("app", NULL, &request->command, ret);
}

static enum wire_status
list_members(struct hub *hub, struct span name, struct buf *text, uint32_t *ret_count)
{
	const struct path *path = hub_find_path(hub, name.data, name.len);
	const struct presence *presence = path == NULL ? NULL : path->presence;

	*ret_count = presence_count(presence);
	presence_put(presence, text);
	return text->failed ? WIRE_BUSY : WIRE_OK;
}

void
requests_recall(struct requests *requests, const struct wire_command *command, struct buf *text, struct wire_reply *ret)
{
	const struct route *route = routes_match(requests->routes, command->key.data, command->key.len);

	*ret = (struct wire_reply){ .status = WIRE_INVALID };
	if (route == NULL)
		ret->status = routes_may_come(requests->routes) ? WIRE_NOT_READY : WIRE_NO_ROUTE;
	else if (command->type == WIRE_MEMBERS)
		ret->status = list_members(requests->hub, command->key, text, &ret->connections);
	else if (route->limits.messages > 0)
		ret->status = recall(requests->hub, command, route->limits, text);
	ret->text = span_of_buf(text);
	trace_command("app", NULL, command, ret);
}

void
requests_take(
    struct requests *requests, const struct wire_id *id, const struct wire_command *command, struct wire_reply *ret)
{
	const struct wire_request request = { *id, clock_unix_ms() + WIRE_MAX_DEADLINE_MS, *command };
	const struct wire_reply *earlier = requests_earlier(requests, id, command);

	if (earlier != NULL)
		*ret = *earlier;
	else if (requests_lack_route(requests, command))
		requests_refuse(requests, &request, ret);
	else
		requests_apply(requests, &request, ret);
}

void
requests_tick(struct requests *requests)
{
	dedup_expire(&requests->dedup, clock_unix_ms());
}
