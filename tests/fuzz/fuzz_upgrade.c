/* Input: a request that asks for a WebSocket, and perhaps what comes behind it. */
#include <assert.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/keys.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/reply.h"
#include "sidecar/feed/routes.h"
#include "sidecar/edge/target.h"
#include "sidecar/edge/upgrade.h"
#include "tests/fuzz/fuzz.h"

static struct routes routes;
static struct keys *keys;

static void
set_up(void)
{
	static const char *const patterns[] = { "/ws/echo", "/ws/chat/{room}", "/ws/n/{id:int}/{rest:path}" };
	struct conf conf = {
		.secret = "a secret with more than thirty-two bytes", .jwt_algorithm = "HS256", .jwt_expiry = "required"
	};
	struct buf errors = BUF_INIT;
	struct route_app *app = NULL;
	struct route *route;
	const char *why;

	if (routes.apps != NULL)
		return;
	keys_new(&keys, &conf, &errors);
	buf_free(&errors);
	routes_app(&routes, span_of("fuzz"), &app);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const struct wire_route announced = { .pattern = span_of(patterns[i]),
			.protocols = span_of(i == 0 ? "mqtt, chat.v2" : "") };

		routes_add(&routes, app, &announced, &route, &why);
	}
}

/* Whatever the origin is, the answer has a line for it and no more. */
static void
check_stream(const struct upgrade *upgrade)
{
	struct buf answer = BUF_INIT;
	unsigned lines = 0;

	assert(upgrade->protocol.data == NULL && !upgrade->frond && !upgrade->deflate);
	reply_put_stream(upgrade->origin, 0, &answer);
	for (uint32_t i = 0; i < answer.len; i++)
		lines += answer.data[i] == '\n';
	assert(!answer.failed && lines == (upgrade->origin.data == NULL ? 8 : 10));
	buf_free(&answer);
}

/* What libwebsockets would get is a whole head of ours. */
static void
check_websocket(const struct head *head, const struct upgrade *upgrade)
{
	struct buf ours = BUF_INIT;
	struct head read;

	assert(head->minor == 1);
	assert(upgrade->protocol.data == NULL || upgrade->protocol.data != upgrade->token.data);
	assert(!upgrade->frond || span_is(upgrade->protocol, "frond.1"));
	assert(upgrade->spoken.data == NULL || span_is(upgrade->spoken, "mqtt") || span_is(upgrade->spoken, "chat.v2"));
	upgrade_put_head(upgrade, &ours);
	assert(ours.len <= UPGRADE_HEAD_BYTES);
	head_init(&read);
	assert(head_read(&read, (const char *)ours.data, ours.len) && read.whole && read.len == ours.len);
	assert(head_lists(&read, "upgrade", "websocket") && head_count(&read, "sec-websocket-key") == 1);
	buf_free(&ours);
}

static void
check_accepted(const struct head *head, const struct target *target, const struct upgrade *upgrade)
{
	struct token token = { 0 };

	assert(head_is(head, "GET") && !head_has_body(head));
	assert(upgrade->route != NULL && strstr(target->path, "/../") == NULL);
	assert(upgrade_token(head, upgrade, keys, "jwt", 1000, &token) != TOKEN_VALID);
	if (upgrade->stream)
		check_stream(upgrade);
	else
		check_websocket(head, upgrade);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct upgrade_rules rules = {
		.routes = &routes,
		.allowed_origins = len % 2 == 0 ? "" : "https://a.org, https://*.b.org",
		.proxied = true,
		.deflate = true,
	};
	enum refusal refusal;
	struct upgrade upgrade;
	struct target target;
	struct buf reply = BUF_INIT;
	struct head head;

	set_up();
	head_init(&head);
	if (!head_read(&head, (const char *)data, len))
		return 0;
	refusal = head.refusal;
	if (refusal == REFUSAL_NONE)
		refusal = target_read(&head, &target);
	if (refusal == REFUSAL_NONE)
		refusal = upgrade_judge(&head, &target, &rules, &upgrade);
	if (refusal == REFUSAL_NONE) {
		check_accepted(&head, &target, &upgrade);
		return 0;
	}
	assert(refusal_status(refusal) >= 400);
	reply_put_refusal(refusal, false, 0, &reply);
	assert(!reply.failed);
	buf_free(&reply);
	return 0;
}
