#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

#include "shared/bus.h"
#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/envelope.h"
#include "shared/listener.h"
#include "shared/log.h"
#include "sidecar/acceptor.h"
#include "sidecar/admin.h"
#include "sidecar/counters.h"
#include "sidecar/deflate.h"
#include "sidecar/dispatch.h"
#include "sidecar/expiry.h"
#include "sidecar/feed.h"
#include "sidecar/figures.h"
#include "sidecar/greeting.h"
#include "sidecar/hub.h"
#include "sidecar/intake.h"
#include "sidecar/notify.h"
#include "sidecar/pings.h"
#include "sidecar/post.h"
#include "sidecar/quotas.h"
#include "sidecar/relay.h"
#include "sidecar/relay_channel.h"
#include "sidecar/relay_inquiry.h"
#include "sidecar/relay_redis.h"
#include "sidecar/reload.h"
#include "sidecar/roster.h"
#include "sidecar/routes.h"
#include "sidecar/sidecar.h"
#include "sidecar/stats.h"
#include "sidecar/turn.h"
#include "sidecar/workers.h"
#include "sidecar/ws.h"

enum {
	SPARE_FDS = 128 + 2 * GREETING_MAX + WS_MAX_HANDSHAKES, /* beside the clients */
	TICK_MS = 1000,
	SHORT_TICK_MS = 100,
	HOLD_MIN_MS = 700, /* in which apps and workers find a sidecar that has restarted */
	HOLD_MAX_MS = 2000,
};

struct sidecar {
	struct conf *conf;
	const struct keys *keys;
	void *zmq;
	struct bus *bus;
	struct turn turn;
	struct hub hub;
	struct feed feed;
	struct routes routes;
	struct workers workers;
	struct roster roster;
	struct dispatch dispatch;
	struct intake intake;
	struct relay_redis redis;
	struct relay relay;
	struct relay *others; /* the relay, or NULL while there is only this host */
	struct pings pings;
	struct expiry expiry;
	struct quotas quotas;
	struct deflate *deflate; /* NULL when it is off */
	struct counters counters;
	struct figures figures;
	struct posts posts;
	struct admin admin;
	struct greetings browsers, admins; /* connections that have not said what they want */
	struct ws ws;
	struct acceptor *acceptors;
	struct notify notify;
	uint32_t max_connections; /* that the file limit was made for */

	uv_loop_t loop;
	uv_poll_t bus_poll;
	uv_prepare_t prepare;
	uv_idle_t more; /* active while there is more than one turn's budget to do */
	uv_timer_t tick, short_tick, probe_tick, relay_tick;
	uv_signal_t term, interrupt, hangup;

	uint64_t stop_begun_ms; /* 0 until a signal came */
	uint64_t n_closed;      /* of the connections to close at the stop */
	uint64_t n_to_close;
};

/* --- stopping ---------------------------------------------------------------------- */

static void
close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
close_own_handles(struct sidecar *sidecar)
{
	uv_handle_t *own[] = { (uv_handle_t *)&sidecar->bus_poll, (uv_handle_t *)&sidecar->prepare,
		(uv_handle_t *)&sidecar->more, (uv_handle_t *)&sidecar->tick, (uv_handle_t *)&sidecar->short_tick,
		(uv_handle_t *)&sidecar->probe_tick, (uv_handle_t *)&sidecar->relay_tick, (uv_handle_t *)&sidecar->term,
		(uv_handle_t *)&sidecar->interrupt, (uv_handle_t *)&sidecar->hangup };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i]->loop != NULL)
			close_handle(own[i], NULL);
}

/* Asks clients to go, as many as are due by now: all at once, or spread over the drain. */
static void
close_due(struct sidecar *sidecar)
{
	uint64_t passed = uv_now(&sidecar->loop) - sidecar->stop_begun_ms;
	uint64_t drain_ms = 1000ull * sidecar->conf->ws_drain_seconds;
	uint64_t due = passed >= drain_ms ? UINT64_MAX : sidecar->n_to_close * (passed + TICK_MS) / drain_ms;
	struct client *client, *next;

	HASH_ITER(hh, sidecar->hub.clients, client, next) {
		if (sidecar->n_closed >= due)
			return;
		if (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED)
			continue;
		hub_disconnect(&sidecar->hub, client, CLOSE_GOING_AWAY, "", 0);
		sidecar->n_closed++;
	}
}

/* True when nothing is left to wait for: no request, no socket, and no close event that somebody could acknowledge. */
static bool
is_over(const struct sidecar *sidecar)
{
	struct client *client, *next;

	if (sidecar->ws.n_handshakes > 0)
		return false;
	if (HASH_COUNT(sidecar->hub.clients) == 0)
		return true;
	if (HASH_COUNT(sidecar->workers.by_peer) > 0)
		return false;
	HASH_ITER(hh, sidecar->hub.clients, client, next)
		if (client->place.state != CLIENT_GONE)
			return false;
	return true;
}

/* Over when every client is gone and its close event acknowledged, or when the time is up. */
static void
advance_stop(struct sidecar *sidecar)
{
	uint64_t end_ms =
	    sidecar->stop_begun_ms + 1000ull * (sidecar->conf->ws_drain_seconds + sidecar->conf->stop_seconds);

	close_due(sidecar);
	if (is_over(sidecar))
		uv_stop(&sidecar->loop);
	else if (uv_now(&sidecar->loop) >= end_ms) {
		log_warn("stopped with connections left n=%u", HASH_COUNT(sidecar->hub.clients));
		uv_stop(&sidecar->loop);
	}
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct sidecar *sidecar = handle->data;

	if (sidecar->stop_begun_ms != 0) {
		uv_stop(&sidecar->loop); /* asked twice */
		return;
	}
	log_info("stopping signal=%d connections=%u", number, HASH_COUNT(sidecar->hub.clients));
	notify_stopping(&sidecar->notify, "closing connections");
	sidecar->stop_begun_ms = uv_now(&sidecar->loop);
	sidecar->n_to_close = HASH_COUNT(sidecar->hub.clients);
	ws_stop(&sidecar->ws);
	acceptors_close(&sidecar->acceptors);
	greetings_refuse(&sidecar->browsers, "503 Service Unavailable", "stopping");
	greetings_refuse(&sidecar->admins, "503 Service Unavailable", "stopping");
	advance_stop(sidecar);
}

/* --- reloading ------------------------------------------------------------------------- */

static void
on_hangup(uv_signal_t *handle, int number)
{
	struct sidecar *sidecar = handle->data;

	(void)number;
	notify_reloading(&sidecar->notify);
	reload(sidecar->conf, sidecar->max_connections);
	feed_resume_soon(&sidecar->feed); /* there may be room for more events now */
	notify_ready(&sidecar->notify, NULL);
}

/* --- timers --------------------------------------------------------------------------- */

static void
on_tick(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	hub_tick(&sidecar->hub, uv_now(&sidecar->loop));
	pings_tick(&sidecar->pings);
	expiry_tick(&sidecar->expiry, time(NULL));
	quotas_tick(&sidecar->quotas, uv_now(&sidecar->loop));
	roster_tick(&sidecar->roster, uv_now(&sidecar->loop));
	feed_tick(&sidecar->feed, uv_now(&sidecar->loop));
	intake_tick(&sidecar->intake);
	ws_tick(&sidecar->ws);
	notify_tick(&sidecar->notify, uv_now(&sidecar->loop));
}

/*
 * Who comes to a socket that stayed open during a restart waits in it until the
 * routes are known again: answered at once, it would be refused.
 */
static bool
may_accept(const struct sidecar *sidecar)
{
	uint64_t passed = uv_now(&sidecar->loop) - sidecar->figures.started_ms;

	return passed >= HOLD_MAX_MS || (passed >= HOLD_MIN_MS && !routes_empty(&sidecar->routes));
}

/* What on_short_tick() is for. Most of the time there is none of it. */
static bool
needs_short_tick(const struct sidecar *sidecar)
{
	return sidecar->browsers.under_way != NULL || sidecar->admins.under_way != NULL ||
	    sidecar->posts.under_way != NULL || sidecar->stop_begun_ms != 0 || !acceptors_accept(sidecar->acceptors);
}

static void
on_short_tick(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	if (may_accept(sidecar))
		acceptors_tick(sidecar->acceptors);
	greetings_tick(&sidecar->browsers, uv_now(&sidecar->loop));
	greetings_tick(&sidecar->admins, uv_now(&sidecar->loop));
	posts_tick(&sidecar->posts, uv_now(&sidecar->loop));
	if (sidecar->stop_begun_ms != 0)
		advance_stop(sidecar);
	if (!needs_short_tick(sidecar))
		uv_timer_stop(timer);
}

static void
on_probe(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	if (sidecar->feed.n_waiting > 0)
		roster_probe(&sidecar->roster);
	else
		uv_timer_stop(timer);
}

static void
on_relay_tick(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	if (sidecar->relay.waits)
		relay_tick(&sidecar->relay);
	else
		uv_timer_stop(timer);
}

static void
start_if(bool needed, uv_timer_t *timer, uv_timer_cb callback, uint64_t ms)
{
	if (needed && !uv_is_active((uv_handle_t *)timer))
		uv_timer_start(timer, callback, ms, ms);
}

/* Timers that stop themselves, so that an idle sidecar does not wake for them. */
static void
start_timers(struct sidecar *sidecar)
{
	start_if(needs_short_tick(sidecar), &sidecar->short_tick, on_short_tick, SHORT_TICK_MS);
	start_if(sidecar->relay.waits, &sidecar->relay_tick, on_relay_tick, RELAY_TICK_MS);
	start_if(sidecar->feed.n_waiting > 0, &sidecar->probe_tick, on_probe, ROSTER_PROBE_MS);
}

/* --- the turn ------------------------------------------------------------------- */

static void
on_more(uv_idle_t *idle)
{
	(void)idle; /* its being active keeps the loop from waiting */
}

static void
on_bus(uv_poll_t *poll, int status, int events)
{
	(void)poll; /* the turn looks at the bus anyway */
	(void)status;
	(void)events;
}

static void
on_turn(uv_prepare_t *prepare)
{
	struct sidecar *sidecar = prepare->data;

	sidecar->turn = (struct turn){ uv_now(&sidecar->loop), uv_hrtime() / 1000 };
	intake_drain(&sidecar->intake);
	ws_read_on(&sidecar->ws);
	dispatch_flush(&sidecar->dispatch);
	hub_flush(&sidecar->hub);
	if (sidecar->others != NULL)
		relay_flush(sidecar->others);

	start_timers(sidecar);

	/* What we sent may have swallowed the edge of the bus's descriptor. */
	if (bus_readable(sidecar->bus) || sidecar->feed.resume)
		uv_idle_start(&sidecar->more, on_more);
	else
		uv_idle_stop(&sidecar->more);
}

/* --- what the parts tell each other --------------------------------------------------------- */

static void
on_count_changed(void *context, struct path *path)
{
	channel_count_changed(context, path);
}

static void
on_path_gone(void *context, struct path *path)
{
	channel_path_gone(context, path);
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
	struct sidecar *sidecar = context;

	if (sidecar->others != NULL)
		relay_command(sidecar->others, NULL, command, ret);
}

static bool
on_count_asked(void *context, struct span path, const struct bus_peer *peer, uint64_t id)
{
	struct sidecar *sidecar = context;

	return sidecar->others != NULL && inquiry_begin(sidecar->others, path, peer, id);
}

static void
on_stats_asked(void *context, struct buf *lines)
{
	const struct sidecar *sidecar = context;

	stats_put(&sidecar->figures, lines);
}

static void
on_released(void *context, struct path *path)
{
	struct sidecar *sidecar = context;

	feed_release(&sidecar->feed, path);
}

static void
on_counted(void *context, const struct bus_peer *peer, uint64_t id, uint32_t count)
{
	struct sidecar *sidecar = context;

	intake_counted(&sidecar->intake, peer, id, count);
}

/* The relay is open: from now on it hears what happens here, and this host what happens elsewhere. */
static void
connect_relay(struct sidecar *sidecar)
{
	static const struct hub_events hub_events = { .count_changed = on_count_changed, .path_gone = on_path_gone };
	static const struct feed_events feed_events = { .applied = on_handler_applied };
	static const struct relay_events relay_events = { .released = on_released, .counted = on_counted };

	sidecar->others = &sidecar->relay;
	hub_listen(&sidecar->hub, &hub_events, &sidecar->relay);
	feed_listen(&sidecar->feed, &feed_events, &sidecar->relay);
	relay_listen(&sidecar->relay, &relay_events, sidecar);
}

static void
disconnect_relay(struct sidecar *sidecar)
{
	sidecar->others = NULL;
	sidecar->figures.relay = NULL;
	hub_listen(&sidecar->hub, NULL, NULL);
	feed_listen(&sidecar->feed, NULL, NULL);
}

/* --- opening ------------------------------------------------------------------------------ */

static int
open_handles(struct sidecar *sidecar)
{
	uv_loop_t *loop = &sidecar->loop;
	int r;

	sidecar->prepare.data = sidecar->tick.data = sidecar->short_tick.data = sidecar->probe_tick.data = sidecar;
	sidecar->term.data = sidecar->interrupt.data = sidecar->hangup.data = sidecar;
	uv_prepare_init(loop, &sidecar->prepare);
	uv_idle_init(loop, &sidecar->more);
	uv_timer_init(loop, &sidecar->tick);
	uv_timer_init(loop, &sidecar->short_tick);
	uv_timer_init(loop, &sidecar->probe_tick);
	uv_timer_init(loop, &sidecar->relay_tick);
	sidecar->relay_tick.data = sidecar;
	uv_signal_init(loop, &sidecar->term);
	uv_signal_init(loop, &sidecar->interrupt);
	uv_signal_init(loop, &sidecar->hangup);
	r = uv_poll_init(loop, &sidecar->bus_poll, bus_fd(sidecar->bus));
	if (r < 0)
		return r;
	uv_poll_start(&sidecar->bus_poll, UV_READABLE, on_bus);
	uv_prepare_start(&sidecar->prepare, on_turn);
	uv_timer_start(&sidecar->tick, on_tick, TICK_MS, TICK_MS);
	uv_signal_start(&sidecar->term, on_signal, SIGTERM);
	uv_signal_start(&sidecar->interrupt, on_signal, SIGINT);
	uv_signal_start(&sidecar->hangup, on_hangup, SIGHUP);
	return 0;
}

static int
open_bus(struct sidecar *sidecar)
{
	int r;

	sidecar->zmq = zmq_ctx_new();
	if (sidecar->zmq == NULL)
		return -ENOMEM;
	r = bus_bind(&sidecar->bus, sidecar->zmq, sidecar->conf->bus, sidecar->conf->bus_mode);
	if (r == 0)
		r = listener_grant_path(
		    conf_bus_path(sidecar->conf), sidecar->conf->bus_mode, sidecar->conf->socket_group);
	if (r < 0)
		log_error("cannot bind the bus TINA4_BUS=%s error=%s", sidecar->conf->bus,
		    r == -EPROTONOSUPPORT ? "must be ipc://" : strerror(-r));
	return r;
}

/*
 * libwebsockets makes tables as large as the file limit and walks them, so the
 * limit is set to what is needed and no more, before it starts.
 */
static void
set_file_limit(struct conf *conf)
{
	rlim_t want = (rlim_t)conf->ws_max_connections + SPARE_FDS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max != RLIM_INFINITY && want > limit.rlim_max) {
		want = limit.rlim_max;
		conf->ws_max_connections = want > 2 * SPARE_FDS ? (uint32_t)(want - SPARE_FDS) : (uint32_t)want / 2;
		log_warn("fewer connections TINA4_WS_MAX_CONNECTIONS=%u why=file-limit", conf->ws_max_connections);
	}
	limit.rlim_cur = want;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("file limit not set error=%s", strerror(errno));
}

static int
open_listeners(struct sidecar *sidecar)
{
	const struct conf *conf = sidecar->conf;
	int r = acceptors_adopt(&sidecar->acceptors, &sidecar->loop, greeting_begin, &sidecar->browsers);

	if (r > 0)
		log_info("sockets of systemd in the place of TINA4_LISTEN=%s", conf->listen);
	if (r == 0)
		r = acceptors_open(
		    &sidecar->acceptors, &sidecar->loop, conf, conf->listen, greeting_begin, &sidecar->browsers);
	if (r >= 0 && strcmp(conf->admin, "off") != 0)
		r = acceptors_open(
		    &sidecar->acceptors, &sidecar->loop, conf, conf->admin, greeting_begin, &sidecar->admins);
	return r < 0 ? r : 0;
}

/* origin is our name to other hosts. */
static int
open_relay(struct sidecar *sidecar, uint64_t origin)
{
	int r;

	if (strcmp(sidecar->conf->ws_backplane, "redis") != 0)
		return 0;
	r = relay_redis_open(&sidecar->redis, sidecar->conf, &sidecar->loop, envelope_instance(origin));
	if (r < 0)
		return r;
	relay_open(&sidecar->relay, sidecar->conf, &sidecar->hub, &sidecar->redis.transport, origin);
	connect_relay(sidecar);
	return 0;
}

/* What happens here: hub, feed and what feeds them. */
static int
open_core(struct sidecar *sidecar, uint64_t epoch)
{
	static const struct intake_events intake_events = {
		.applied = on_app_applied, .count_asked = on_count_asked, .stats_asked = on_stats_asked
	};
	const struct intake_parts intake_parts = { .conf = sidecar->conf,
		.bus = sidecar->bus,
		.hub = &sidecar->hub,
		.feed = &sidecar->feed,
		.roster = &sidecar->roster,
		.routes = &sidecar->routes,
		.workers = &sidecar->workers,
		.turn = &sidecar->turn };
	const struct conf *conf = sidecar->conf;

	if (conf->ws_deflate) {
		sidecar->deflate = deflate_new();
		if (sidecar->deflate == NULL)
			return -ENOMEM;
	}
	hub_open(&sidecar->hub, conf, sidecar->deflate, epoch);
	feed_open(&sidecar->feed, conf, &sidecar->hub, epoch);
	dispatch_open(
	    &sidecar->dispatch, &sidecar->feed, &sidecar->workers, &sidecar->roster, sidecar->bus, &sidecar->turn);
	intake_open(&sidecar->intake, &intake_parts);
	intake_listen(&sidecar->intake, &intake_events, sidecar);
	return roster_open(&sidecar->roster, conf, sidecar->bus, &sidecar->feed, &sidecar->routes, &sidecar->workers);
}

static void
open_admin(struct sidecar *sidecar)
{
	sidecar->figures = (struct figures){ .counters = &sidecar->counters,
		.hub = &sidecar->hub,
		.feed = &sidecar->feed,
		.routes = &sidecar->routes,
		.workers = &sidecar->workers,
		.intake = &sidecar->intake,
		.relay = sidecar->others,
		.turn = &sidecar->turn,
		.started_ms = uv_now(&sidecar->loop),
		.started = time(NULL) };
	posts_open(&sidecar->posts, sidecar->conf, &sidecar->routes, &sidecar->intake, &sidecar->turn);
	admin_open(&sidecar->admin, sidecar->conf, &sidecar->roster, &sidecar->figures, &sidecar->posts);
}

/* What browsers and administrators come to. */
static int
open_edge(struct sidecar *sidecar, uint32_t instance)
{
	const struct ws_parts parts = { .conf = sidecar->conf,
		.hub = &sidecar->hub,
		.feed = &sidecar->feed,
		.routes = &sidecar->routes,
		.pings = &sidecar->pings,
		.expiry = &sidecar->expiry,
		.quotas = &sidecar->quotas,
		.keys = sidecar->keys,
		.admin = &sidecar->admin,
		.deflate = sidecar->deflate,
		.counters = &sidecar->counters,
		.turn = &sidecar->turn,
		.instance = instance };
	int r;

	open_admin(sidecar);
	expiry_open(&sidecar->expiry, &sidecar->hub);
	quotas_open(&sidecar->quotas, sidecar->conf);
	r = pings_open(&sidecar->pings, sidecar->conf);
	if (r < 0)
		return r;
	r = ws_open(&sidecar->ws, &parts, &sidecar->loop);
	if (r < 0)
		return r;
	greetings_open(&sidecar->browsers, &sidecar->loop, &sidecar->counters, ws_adopt_browser, &sidecar->ws);
	greetings_open(&sidecar->admins, &sidecar->loop, NULL, ws_adopt_admin, &sidecar->ws);
	return 0;
}

static int
open_parts(struct sidecar *sidecar)
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
	r = open_core(sidecar, epoch);
	if (r == 0)
		r = open_relay(sidecar, (uint64_t)be32toh(instance) << 32 | (uint32_t)epoch);
	if (r == 0)
		r = open_edge(sidecar, instance);
	return r;
}

/* In the reverse order of opening; libwebsockets lets go of its clients while the loop runs out. */
static void
close_all(struct sidecar *sidecar)
{
	acceptors_close(&sidecar->acceptors);
	greetings_close(&sidecar->browsers);
	greetings_close(&sidecar->admins);
	relay_close(&sidecar->relay);
	disconnect_relay(sidecar);
	relay_redis_close(&sidecar->redis);
	close_own_handles(sidecar);
	ws_close(&sidecar->ws);
	uv_run(&sidecar->loop, UV_RUN_DEFAULT);
	ws_close(&sidecar->ws);

	quotas_close(&sidecar->quotas);
	pings_close(&sidecar->pings);
	intake_close(&sidecar->intake);
	feed_close(&sidecar->feed);
	workers_close(&sidecar->workers);
	routes_close(&sidecar->routes);
	hub_close(&sidecar->hub);
	deflate_free(sidecar->deflate);
	bus_free(sidecar->bus);
	if (sidecar->zmq != NULL)
		zmq_ctx_term(sidecar->zmq);
	uv_loop_close(&sidecar->loop);
}

int
sidecar_check(void)
{
	const struct ws_parts nothing = { 0 };
	struct ws ws;
	uv_loop_t loop;
	int r = uv_loop_init(&loop);

	if (r < 0) {
		log_error("no event loop error=%s", uv_strerror(r));
		return 1;
	}
	r = ws_open(&ws, &nothing, &loop);
	ws_close(&ws);
	uv_run(&loop, UV_RUN_DEFAULT);
	ws_close(&ws);
	uv_loop_close(&loop);
	return r == 0 ? 0 : 1;
}

int
sidecar_run(struct conf *conf, const struct keys *keys)
{
	struct sidecar sidecar = { .conf = conf, .keys = keys };
	int r;

	notify_open(&sidecar.notify);
	set_file_limit(conf);
	r = uv_loop_init(&sidecar.loop);
	if (r < 0) {
		log_error("no event loop error=%s", uv_strerror(r));
		return 1;
	}
	r = open_bus(&sidecar);
	if (r == 0)
		r = open_parts(&sidecar);
	if (r == 0)
		r = open_handles(&sidecar);
	if (r == 0)
		r = open_listeners(&sidecar);
	if (r == 0) {
		log_info("ready bus=%s max_connections=%u", conf->bus, conf->ws_max_connections);
		sidecar.max_connections = conf->ws_max_connections;
		notify_ready(&sidecar.notify, "serving");
		uv_run(&sidecar.loop, UV_RUN_DEFAULT);
		log_info("stopped");
	} else {
		log_error("not started error=%s", strerror(-r));
	}
	close_all(&sidecar);
	notify_close(&sidecar.notify);
	return r == 0 ? 0 : 1;
}
