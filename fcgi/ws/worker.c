#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/ws/events.h"
#include "fcgi/ws/hand.h"
#include "fcgi/ws/link.h"
#include "fcgi/ws/remote.h"
#include "fcgi/signals.h"
#include "fcgi/ws/worker.h"
#include "shared/clock.h"
#include "shared/log.h"

enum {
	BATCH_NS = 1000000,       /* a finished record waits no longer than this ... */
	BATCH_BYTES = 256 * 1024, /* ... nor for more than that */
	TURN_MESSAGES = 64,       /* handled between two looks at the signals */
};

struct worker {
	struct tina4_app *app;
	struct link *link;
	struct events events;
	int signals;    /* a signalfd(2) */
	int wake;       /* the same, or an epoll(7) of it and of the remote */
	uint64_t epoch; /* of the sidecar that the connections are of */

	struct hand *hand; /* the supervisor's page, or ... */
	struct hand own;   /* ... what nobody looks at */
	int64_t now_ns;    /* about: when the loop turned or a record was finished last */

	struct buf batch; /* records that have not been sent */
	int64_t first_ns; /* when the first of them was finished; 0: there is none */

	bool stopping;
	int64_t stop_ns; /* when it stops waiting for the sidecar's BYE */
	bool done;
};

static int
watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* What the loop waits for, beside the link. */
static int
open_wake(struct worker *worker)
{
	int r;

	worker->wake = worker->signals;
	if (worker->app->remote == NULL)
		return 0;
	worker->wake = epoll_create1(EPOLL_CLOEXEC);
	if (worker->wake < 0)
		return -errno;
	r = watch(worker->wake, worker->signals);
	return r < 0 ? r : watch(worker->wake, worker->app->remote->fd);
}

/* Undone by close_worker(), also after a failure. */
static int
open_worker(struct worker *worker)
{
	int r;

	worker->signals = r = signals_open();
	if (r >= 0)
		r = open_wake(worker);
	if (r < 0)
		return r;
	r = events_open(&worker->events, worker->app);
	if (r < 0)
		return r;
	return link_new(&worker->link, worker->app, WIRE_ROLE_WORKER, &worker->hand->watch);
}

static void
read_clock(struct worker *worker)
{
	worker->now_ns = clock_ns();
	atomic_store_explicit(&worker->hand->turned_ms, worker->now_ns / 1000000, memory_order_relaxed);
}

static void
close_worker(struct worker *worker)
{
	link_free(worker->link);
	events_close(&worker->events);
	buf_free(&worker->batch);
	if (worker->wake >= 0 && worker->wake != worker->signals)
		close(worker->wake);
	if (worker->signals >= 0)
		close(worker->signals);
}

/* --- up ---------------------------------------------------------------------- */

/* On the first signal: says BYE, with nothing left to send before it. */
static int
check_signals(struct worker *worker)
{
	struct signalfd_siginfo info;
	int r;

	if (read(worker->signals, &info, sizeof(info)) != sizeof(info) || worker->stopping)
		return 0;
	log_info("worker stopping signal=%u", info.ssi_signo);
	worker->stopping = true;
	worker->stop_ns = clock_ns() + (int64_t)worker->app->conf.stop_seconds * 1000000000;

	r = link_bye(worker->link);
	if (r == -EAGAIN) /* a sidecar that cannot be told finds out by itself */
		worker->done = true;
	return r == -EAGAIN ? 0 : r;
}

/*
 * Sends the batch, however long that takes. A missing sidecar looks like a full
 * link, so the batch is kept in both cases: a sidecar that was restarted knows
 * by the epoch that the records are not for it. A worker that stops drops it:
 * other workers get the events again.
 */
static int
flush(struct worker *worker)
{
	int r;

	if (worker->batch.len == 0)
		return 0;
	worker->first_ns = 0;
	while ((r = link_send(worker->link, &worker->batch)) == -EAGAIN) {
		r = link_wait_room(worker->link, worker->signals, WIRE_HEARTBEAT_MS);
		if (r < 0)
			return r;
		read_clock(worker);
		if (r == 1 || worker->stopping) {
			buf_clear(&worker->batch);
			worker->done = true;
			return 0;
		}
	}
	return r < 0 ? r : check_signals(worker);
}

static struct buf *
open_batch(struct worker *worker)
{
	if (worker->batch.len == 0)
		wire_put_header(&worker->batch, WIRE_BATCH, 0);
	return &worker->batch;
}

/*
 * Sends the batch when the record that has just been finished should not wait
 * for more. That of an event which has outlived a worker never does: its handler
 * should not run again and again because of another that kills its workers.
 */
static int
finish_record(struct worker *worker, const struct wire_event *event)
{
	worker->now_ns = clock_ns();
	if (worker->first_ns == 0)
		worker->first_ns = worker->now_ns;
	if (worker->stopping && worker->now_ns >= worker->stop_ns)
		worker->done = true;
	if (event->attempt > 1 || worker->now_ns - worker->first_ns >= BATCH_NS || worker->batch.len > BATCH_BYTES)
		return flush(worker);
	return 0;
}

/* --- events ------------------------------------------------------------------- */

struct tina4_conn *
worker_conn(const struct worker *worker, const struct wire_id *id)
{
	return events_conn(&worker->events, id);
}

int
worker_handle(struct worker *worker, struct wire_event *event)
{
	int result, r;

	r = events_handle(&worker->events, event, link_welcome(worker->link), open_batch(worker), &result);
	return r == 0 ? finish_record(worker, event) : r;
}

static int
handle_event(struct worker *worker, struct wire_event *event)
{
	int r;

	events_meet(&worker->events, event);
	if (!events_want_record(event))
		return 0;
	if (worker->app->remote != NULL)
		return worker->app->remote->take(worker->app->remote, event);
	hand_take(worker->hand, event, worker->now_ns / 1000000);
	r = worker_handle(worker, event);
	hand_drop(worker->hand);
	return r;
}

static int
handle_events(struct worker *worker, struct wire_reader body)
{
	struct wire_event event;
	int more, r;

	while (!worker->done && (more = wire_get_event(&body, &event)) != 0) {
		if (more < 0) {
			log_warn("rest of the events ignored why=malformed");
			return 0;
		}
		r = handle_event(worker, &event);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- the loop ------------------------------------------------------------------- */

static void
forget(struct worker *worker)
{
	events_forget(&worker->events);
	if (worker->app->remote != NULL)
		worker->app->remote->forget(worker->app->remote);
}

/* Connections are of one run of the sidecar. */
static void
take_welcome(struct worker *worker)
{
	uint64_t epoch = link_welcome(worker->link)->epoch;

	if (epoch != worker->epoch)
		forget(worker);
	worker->epoch = epoch;
	atomic_store(&worker->hand->ready, true);
}

/* The sidecar took us for dead, or is a new one: it attaches each connection again. */
static void
take_unknown(struct worker *worker)
{
	forget(worker);
	if (worker->stopping)
		worker->done = true;
}

static void
take_stale(struct wire_reader body)
{
	struct wire_delivery late;
	char id[WIRE_ID_HEX];

	if (!log_enabled(LOG_LEVEL_DEBUG) || wire_get_delivery(&body, &late) < 0)
		return;
	wire_id_format(&late.conn, id);
	log_debug("record came too late conn=%s event=%" PRIu64 " attempt=%u", id, late.event, late.attempt);
}

static int
take_message(struct worker *worker, const struct wire_header *header, struct wire_reader body)
{
	switch (header->type) {
	case WIRE_WELCOME:
		take_welcome(worker);
		break;
	case WIRE_EVENTS:
		return handle_events(worker, body);
	case WIRE_STALE:
		take_stale(body);
		break;
	case WIRE_UNKNOWN:
		take_unknown(worker);
		break;
	case WIRE_BYE:
		worker->done |= worker->stopping;
		break;
	}
	return 0;
}

/* Handles what is there, within a budget. */
static int
drain(struct worker *worker)
{
	struct bus_message message;
	struct wire_header header;
	struct wire_reader body;
	int r;

	for (int i = 0; i < TURN_MESSAGES && !worker->done; i++) {
		r = link_recv(worker->link, &message, &header, &body);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		r = take_message(worker, &header, body);
		bus_message_close(&message);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True while a batch should wait for the answers that are under way: no longer than any does. */
static bool
may_grow(const struct worker *worker)
{
	const struct remote *remote = worker->app->remote;

	return remote != NULL && remote->busy && !worker->stopping && worker->first_ns != 0 &&
	    clock_ns() - worker->first_ns < BATCH_NS;
}

static int64_t
wait_ms(const struct worker *worker)
{
	const struct remote *remote = worker->app->remote;
	int64_t ms = worker->stopping ? (worker->stop_ns - clock_ns()) / 1000000 + 1 : WIRE_HEARTBEAT_MS;

	if (remote != NULL && remote->due_ms != INT64_MAX && remote->due_ms - clock_ms() < ms)
		ms = remote->due_ms - clock_ms();
	if (worker->batch.len > 0 && ms > 1)
		ms = 1;
	return ms;
}

/* What was handled before it came to that counts. */
static int
work(struct worker *worker)
{
	struct remote *remote = worker->app->remote;
	int r = remote != NULL ? remote->work(remote, worker) : 0;

	if (r == -ECANCELED)
		flush(worker);
	return r;
}

static int
turn(struct worker *worker)
{
	int r;

	r = link_wait(worker->link, worker->wake, wait_ms(worker));
	read_clock(worker);
	if (r > 0)
		r = check_signals(worker);
	if (r == 0)
		r = drain(worker);
	if (r == 0)
		r = work(worker);
	if (r == 0 && !may_grow(worker))
		r = flush(worker);
	if (worker->stopping && (clock_ns() >= worker->stop_ns || link_is_away(worker->link)))
		worker->done = true;
	return r;
}

int
worker_run(struct tina4_app *app)
{
	struct worker worker = { .app = app, .signals = -1, .wake = -1 };
	int r;

	worker.hand = app->hand != NULL ? app->hand : &worker.own;
	worker.hand->handler_timeout_s = app->conf.handler_timeout;
	worker.hand->worker_timeout_s = app->conf.worker_timeout;
	read_clock(&worker);
	r = open_worker(&worker);
	while (r == 0 && !worker.done)
		r = turn(&worker);
	if (r < 0 && r != -ECANCELED) /* that has been said */
		log_error("worker failed error=%s", strerror(-r));
	else if (r == 0)
		log_info("worker stopped");
	close_worker(&worker);
	return r < 0;
}
