#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "shared/bus.h"
#include "shared/conf.h"
#include "sidecar/relay/envelope.h"
#include "shared/listener.h"
#include "shared/log.h"
#include "sidecar/edge/acceptor.h"
#include "sidecar/edge/descriptors.h"
#include "sidecar/hub/deflate.h"
#include "sidecar/hub/saved.h"
#include "sidecar/hub/statefile.h"
#include "sidecar/parts.h"
#include "sidecar/relay/channel.h"
#include "sidecar/relay/inbox.h"
#include "sidecar/relay/inquiry.h"
#include "sidecar/relay/question.h"
#include "sidecar/relay/muster.h"
#include "sidecar/admin/stats.h"

/* --- what the parts tell each other --------------------------------------------------------- */

static void
on_count_changed(void *context, struct path *path)
{
	struct parts *parts = context;

	if (parts->others != NULL)
		channel_count_changed(parts->others, path);
}

static void
on_path_gone(void *context, struct path *path)
{
	struct parts *parts = context;

	if (parts->others != NULL)
		channel_path_gone(parts->others, path);
	recalls_known(&parts->recalls, path_span(path));
}

static void
on_member_changed(void *context, struct path *path, const struct member *member, bool left)
{
	struct parts *parts = context;

	if (parts->others != NULL)
		muster_changed(parts->others, path, member, left);
}

/* Others are asked only about a path that some route has. */
static bool
on_members_asked(struct parts *parts, struct span path)
{
	return routes_match(&parts->routes, path.data, path.len) != NULL && relay_hear(parts->others, path);
}

static bool
on_past_asked(void *context, const struct wire_command *command)
{
	struct parts *parts = context;

	if (parts->others == NULL)
		return false;
	return command->type == WIRE_MEMBERS ? on_members_asked(parts, command->key)
					     : relay_recall(parts->others, command->key);
}

static struct history_limits
on_limits_asked(void *context, struct span path)
{
	const struct parts *parts = context;
	const struct route *route = routes_match(&parts->routes, path.data, path.len);

	return route != NULL ? route->limits : (struct history_limits){ 0 };
}

static void
on_handler_applied(
    void *context, const struct client *sender, const struct wire_command *command, struct wire_reply *ret)
{
	relay_command(context, sender, command, ret);
}

static void
on_app_applied(void *context, const struct wire_command *command, struct wire_reply *ret)
{
	struct parts *parts = context;

	if (parts->others != NULL)
		relay_command(parts->others, NULL, command, ret);
}

static bool
on_count_asked(void *context, const struct wire_command *command, const struct bus_peer *peer, uint64_t id)
{
	struct parts *parts = context;

	return parts->others != NULL && inquiry_begin(parts->others, command, peer, id);
}

static void
on_stats_asked(void *context, struct buf *lines)
{
	const struct parts *parts = context;

	stats_put(&parts->figures, lines);
}

static void
on_released(void *context, struct path *path)
{
	struct parts *parts = context;

	feed_release(&parts->feed, path);
	recalls_known(&parts->recalls, path_span(path));
}

static void
on_heard_for(void *context, struct user *user)
{
	struct parts *parts = context;

	feed_release_user(&parts->feed, user);
}

static void
on_user_came(void *context, struct user *user)
{
	inbox_open(context, user);
}

static void
on_user_gone(void *context, struct user *user)
{
	inbox_close(context, user);
}

static void
on_counted(void *context, const struct bus_peer *peer, uint64_t id, uint32_t count)
{
	struct parts *parts = context;

	intake_counted(&parts->intake, peer, id, count);
}

static bool
on_next_host_asked(void *context, uint64_t from, uint32_t *ret)
{
	const struct parts *parts = context;

	return hosts_next(&parts->others->hosts, from, ret);
}

static void
on_roll_answered(void *context, uint64_t token, const struct wire_reply *reply)
{
	struct parts *parts = context;

	rolls_answered(&parts->rolls, token, reply);
}

static int
on_roll_asked(void *context, uint32_t host, const struct wire_command *command, uint64_t token)
{
	struct parts *parts = context;
	const struct question_asker asker = { on_roll_answered, parts, token };

	return question_ask(parts->others, host, command, &asker);
}

/* By another host. */
static void
on_asked(void *context, const struct wire_command *question, struct buf *text, struct wire_reply *ret)
{
	struct parts *parts = context;

	rolls_tell(&parts->rolls, question, text, ret);
}

/* The relay is open: from now on it hears what happens here, and this host what happens elsewhere. */
static void
connect_relay(struct parts *parts)
{
	static const struct feed_events feed_events = { .applied = on_handler_applied };
	static const struct rolls_events rolls_events = { .next_host = on_next_host_asked, .ask = on_roll_asked };
	static const struct relay_events relay_events = {
		.released = on_released, .heard_for = on_heard_for, .counted = on_counted, .asked = on_asked
	};
	static const struct users_events users_events = { .came = on_user_came, .gone = on_user_gone };

	parts->others = &parts->relay;
	feed_listen(&parts->feed, &feed_events, &parts->relay);
	relay_listen(&parts->relay, &relay_events, parts);
	users_listen(&parts->hub.users, &users_events, &parts->relay);
	rolls_listen(&parts->rolls, &rolls_events, parts);
}

static void
disconnect_relay(struct parts *parts)
{
	parts->others = NULL;
	recalls_listen(&parts->recalls, NULL, NULL);
	rolls_listen(&parts->rolls, NULL, NULL);
	parts->figures.relay = NULL;
	feed_listen(&parts->feed, NULL, NULL);
	users_listen(&parts->hub.users, NULL, NULL);
}

/* --- opening ------------------------------------------------------------------------------ */

static int
open_bus(struct parts *parts)
{
	int r;

	parts->zmq = zmq_ctx_new();
	if (parts->zmq == NULL)
		return -ENOMEM;
	r = bus_bind(&parts->bus, parts->zmq, parts->conf->bus, parts->conf->bus_mode);
	if (r == 0)
		r = listener_grant_path(conf_bus_path(parts->conf), parts->conf->bus_mode, parts->conf->socket_group);
	if (r < 0)
		log_error("cannot bind the bus TINA4_BUS=%s error=%s", parts->conf->bus,
		    r == -EPROTONOSUPPORT ? "must be ipc://" : strerror(-r));
	return r;
}

static bool
is_shared(const struct conf *conf)
{
	return strcmp(conf->ws_backplane, "redis") == 0;
}

static int
open_relay(struct parts *parts)
{
	int r;

	if (!is_shared(parts->conf))
		return 0;
	r = relay_redis_open(&parts->redis, parts->conf, parts->loop, envelope_instance(parts->origin));
	if (r < 0)
		return r;
	relay_open(&parts->relay, parts->conf, &parts->hub, &parts->redis.transport, parts->origin);
	connect_relay(parts);
	return 0;
}

/* Whether others speak on the paths must be known before. */
static int
load_history(struct parts *parts)
{
	char *file = statefile_path(conf_bus_path(parts->conf), getenv("STATE_DIRECTORY"), ".history");
	int r = file == NULL ? -ENOMEM : saved_load(&parts->hub, file);

	parts->history_file = file;
	return r;
}

/* Also of a run that ends before it has begun: what it has read is there no more. */
static void
save_history(struct parts *parts)
{
	if (parts->history_file != NULL)
		saved_save(&parts->hub, parts->history_file);
	free(parts->history_file);
	parts->history_file = NULL;
}

/* What happens here: hub, feed and what feeds them. */
static int
open_core(struct parts *parts, uint64_t epoch)
{
	static const struct requests_events requests_events = { .applied = on_app_applied };
	static const struct hub_events hub_events = {
		.count_changed = on_count_changed,
		.path_gone = on_path_gone,
		.limits_of = on_limits_asked,
		.member_changed = on_member_changed,
	};
	static const struct recalls_events recalls_events = { .is_awaited = on_past_asked };
	static const struct intake_events intake_events = { .count_asked = on_count_asked,
		.stats_asked = on_stats_asked };
	const struct intake_parts intake_parts = { .conf = parts->conf,
		.bus = parts->bus,
		.feed = &parts->feed,
		.requests = &parts->requests,
		.recalls = &parts->recalls,
		.rolls = &parts->rolls,
		.roster = &parts->roster,
		.workers = &parts->workers,
		.turn = &parts->turn };
	const struct conf *conf = parts->conf;
	int r;

	if (conf->ws_deflate) {
		parts->deflate = deflate_new();
		if (parts->deflate == NULL)
			return -ENOMEM;
	}
	hub_open(&parts->hub, conf, parts->deflate, parts->origin);
	hub_listen(&parts->hub, &hub_events, parts);
	if (is_shared(conf))
		histories_share(&parts->hub.histories);
	relief_open(&parts->relief, &parts->hub);
	feed_open(&parts->feed, conf, &parts->hub, epoch);
	dispatch_open(&parts->dispatch, &parts->feed, &parts->workers, &parts->roster, parts->bus, &parts->turn);
	requests_open(&parts->requests, &parts->hub, &parts->routes);
	requests_listen(&parts->requests, &requests_events, parts);
	recalls_open(&parts->recalls, &parts->requests);
	recalls_listen(&parts->recalls, &recalls_events, parts);
	rolls_open(&parts->rolls, &parts->hub, envelope_instance(parts->origin));
	intake_open(&parts->intake, &intake_parts);
	intake_listen(&parts->intake, &intake_events, parts);
	r = roster_open(&parts->roster, conf, parts->bus, &parts->feed, &parts->routes, &parts->workers);
	if (r < 0)
		return r;
	r = known_open(&parts->known, &parts->routes, conf_bus_path(conf), getenv("STATE_DIRECTORY"));
	return r < 0 ? r : load_history(parts);
}

static void
open_admin(struct parts *parts)
{
	const struct admin_parts admin_parts = { .conf = parts->conf,
		.roster = &parts->roster,
		.figures = &parts->figures,
		.posts = &parts->posts,
		.recalls = &parts->recalls,
		.rolls = &parts->rolls,
		.requests = &parts->requests,
		.counters = &parts->counters };

	parts->figures = (struct figures){ .counters = &parts->counters,
		.hub = &parts->hub,
		.feed = &parts->feed,
		.routes = &parts->routes,
		.workers = &parts->workers,
		.intake = &parts->intake,
		.requests = &parts->requests,
		.relay = parts->others,
		.turn = &parts->turn,
		.started_ms = uv_now(parts->loop),
		.started = time(NULL) };
	posts_open(&parts->posts, parts->conf, &parts->routes, &parts->requests);
	admin_open(&parts->admin, &admin_parts, parts->loop);
}

/* What browsers and administrators come to. */
static int
open_edge(struct parts *parts, uint32_t instance)
{
	const struct entry_parts entry_parts = { .conf = parts->conf,
		.hub = &parts->hub,
		.feed = &parts->feed,
		.routes = &parts->routes,
		.pings = &parts->pings,
		.expiry = &parts->expiry,
		.quotas = &parts->quotas,
		.deflate = parts->deflate,
		.counters = &parts->counters,
		.turn = &parts->turn,
		.instance = instance };
	const struct browsers_parts browsers_parts = { .conf = parts->conf,
		.hub = &parts->hub,
		.routes = &parts->routes,
		.keys = parts->keys,
		.turn = &parts->turn,
		.quotas = &parts->quotas,
		.counters = &parts->counters,
		.ws = &parts->ws };
	int r;

	open_admin(parts);
	expiry_open(&parts->expiry, &parts->hub);
	quotas_open(&parts->quotas, parts->conf);
	r = pings_open(&parts->pings, parts->conf, &parts->hub);
	if (r < 0)
		return r;
	r = ws_open(&parts->ws, &entry_parts, parts->loop);
	if (r < 0)
		return r;
	browsers_open(&parts->browsers, &browsers_parts, parts->loop);
	return 0;
}

static int
open_all(struct parts *parts)
{
	struct wire_id random;
	uint64_t epoch;
	uint32_t instance;
	int r = wire_id_random(&random);

	if (r < 0)
		return r;
	memcpy(&epoch, random.bytes, sizeof(epoch));
	/* It begins the ids of all connections, and is half of our name to other hosts. */
	memcpy(&instance, random.bytes + sizeof(epoch), sizeof(instance));
	parts->origin = (uint64_t)be32toh(instance) << 32 | (uint32_t)epoch;
	r = open_core(parts, epoch);
	if (r == 0)
		r = open_relay(parts);
	if (r == 0)
		r = open_edge(parts, instance);
	return r;
}

int
parts_open(struct parts *parts, const struct conf *conf, const struct keys *keys, uv_loop_t *loop)
{
	int r;

	*parts = (struct parts){ .conf = conf, .keys = keys, .loop = loop };
	r = open_bus(parts);
	return r < 0 ? r : open_all(parts);
}

int
parts_listen(struct parts *parts)
{
	const struct conf *conf = parts->conf;
	const struct acceptor_taker clients = { gate_begin, &parts->browsers.gate, descriptors_beside_clients() };
	const struct acceptor_taker admins = { gate_begin, &parts->admin.gate, descriptors_beside_admins() };
	int r = acceptors_adopt(&parts->acceptors, parts->loop, &clients);

	if (r > 0)
		log_info("sockets of systemd in the place of TINA4_LISTEN=%s", conf->listen);
	if (r == 0)
		r = acceptors_open(&parts->acceptors, parts->loop, conf, conf->listen, &clients);
	if (r >= 0 && strcmp(conf->admin, "off") != 0)
		r = acceptors_open(&parts->acceptors, parts->loop, conf, conf->admin, &admins);
	return r < 0 ? r : 0;
}

/* --- closing ------------------------------------------------------------------------------ */

void
parts_shut(struct parts *parts)
{
	acceptors_close(&parts->acceptors);
	browsers_close(&parts->browsers);
	admin_close(&parts->admin);
	relay_close(&parts->relay);
	disconnect_relay(parts);
	relay_redis_close(&parts->redis);
	ws_close(&parts->ws);
}

/* In the reverse order of opening; libwebsockets has let go of its clients while the loop ran out. */
void
parts_close(struct parts *parts)
{
	ws_close(&parts->ws);
	quotas_close(&parts->quotas);
	pings_close(&parts->pings);
	recalls_close(&parts->recalls);
	rolls_close(&parts->rolls);
	intake_close(&parts->intake);
	requests_close(&parts->requests);
	feed_close(&parts->feed);
	workers_close(&parts->workers);
	known_close(&parts->known);
	routes_close(&parts->routes);
	save_history(parts);
	hub_close(&parts->hub);
	deflate_free(parts->deflate);
	bus_free(parts->bus);
	if (parts->zmq != NULL)
		zmq_ctx_term(parts->zmq);
}
