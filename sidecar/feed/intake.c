#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/conf.h"
#include "shared/hash.h"
#include "shared/log.h"
#include "sidecar/feed/ack.h"
#include "sidecar/feed/feed.h"
#include "sidecar/feed/intake.h"
#include "sidecar/feed/recalls.h"
#include "sidecar/feed/registration.h"
#include "sidecar/feed/requests.h"
#include "sidecar/feed/rolls.h"
#include "sidecar/feed/roster.h"
#include "sidecar/hub/turn.h"
#include "sidecar/feed/workers.h"

enum {
	APP_SILENT_MS = 30 * WIRE_HEARTBEAT_MS, /* then an app that said HELLO is forgotten */
};

void
intake_open(struct intake *intake, const struct intake_parts *parts)
{
	*intake = (struct intake){ .parts = *parts };
}

void
intake_listen(struct intake *intake, const struct intake_events *events, void *context)
{
	intake->events = events;
	intake->context = context;
}

static void
forget_app(struct intake *intake, struct app_peer *app)
{
	HASH_DELETE(hh, intake->apps, app);
	free(app);
}

void
intake_close(struct intake *intake)
{
	struct app_peer *app, *next;

	HASH_ITER(hh, intake->apps, app, next)
		forget_app(intake, app);
}

/* Frees the message, sent or not: a peer that cannot be reached gets no answer. */
static void
answer(struct intake *intake, const struct bus_peer *peer, struct buf *message)
{
	int r = bus_send(intake->parts.bus, peer, message);

	if (r < 0 && r != -EHOSTUNREACH)
		log_limited(LOG_LEVEL_WARN, "answer lost error=%s", strerror(-r));
	buf_free(message);
}

static void
answer_reply(struct intake *intake, const struct bus_peer *peer, uint64_t id, const struct wire_reply *reply)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_REPLY, id);
	wire_put_reply(&message, reply);
	answer(intake, peer, &message);
}

static void
answer_header(struct intake *intake, const struct bus_peer *peer, enum wire_type type, uint64_t id)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, type, id);
	answer(intake, peer, &message);
}

static void
refuse(struct intake *intake, const struct bus_peer *peer, uint64_t id, enum wire_status status, const char *why)
{
	struct wire_reply reply = { .status = status, .text = span_of(why) };

	intake->n_malformed++;
	log_limited(LOG_LEVEL_WARN, "message refused why=%s", why);
	answer_reply(intake, peer, id, &reply);
}

/* --- peers -------------------------------------------------------------------- */

static struct app_peer *
find_app(struct intake *intake, const struct bus_peer *peer)
{
	struct app_peer *app;

	HASH_FIND(hh, intake->apps, peer, sizeof(*peer), app);
	return app;
}

static struct supervisor *
find_supervisor(const struct intake *intake, const struct bus_peer *peer)
{
	return supervisors_find(&intake->parts.workers->supervisors, peer);
}

/* Notes that a peer is alive. Returns false when it has not said HELLO. */
static bool
heard(struct intake *intake, const struct bus_peer *peer)
{
	struct worker *worker = workers_find(intake->parts.workers, peer);
	struct supervisor *supervisor = worker != NULL ? NULL : find_supervisor(intake, peer);
	struct app_peer *app = worker != NULL || supervisor != NULL ? NULL : find_app(intake, peer);

	if (worker != NULL)
		worker->heard_ms = intake->parts.turn->now_ms;
	if (supervisor != NULL)
		supervisor->heard_ms = intake->parts.turn->now_ms;
	if (app != NULL)
		app->heard_ms = intake->parts.turn->now_ms;
	return worker != NULL || supervisor != NULL || app != NULL;
}

static int
remember_app(struct intake *intake, const struct bus_peer *peer)
{
	struct app_peer *app = find_app(intake, peer);

	if (app == NULL) {
		if (HASH_COUNT(intake->apps) >= INTAKE_MAX_APPS)
			return -EBUSY;
		app = calloc(1, sizeof(*app));
		if (app == NULL)
			return -ENOMEM;
		app->peer = *peer;
		HASH_ADD(hh, intake->apps, peer, sizeof(app->peer), app);
		if (!HASH_ADDED(app)) {
			free(app);
			return -ENOMEM;
		}
	}
	app->heard_ms = intake->parts.turn->now_ms;
	return 0;
}

/* --- the messages ----------------------------------------------------------------- */

/* It announces no routes: its workers do. */
static int
supervise(struct intake *intake, const struct bus_peer *peer, const struct wire_hello *hello, struct wire_reader *body)
{
	struct wire_watch watch;
	int r = hello->n_routes == 0 ? wire_get_watch(body, &watch) : -EPROTO;

	return r < 0 ? r : roster_supervise(intake->parts.roster, peer, &watch, intake->parts.turn->now_ms);
}

static void
take_hello(struct intake *intake, const struct bus_peer *peer, uint64_t id, struct wire_reader *body)
{
	struct wire_welcome welcome = { .epoch = intake->parts.feed->epoch,
		.max_message = intake->parts.conf->ws_max_message,
		.attribute_bytes = intake->parts.conf->ws_attribute_bytes };
	struct refusals refusals = { BUF_INIT, 0 };
	struct buf message = BUF_INIT;
	struct wire_hello hello;
	int r = wire_get_hello(body, &hello);

	if (r == 0 && hello.role == WIRE_ROLE_APP)
		r = remember_app(intake, peer);
	if (r == 0 && hello.role == WIRE_ROLE_SUPERVISOR)
		r = supervise(intake, peer, &hello, body);
	else if (r == 0)
		r = roster_hello(intake->parts.roster, peer, &hello, body, intake->parts.turn->now_ms, &refusals);
	if (r == -EPROTO) {
		refuse(intake, peer, id, WIRE_MALFORMED, "malformed HELLO");
	} else if (r < 0) {
		refuse(intake, peer, id, WIRE_BUSY, "too many peers, or out of memory");
	} else {
		welcome.n_refused = refusals.n;
		wire_put_header(&message, WIRE_WELCOME, id);
		wire_put_welcome(&message, &welcome);
		buf_bytes(&message, refusals.patterns.data, refusals.patterns.len);
		answer(intake, peer, &message);
	}
	buf_free(&refusals.patterns);
}

static void
answer_stale(struct intake *intake, const struct bus_peer *peer, const struct wire_record *record)
{
	const struct wire_delivery late = { record->conn, record->epoch, record->event, record->attempt };
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_STALE, 0);
	wire_put_delivery(&message, &late);
	answer(intake, peer, &message);
}

static void
take_batch(struct intake *intake, const struct bus_peer *peer, uint64_t id, struct wire_reader *body)
{
	struct worker *worker = workers_find(intake->parts.workers, peer);
	struct wire_record record;
	int r;

	if (worker == NULL) {
		answer_header(intake, peer, WIRE_UNKNOWN, id);
		return;
	}
	while ((r = wire_get_record(body, &record)) > 0)
		if (ack_take(intake->parts.feed, worker, &record, intake->parts.turn->now_us) == -ESTALE)
			answer_stale(intake, peer, &record);
	if (r < 0)
		refuse(intake, peer, id, WIRE_MALFORMED, "malformed record in BATCH");
}

/* A supervisor's tells which of its workers are at an event and cannot say anything themselves. */
static void
take_heartbeat(struct intake *intake, const struct bus_peer *peer, uint64_t id, struct wire_reader *body)
{
	const struct supervisor *supervisor = find_supervisor(intake, peer);
	uint32_t worker;
	int r = 0;

	while (supervisor != NULL && (r = wire_get_worker(body, &worker)) > 0)
		roster_vouch(intake->parts.roster, supervisor, worker, intake->parts.turn->now_ms);
	if (r < 0)
		refuse(intake, peer, id, WIRE_MALFORMED, "malformed HEARTBEAT");
}

static void
take_death(struct intake *intake, const struct bus_peer *peer, uint64_t id, struct wire_reader *body)
{
	const struct supervisor *supervisor = find_supervisor(intake, peer);
	struct wire_death death;

	if (supervisor == NULL)
		answer_header(intake, peer, WIRE_UNKNOWN, id);
	else if (wire_get_death(body, &death) < 0)
		refuse(intake, peer, id, WIRE_MALFORMED, "malformed DEATH");
	else
		roster_death(intake->parts.roster, supervisor, &death);
}

static void
take_bye(struct intake *intake, const struct bus_peer *peer)
{
	struct worker *worker = workers_find(intake->parts.workers, peer);
	struct supervisor *supervisor = find_supervisor(intake, peer);
	struct app_peer *app = find_app(intake, peer);

	if (worker != NULL)
		roster_bye(intake->parts.roster, worker);
	else if (supervisor != NULL)
		roster_unsupervise(intake->parts.roster, supervisor);
	else if (app != NULL)
		forget_app(intake, app);
}

/* --- requests ------------------------------------------------------------------------ */

static void
answer_stats(struct intake *intake, const struct bus_peer *peer, uint64_t id)
{
	struct buf lines = BUF_INIT;
	struct wire_reply reply = { 0 };

	if (intake->events != NULL)
		intake->events->stats_asked(intake->context, &lines);
	reply.text = span_of_buf(&lines);
	answer_reply(intake, peer, id, &reply);
	buf_free(&lines);
}

/* Who has asked for what is kept, or for who is connected: the answer may have to wait. */
struct asker {
	struct intake *intake;
	struct bus_peer peer;
	uint64_t id;
};

static void
answer_asker(void *whom, const struct wire_reply *reply)
{
	struct asker *asker = whom;

	answer_reply(asker->intake, &asker->peer, asker->id, reply);
	free(asker);
}

/* Returns false for another command. */
static bool
take_question(struct intake *intake, const struct bus_peer *peer, uint64_t id, const struct wire_command *command)
{
	const struct wire_reply busy = { .status = WIRE_BUSY };
	struct asker *asker;

	if (command->type != WIRE_HISTORY && command->type != WIRE_MEMBERS && command->type != WIRE_CONNS)
		return false;
	asker = malloc(sizeof(*asker));
	if (asker == NULL) {
		answer_reply(intake, peer, id, &busy);
		return true;
	}
	*asker = (struct asker){ intake, *peer, id };
	if (command->type != WIRE_CONNS)
		recalls_ask(intake->parts.recalls, command, answer_asker, asker);
	else
		rolls_ask(intake->parts.rolls, command, answer_asker, asker);
	return true;
}

void
intake_counted(struct intake *intake, const struct bus_peer *peer, uint64_t id, uint32_t count)
{
	const struct wire_reply reply = { .connections = count };

	answer_reply(intake, peer, id, &reply);
}

/* True when the other hosts are asked first. */
static bool
count_later(struct intake *intake, const struct bus_peer *peer, uint64_t id, const struct wire_command *command)
{
	return (command->type == WIRE_COUNT || command->type == WIRE_USER_COUNT) && intake->events != NULL &&
	    intake->events->count_asked(intake->context, command, peer, id);
}

static void
take_request(struct intake *intake, const struct bus_peer *peer, uint64_t id, struct wire_reader *body)
{
	struct requests *requests = intake->parts.requests;
	struct wire_request request;
	const struct wire_reply *earlier;
	struct wire_reply reply;

	if (wire_get_request(body, &request) < 0) {
		refuse(intake, peer, id, WIRE_MALFORMED, "malformed REQUEST");
		return;
	}
	if (request.command.type == WIRE_STATS) {
		answer_stats(intake, peer, id);
		return;
	}
	earlier = requests_earlier(requests, &request.id, &request.command);
	if (earlier != NULL) {
		answer_reply(intake, peer, id, earlier);
		return;
	}
	if (requests_lack_route(requests, &request.command)) {
		/* Its app may have the route: it has only never told us. */
		if (find_app(intake, peer) == NULL && workers_find(intake->parts.workers, peer) == NULL) {
			answer_header(intake, peer, WIRE_UNKNOWN, id);
			return;
		}
		requests_refuse(requests, &request, &reply);
		answer_reply(intake, peer, id, &reply);
		return;
	}
	if (take_question(intake, peer, id, &request.command))
		return;
	if (count_later(intake, peer, id, &request.command))
		return;
	requests_apply(requests, &request, &reply);
	answer_reply(intake, peer, id, &reply);
	intake->n_answered += request.command.type == WIRE_PUSH;
}

/* --- taking them ------------------------------------------------------------------------ */

static void
take(struct intake *intake, const struct bus_peer *peer, struct wire_reader *body)
{
	struct wire_header header;
	bool known = heard(intake, peer);
	int r;

	if (body->at == body->end) { /* it has connected, perhaps again: it need not wait for its next heartbeat */
		answer_header(intake, peer, WIRE_UNKNOWN, 0);
		return;
	}
	r = wire_get_header(body, &header);

	if (r == -EPROTONOSUPPORT) {
		refuse(intake, peer, 0, WIRE_BAD_VERSION, "another version of the protocol");
		return;
	}
	if (r < 0) {
		refuse(intake, peer, 0, WIRE_MALFORMED, "header cut short");
		return;
	}
	switch ((enum wire_type)header.type) {
	case WIRE_HELLO:
		take_hello(intake, peer, header.id, body);
		return;
	case WIRE_BATCH:
		take_batch(intake, peer, header.id, body);
		return;
	case WIRE_HEARTBEAT:
		if (known)
			take_heartbeat(intake, peer, header.id, body);
		else
			answer_header(intake, peer, WIRE_UNKNOWN, header.id);
		return;
	case WIRE_DEATH:
		take_death(intake, peer, header.id, body);
		return;
	case WIRE_BYE:
		take_bye(intake, peer);
		return;
	case WIRE_REQUEST:
		take_request(intake, peer, header.id, body);
		return;
	case WIRE_WELCOME:
	case WIRE_EVENTS:
	case WIRE_REPLY:
	case WIRE_STALE:
	case WIRE_UNKNOWN:
	case WIRE_PROBE:
		break; /* only ever sent by us */
	}
	refuse(intake, peer, header.id, WIRE_MALFORMED, "no such message");
}

/* One look at the clock for all that were answered in this turn. */
static void
note_receipts(struct intake *intake)
{
	if (intake->n_answered == 0)
		return;
	histogram_add(&intake->receipts, (uint64_t)clock_ns() / 1000 - intake->parts.turn->now_us, intake->n_answered);
	intake->n_answered = 0;
}

static void
drain(struct intake *intake)
{
	for (int i = 0; i < INTAKE_BUDGET; i++) {
		struct bus_message message;
		struct bus_peer peer;
		struct wire_reader body;
		int r = bus_recv(intake->parts.bus, &peer, &message);

		if (r == -EPROTO) {
			refuse(intake, &peer, 0, WIRE_MALFORMED, "not one frame");
			continue;
		}
		if (r < 0)
			return;
		body = bus_message_reader(&message);
		take(intake, &peer, &body);
		bus_message_close(&message);
	}
}

void
intake_drain(struct intake *intake)
{
	drain(intake);
	note_receipts(intake);
}

void
intake_tick(struct intake *intake)
{
	struct app_peer *app, *next;

	HASH_ITER(hh, intake->apps, app, next)
		if (intake->parts.turn->now_ms - app->heard_ms >= APP_SILENT_MS)
			forget_app(intake, app);
}
