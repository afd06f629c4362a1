#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/authority.h"
#include "shared/buf.h"
#include "shared/conf.h"
#include "shared/listener.h"
#include "shared/path.h"
#include "sidecar/admin/admin.h"
#include "sidecar/admin/answer.h"
#include "sidecar/admin/conns.h"
#include "sidecar/admin/figures.h"
#include "sidecar/admin/members.h"
#include "sidecar/admin/metrics.h"
#include "sidecar/admin/past.h"
#include "sidecar/admin/post.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/relay/relay.h"
#include "sidecar/edge/reply.h"
#include "sidecar/feed/roster.h"
#include "sidecar/feed/routes.h"

#define PAGE_METHODS "GET, HEAD"
#define USER_METHODS "POST, DELETE"

/* True when a process can reach the bus: its socket's file may have been taken away since it was bound. */
static bool
bus_takes_connections(const struct admin *admin)
{
	return listener_probe(conf_bus_path(admin->parts.conf)) == -EADDRINUSE;
}

/* Looks at what carries messages, not at whether the parts exist. Returns NULL when all of it works. */
static const char *
why_not_ready(const struct admin *admin)
{
	if (!bus_takes_connections(admin))
		return "nobody can connect to the bus";
	if (!roster_ready(admin->parts.roster))
		return "no handler has a worker";
	return NULL;
}

/* --- pages ------------------------------------------------------------------------- */

/* Appends what does not work of a sidecar that is ready. */
static void
put_trouble(const struct admin *admin, struct buf *ret)
{
	const struct relay *relay = admin->parts.figures->relay;
	const char *of_relay = relay == NULL ? NULL : relay_trouble(relay);
	const struct route *route;
	uint32_t n;

	route = roster_idle_route(admin->parts.figures->routes, admin->parts.figures->workers, &n);
	if (route != NULL)
		buf_printf(ret, "no worker for %s", path_pattern_text(route->pattern));
	if (n > 1)
		buf_printf(ret, " and %u more", n - 1);
	if (of_relay != NULL)
		buf_printf(ret, "%s%s", ret->len > 0 ? "; " : "", of_relay);
}

/* why is NULL for nothing. */
static void
answer_state(struct guest *guest, int http_status, const char *status, const char *why)
{
	cJSON *json = cJSON_CreateObject();
	struct buf body = BUF_INIT;
	char *text;

	cJSON_AddStringToObject(json, "status", status);
	if (why != NULL)
		cJSON_AddStringToObject(json, "why", why);
	text = cJSON_PrintUnformatted(json);
	if (text != NULL)
		buf_printf(&body, "%s\n", text);
	if (buf_cstr(&body) != NULL && text != NULL)
		answer_json(guest, http_status, span_of_buf(&body));
	else
		answer_error(guest, 503, "out of memory", NULL);
	buf_free(&body);
	cJSON_free(text);
	cJSON_Delete(json);
}

/* Without the other hosts, or without one of several apps, this one still serves, and says so. */
static void
answer_ready(const struct admin *admin, struct guest *guest)
{
	const char *why = why_not_ready(admin);
	struct buf trouble = BUF_INIT;

	if (why != NULL) {
		answer_state(guest, 503, "waiting", why);
		return;
	}
	put_trouble(admin, &trouble);
	if (trouble.len > 0)
		answer_state(guest, 200, "degraded", buf_cstr(&trouble));
	else
		answer_state(guest, 200, "ready", NULL);
	buf_free(&trouble);
}

static void
answer_metrics(const struct admin *admin, struct guest *guest)
{
	struct buf text = BUF_INIT;

	metrics_put(admin->parts.figures, &text);
	if (text.failed)
		answer_error(guest, 503, "out of memory", NULL);
	else
		answer(guest, 200, METRICS_TYPE, span_of_buf(&text));
	buf_free(&text);
}

static void
answer_page(struct admin *admin, struct guest *guest)
{
	const char *path = guest->target.path;

	if (!head_is(&guest->head, "GET") && !head_is(&guest->head, "HEAD"))
		answer_error(guest, 405, "only GET", PAGE_METHODS);
	else if (strcmp(path, "/healthz") == 0)
		answer_json(guest, 200, span_of("{\"status\":\"alive\"}\n"));
	else if (strcmp(path, "/readyz") == 0)
		answer_ready(admin, guest);
	else if (strcmp(path, "/metrics") == 0)
		answer_metrics(admin, guest);
	else
		answer_error(guest, 404, "no such page", NULL);
}

static void
answer_past(struct admin *admin, struct guest *guest)
{
	past_answer(admin->parts.conf, admin->parts.recalls, guest);
}

static void
answer_members(struct admin *admin, struct guest *guest)
{
	members_answer(admin->parts.conf, admin->parts.recalls, guest);
}

static void
take_push(struct admin *admin, struct guest *guest)
{
	post_begin(admin->parts.posts, guest);
}

static void
answer_conns(struct admin *admin, struct guest *guest)
{
	conns_answer(admin->parts.conf, admin->parts.rolls, guest);
}

static void
close_conn(struct admin *admin, struct guest *guest)
{
	conns_close(admin->parts.conf, admin->parts.requests, guest);
}

static void
close_path(struct admin *admin, struct guest *guest)
{
	conns_close_path(admin->parts.conf, admin->parts.requests, guest);
}

static void
take_user(struct admin *admin, struct guest *guest)
{
	if (head_is(&guest->head, "POST"))
		take_push(admin, guest);
	else if (head_is(&guest->head, "DELETE"))
		conns_close_user(admin->parts.conf, admin->parts.requests, guest);
	else
		answer_error(guest, 405, "a user is pushed to by POST, and closed by DELETE", USER_METHODS);
}

/* What is asked for at a path, or at all that begin with one that ends in a slash. */
static const struct place {
	const char *path;
	const char *methods;
	void (*answer)(struct admin *admin, struct guest *guest);
} places[] = {
	{ POST_PREFIX, "POST", take_push },
	{ PAST_PREFIX, PAGE_METHODS, answer_past },
	{ MEMBERS_PREFIX, PAGE_METHODS, answer_members },
	{ CONNS_PAGE, PAGE_METHODS, answer_conns },
	{ CONNS_PREFIX, "DELETE", close_conn },
	{ CONNS_PATH_PREFIX, "DELETE", close_path },
	{ CONNS_USER_PREFIX, USER_METHODS, take_user },
};

static const struct place elsewhere = { "", PAGE_METHODS, answer_page };
static const struct place server = { "*", "GET, HEAD, POST, DELETE", answer_page };

static bool
leads_to(const char *path, const struct place *place)
{
	size_t len = strlen(place->path);

	return place->path[len - 1] == '/' ? strncmp(path, place->path, len) == 0 : strcmp(path, place->path) == 0;
}

static const struct place *
find_place(const struct guest *guest)
{
	if (guest->head.asterisk)
		return &server;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (leads_to(guest->target.path, &places[i]))
			return &places[i];
	return &elsewhere;
}

static void
answer_options(struct guest *guest, const char *allow)
{
	const struct reply reply = { .status = 204, .allow = allow };
	struct buf bytes = BUF_INIT;

	reply_put(&reply, (int64_t)time(NULL), &bytes);
	guest_reply(guest, &bytes);
}

/* --- the keeper ------------------------------------------------------------------------ */

/*
 * A page of any site can make its own name lead here, and then read what it asks
 * (DNS rebinding); an address it cannot. Only HTTP/1.0 does without Host, and no
 * browser speaks that.
 */
static bool
is_host_allowed(const struct admin *admin, const struct head *head)
{
	struct span host = head_host(head);
	struct authority authority;

	if (host.len == 0)
		return true;
	return authority_parse(host.data, host.len, &authority) &&
	    (authority_is_loopback(&authority) || authority_is_address(&authority) ||
		authority_is_one_of(&authority, admin->parts.conf->admin_hosts));
}

static void
on_asked(void *context, struct guest *guest)
{
	struct admin *admin = context;
	const struct place *place = find_place(guest);

	if (!is_host_allowed(admin, &guest->head))
		guest_refuse(guest, REFUSAL_ADMIN_HOST, NULL);
	else if (head_is(&guest->head, "OPTIONS"))
		answer_options(guest, place->methods);
	else
		place->answer(admin, guest);
}

static void
on_sent(void *context, struct guest *guest)
{
	struct admin *admin = context;

	post_end(admin->parts.posts, guest);
}

static void
on_gone(void *context, struct guest *guest)
{
	struct admin *admin = context;

	recalls_forget(admin->parts.recalls, guest);
	rolls_forget(admin->parts.rolls, guest);
	post_forget(guest);
}

void
admin_open(struct admin *admin, const struct admin_parts *parts, uv_loop_t *loop)
{
	static const struct gate_keeper keeper = { .asked = on_asked, .sent = on_sent, .gone = on_gone };

	*admin = (struct admin){ .parts = *parts };
	gate_open(&admin->gate, loop, &keeper, admin, parts->counters, false);
}

void
admin_close(struct admin *admin)
{
	gate_close(&admin->gate);
}
