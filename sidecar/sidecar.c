#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

#include "shared/bus.h"
#include "shared/closecode.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/edge/acceptor.h"
#include "sidecar/edge/descriptors.h"
#include "shared/notify.h"
#include "sidecar/hub/memory.h"
#include "sidecar/machine.h"
#include "sidecar/parts.h"
#include "sidecar/reload.h"
#include "sidecar/sidecar.h"

enum {
	BUS_PEERS = 1024, /* apps and workers that find room beside as many clients as there may be */
	SPARE_FDS = DESCRIPTORS_OWN + DESCRIPTORS_ADMIN + DESCRIPTORS_BUS + 2 * GATE_MAX + BUS_PEERS,
	TICK_MS = 1000,
	SHORT_TICK_MS = 100,
	HOLD_MIN_MS = 700, /* in which apps and workers find a sidecar that has restarted */
	HOLD_MAX_MS = 2000,
	MEMORY_SHARE = 4, /* of the machine's memory, one part is for clients unless TINA4_WS_MEMORY says how much */
};

struct sidecar {
	struct conf *conf;
	struct parts parts;
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

	HASH_ITER(hh, sidecar->parts.hub.clients, client, next) {
		if (sidecar->n_closed >= due)
			return;
		if (client->place.state != CLIENT_OPENING && client->place.state != CLIENT_JOINED)
			continue;
		hub_disconnect(&sidecar->parts.hub, client, CLOSE_GOING_AWAY, "stopping", SPAN_EMPTY);
		sidecar->n_closed++;
	}
}

/* True when nothing is left to wait for: no request, no socket, and no close event that somebody could acknowledge. */
static bool
is_over(const struct sidecar *sidecar)
{
	struct client *client, *next;

	if (gate_owes(&sidecar->parts.browsers.gate) || gate_owes(&sidecar->parts.admin.gate))
		return false;
	if (HASH_COUNT(sidecar->parts.hub.clients) == 0)
		return true;
	if (HASH_COUNT(sidecar->parts.workers.by_peer) > 0)
		return false;
	HASH_ITER(hh, sidecar->parts.hub.clients, client, next)
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
		log_warn("stopped with connections left n=%u", HASH_COUNT(sidecar->parts.hub.clients));
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
	log_info("stopping signal=%d connections=%u", number, HASH_COUNT(sidecar->parts.hub.clients));
	notify_stopping(&sidecar->notify, "closing connections");
	sidecar->stop_begun_ms = uv_now(&sidecar->loop);
	sidecar->n_to_close = HASH_COUNT(sidecar->parts.hub.clients);
	acceptors_close(&sidecar->parts.acceptors);
	browsers_stop(&sidecar->parts.browsers);
	gate_stop(&sidecar->parts.admin.gate);
	advance_stop(sidecar);
}

/* --- memory ------------------------------------------------------------------------------ */

static void
limit_memory(const struct conf *conf)
{
	uint64_t limit = conf->ws_memory != 0 ? conf->ws_memory : machine_memory() / MEMORY_SHARE;

	memory_set_limit(limit < SIZE_MAX ? (size_t)limit : SIZE_MAX);
}

/* --- reloading ------------------------------------------------------------------------- */

static void
on_hangup(uv_signal_t *handle, int number)
{
	struct sidecar *sidecar = handle->data;

	(void)number;
	notify_reloading(&sidecar->notify);
	reload(sidecar->conf, sidecar->max_connections);
	limit_memory(sidecar->conf);
	feed_resume_soon(&sidecar->parts.feed); /* there may be room for more events now */
	notify_ready(&sidecar->notify, NULL);
}

/* --- timers --------------------------------------------------------------------------- */

/* From when on those who have not come back after the start are not waited for. */
static void
settle(struct sidecar *sidecar)
{
	uint64_t passed = uv_now(&sidecar->loop) - sidecar->parts.figures.started_ms;

	if (sidecar->parts.routes.awaited != NULL && passed >= 1000ull * sidecar->conf->ws_settle_seconds)
		known_give_up(&sidecar->parts.known);
}

static void
on_tick(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	settle(sidecar);
	hub_tick(&sidecar->parts.hub, uv_now(&sidecar->loop));
	relief_tick(&sidecar->parts.relief, uv_now(&sidecar->loop));
	pings_tick(&sidecar->parts.pings);
	expiry_tick(&sidecar->parts.expiry, time(NULL));
	quotas_tick(&sidecar->parts.quotas, uv_now(&sidecar->loop));
	roster_tick(&sidecar->parts.roster, uv_now(&sidecar->loop));
	feed_tick(&sidecar->parts.feed, uv_now(&sidecar->loop));
	intake_tick(&sidecar->parts.intake);
	requests_tick(&sidecar->parts.requests);
	ws_tick(&sidecar->parts.ws);
	notify_tick(&sidecar->notify, uv_now(&sidecar->loop));
}

/*
 * Who comes to a socket that stayed open during a restart waits in it until the
 * routes are known again: answered at once, it would be refused.
 */
static bool
may_accept(const struct sidecar *sidecar)
{
	uint64_t passed = uv_now(&sidecar->loop) - sidecar->parts.figures.started_ms;

	return passed >= HOLD_MAX_MS || (passed >= HOLD_MIN_MS && !routes_empty(&sidecar->parts.routes));
}

/* What on_short_tick() is for. Most of the time there is none of it. */
static bool
needs_short_tick(const struct sidecar *sidecar)
{
	return sidecar->parts.browsers.gate.guests != NULL || sidecar->parts.admin.gate.guests != NULL ||
	    sidecar->stop_begun_ms != 0 || !acceptors_accept(sidecar->parts.acceptors);
}

static void
on_short_tick(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	if (may_accept(sidecar))
		acceptors_tick(sidecar->parts.acceptors);
	gate_tick(&sidecar->parts.browsers.gate);
	gate_tick(&sidecar->parts.admin.gate);
	if (sidecar->stop_begun_ms != 0)
		advance_stop(sidecar);
	if (!needs_short_tick(sidecar))
		uv_timer_stop(timer);
}

static void
on_probe(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	if (sidecar->parts.feed.n_waiting > 0)
		roster_probe(&sidecar->parts.roster);
	else
		uv_timer_stop(timer);
}

static void
on_relay_tick(uv_timer_t *timer)
{
	struct sidecar *sidecar = timer->data;

	if (sidecar->parts.relay.waits)
		relay_tick(&sidecar->parts.relay);
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
	start_if(sidecar->parts.relay.waits, &sidecar->relay_tick, on_relay_tick, RELAY_TICK_MS);
	start_if(sidecar->parts.feed.n_waiting > 0, &sidecar->probe_tick, on_probe, ROSTER_PROBE_MS);
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

	sidecar->parts.turn = (struct turn){ uv_now(&sidecar->loop), uv_hrtime() / 1000 };
	intake_drain(&sidecar->parts.intake);
	ws_read_on(&sidecar->parts.ws);
	dispatch_flush(&sidecar->parts.dispatch);
	hub_flush(&sidecar->parts.hub);
	relief_turn(&sidecar->parts.relief, sidecar->parts.turn.now_ms);
	if (sidecar->parts.others != NULL)
		relay_flush(sidecar->parts.others);
	known_turn(&sidecar->parts.known);

	start_timers(sidecar);

	/* What we sent may have swallowed the edge of the bus's descriptor. */
	if (bus_readable(sidecar->parts.bus) || sidecar->parts.feed.resume)
		uv_idle_start(&sidecar->more, on_more);
	else
		uv_idle_stop(&sidecar->more);
}

/* --- running ------------------------------------------------------------------------------ */

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
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		descriptors_set_limit(limit.rlim_cur < UINT_MAX ? (unsigned)limit.rlim_cur : UINT_MAX);
}

static int
open_handles(struct sidecar *sidecar)
{
	uv_loop_t *loop = &sidecar->loop;
	int r;

	sidecar->prepare.data = sidecar->tick.data = sidecar->short_tick.data = sidecar->probe_tick.data = sidecar;
	sidecar->relay_tick.data = sidecar;
	sidecar->term.data = sidecar->interrupt.data = sidecar->hangup.data = sidecar;
	uv_prepare_init(loop, &sidecar->prepare);
	uv_idle_init(loop, &sidecar->more);
	uv_timer_init(loop, &sidecar->tick);
	uv_timer_init(loop, &sidecar->short_tick);
	uv_timer_init(loop, &sidecar->probe_tick);
	uv_timer_init(loop, &sidecar->relay_tick);
	uv_signal_init(loop, &sidecar->term);
	uv_signal_init(loop, &sidecar->interrupt);
	uv_signal_init(loop, &sidecar->hangup);
	r = uv_poll_init(loop, &sidecar->bus_poll, bus_fd(sidecar->parts.bus));
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

int
sidecar_check(void)
{
	const struct entry_parts nothing = { 0 };
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
	struct sidecar sidecar = { .conf = conf };
	int r = log_start_writer();

	if (r < 0)
		log_warn("lines are written by the loop error=%s", strerror(-r));
	notify_open(&sidecar.notify);
	set_file_limit(conf);
	limit_memory(conf);
	r = uv_loop_init(&sidecar.loop);
	if (r < 0) {
		log_error("no event loop error=%s", uv_strerror(r));
		return 1;
	}
	r = parts_open(&sidecar.parts, conf, keys, &sidecar.loop);
	if (r == 0)
		r = open_handles(&sidecar);
	if (r == 0)
		r = parts_listen(&sidecar.parts);
	if (r == 0) {
		log_info(
		    "started bus=%s max_connections=%u memory=%zu", conf->bus, conf->ws_max_connections, memory.limit);
		sidecar.max_connections = conf->ws_max_connections;
		settle(&sidecar);
		notify_ready(&sidecar.notify, "serving");
		uv_run(&sidecar.loop, UV_RUN_DEFAULT);
		log_info("stopped");
	} else {
		log_error("not started error=%s", strerror(-r));
	}
	parts_shut(&sidecar.parts);
	close_own_handles(&sidecar);
	uv_run(&sidecar.loop, UV_RUN_DEFAULT);
	parts_close(&sidecar.parts);
	uv_loop_close(&sidecar.loop);
	notify_close(&sidecar.notify);
	return r == 0 ? 0 : 1;
}
