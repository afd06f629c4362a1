#include <string.h>
#include <time.h>

#include "shared/conf.h"
#include "shared/token.h"
#include "sidecar/edge/browsers.h"
#include "sidecar/edge/counters.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/edge/quotas.h"
#include "sidecar/feed/routes.h"
#include "sidecar/hub/turn.h"
#include "sidecar/edge/upgrade.h"
#include "sidecar/edge/ws.h"

/* A unix socket's peer is the web server, whose words count as a trusted proxy's. */
static bool
is_proxy(const struct browsers *browsers, const char *peer)
{
	return peer[0] == '\0' || address_list_contains(browsers->parts.conf->trusted_proxies, peer);
}

/* Clients that are gone count only when no worker takes note of it for long. */
static bool
is_full(const struct browsers *browsers)
{
	uint32_t max = browsers->parts.conf->ws_max_connections;

	return browsers->parts.counters->n_open >= max || HASH_COUNT(browsers->parts.hub->clients) / 2 >= max ||
	    memory_is_full();
}

/* What trusted proxies tell, or the peer; "" when nobody knows. */
static void
find_client(const struct browsers *browsers, struct guest *guest)
{
	struct buf forwarded = BUF_INIT;
	bool said = head_join(&guest->head, "x-forwarded-for", &forwarded) > 0;
	const char *text = said ? buf_cstr(&forwarded) : NULL;

	/* What cannot be looked at for lack of memory is as good as what cannot be understood. */
	address_of_client(browsers->parts.conf->trusted_proxies, guest->ip,
	    said && text == NULL ? ADDRESS_UNKNOWN : text, guest->client);
	buf_free(&forwarded);
}

static enum refusal
judge(struct browsers *browsers, const struct guest *guest, struct upgrade *ret)
{
	const struct conf *conf = browsers->parts.conf;
	const struct upgrade_rules rules = {
		.routes = browsers->parts.routes,
		.allowed_origins = conf->ws_allowed_origins,
		.proxied = is_proxy(browsers, guest->ip),
		.deflate = conf->ws_deflate,
		.stopping = browsers->stopping,
		.full = is_full(browsers),
	};
	enum refusal refusal = upgrade_judge(&guest->head, &guest->target, &rules, ret);

	if (refusal != REFUSAL_NONE)
		return refusal;
	/* Before the token is checked, so that nobody tries one after the other. */
	return quotas_refuse(browsers->parts.quotas, guest->client, browsers->parts.turn->now_ms);
}

/* Checks the token of a secure route. *ret_why is what is wrong with it. */
static enum refusal
check_token(const struct browsers *browsers, const struct guest *guest, const struct upgrade *upgrade,
    struct token *ret, const char **ret_why)
{
	enum token_verdict verdict = upgrade_token(
	    &guest->head, upgrade, browsers->parts.keys, browsers->parts.conf->token_cookie, (int64_t)time(NULL), ret);

	*ret_why = verdict == TOKEN_VALID ? NULL : token_reason(verdict);
	return upgrade_refusal(verdict);
}

static void
let_in(struct browsers *browsers, struct guest *guest, const struct upgrade *upgrade, const struct token *token)
{
	const struct newcomer newcomer = { &guest->head, &guest->target, upgrade, token, guest->client };

	ws_adopt(browsers->parts.ws, guest_take(guest), &newcomer, guest_rest(guest));
	guest_free(guest);
}

static void
on_asked(void *context, struct guest *guest)
{
	struct browsers *browsers = context;
	struct token token = { 0 };
	const char *why = NULL;
	struct upgrade upgrade;
	enum refusal refusal;

	find_client(browsers, guest);
	refusal = judge(browsers, guest, &upgrade);
	if (refusal == REFUSAL_NONE && upgrade.route->secure)
		refusal = check_token(browsers, guest, &upgrade, &token, &why);
	if (refusal == REFUSAL_NONE)
		let_in(browsers, guest, &upgrade, &token);
	else
		guest_refuse(guest, refusal, why);
	token_free(&token);
}

void
browsers_open(struct browsers *browsers, const struct browsers_parts *parts, uv_loop_t *loop)
{
	static const struct gate_keeper keeper = { .asked = on_asked };

	*browsers = (struct browsers){ .parts = *parts };
	gate_open(&browsers->gate, loop, &keeper, browsers, parts->counters, true);
}

void
browsers_stop(struct browsers *browsers)
{
	browsers->stopping = true;
	gate_stop(&browsers->gate);
}

void
browsers_close(struct browsers *browsers)
{
	gate_close(&browsers->gate);
}
