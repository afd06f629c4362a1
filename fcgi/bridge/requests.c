#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/bridge/answer.h"
#include "fcgi/bridge/call.h"
#include "fcgi/bridge/cgianswer.h"
#include "fcgi/bridge/handler.h"
#include "fcgi/bridge/params.h"
#include "fcgi/bridge/requests.h"
#include "fcgi/bridge/turns.h"
#include "fcgi/bridge/waiting.h"
#include "fcgi/ws/conn.h"
#include "fcgi/ws/remote.h"
#include "fcgi/ws/worker.h"
#include "shared/clock.h"
#include "shared/log.h"

enum { STATUS_OK = 200, STATUS_NOT_OK = 300 };

/* One of those that may be on their way at once. */
struct slot {
	struct call call;
	struct waiting *waiting; /* NULL: it is free */
	int64_t end_ms;          /* when it has taken too long */
	uint32_t watched;        /* what epoll waits for; 0: it does not know the connection */
};

struct requests {
	struct remote remote; /* first */
	struct tina4_app *app;
	struct requests_options options;
	struct endpoint endpoint;
	struct turns *turns;

	int64_t try_ms;   /* nobody listened: when to try again ... */
	int64_t delay_ms; /* ... and how long that was; 0: somebody listens */

	unsigned n_busy;
	unsigned n; /* slots */
	struct slot slots[];
};

static int take(struct remote *remote, const struct wire_event *event);
static int work(struct remote *remote, struct worker *worker);
static void forget(struct remote *remote);
static void requests_free(struct remote *remote);

static struct requests *
requests_of(struct remote *remote)
{
	return (struct requests *)remote;
}

int
requests_new(struct remote **ret, struct tina4_app *app, const struct requests_options *options)
{
	struct requests *requests = calloc(1, sizeof(*requests) + options->n * sizeof(requests->slots[0]));
	int r;

	if (requests == NULL)
		return -ENOMEM;
	requests->app = app;
	requests->options = *options;
	requests->n = options->n;
	requests->remote =
	    (struct remote){ epoll_create1(EPOLL_CLOEXEC), INT64_MAX, false, take, work, forget, requests_free };
	r = requests->remote.fd < 0 ? -errno : endpoint_find(&requests->endpoint, options->address, false);
	if (r < 0) {
		requests_free(&requests->remote);
		return r;
	}
	*ret = &requests->remote;
	return 0;
}

static void
requests_free(struct remote *remote)
{
	struct requests *requests = requests_of(remote);

	for (unsigned i = 0; i < requests->n; i++)
		call_end(&requests->slots[i].call);
	turns_free(requests->turns);
	if (requests->remote.fd >= 0)
		close(requests->remote.fd);
	free(requests);
}

static int64_t
patience_ms(const struct requests *requests)
{
	return requests->app->conf.handler_timeout > 0 ? 1000 * (int64_t)requests->app->conf.handler_timeout
						       : INT64_MAX / 2;
}

/* --- who is asked, and does not listen ------------------------------------------------- */

static void
note_away(struct requests *requests, const struct call *call, int64_t now_ms)
{
	if (requests->delay_ms == 0)
		log_warn("nobody takes requests: events wait address=%s error=%s", requests->options.address,
		    call->error != 0 ? strerror(call->error) : "overloaded");
	requests->delay_ms = requests->delay_ms == 0 ? REQUESTS_AWAY_MS : 2 * requests->delay_ms;
	if (requests->delay_ms > REQUESTS_MAX_AWAY_MS)
		requests->delay_ms = REQUESTS_MAX_AWAY_MS;
	requests->try_ms = now_ms + requests->delay_ms;
}

static void
note_there(struct requests *requests)
{
	if (requests->delay_ms != 0)
		log_info("requests are answered again address=%s", requests->options.address);
	requests->delay_ms = 0;
	requests->try_ms = 0;
}

/* --- answers ----------------------------------------------------------------------------- */

/* Each line that the script wrote on its standard error. */
static void
log_errors(const struct buf *err, const char *event, const char *path)
{
	const char *at = (const char *)err->data, *end = at + err->len;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((line_end != NULL ? line_end : end) - at);

		if (len > 0)
			log_limited(LOG_LEVEL_WARN, "script says event=%s path=%s line=%.*s", event, path,
			    (int)(len < LOG_MAX_BYTES ? len : LOG_MAX_BYTES), at);
		at += len + (line_end != NULL);
	}
}

/* Reads what the script printed. Returns 0 and *ret, or -EBADMSG and *ret_fault, or -ENOMEM. */
static int
read_answer(const struct call *call, struct cJSON **ret, struct answer_fault *ret_fault)
{
	unsigned status;
	struct span body;

	if (cgianswer_read(span_of_buf(&call->answer), &status, &body) < 0) {
		snprintf(ret_fault->why, sizeof(ret_fault->why), "it does not begin with a head");
		return -EBADMSG;
	}
	if (status < STATUS_OK || status >= STATUS_NOT_OK) {
		snprintf(ret_fault->why, sizeof(ret_fault->why), "its status is %u", status);
		return -EBADMSG;
	}
	if (body.len > ANSWER_MAX_BYTES) {
		snprintf(ret_fault->why, sizeof(ret_fault->why), "it is longer than %d bytes", ANSWER_MAX_BYTES);
		return -EBADMSG;
	}
	return answer_parse(body.data, body.len, ret, ret_fault);
}

/* --- a request that has ended -------------------------------------------------------------- */

static void
release(struct requests *requests, struct slot *slot)
{
	call_end(&slot->call); /* which epoll sees */
	*slot = (struct slot){ 0 };
	requests->n_busy--;
}

static int
fail(struct requests *requests, struct worker *worker, struct slot *slot, const char *why)
{
	struct waiting *waiting = slot->waiting;
	int r = waiting->forgotten ? 0 : handler_fail(requests->app, worker, &waiting->event, why);

	release(requests, slot);
	turns_done(requests->turns, waiting);
	return r;
}

static int
finish(struct requests *requests, struct worker *worker, struct slot *slot)
{
	struct waiting *waiting = slot->waiting;
	struct answer_fault fault;
	struct cJSON *answer = NULL;
	int r = read_answer(&slot->call, &answer, &fault);

	if (r == -EBADMSG)
		return fail(requests, worker, slot, fault.why);
	if (r == 0 && !waiting->forgotten)
		r = handler_answer(requests->app, worker, &waiting->event, answer);
	cJSON_Delete(answer);
	release(requests, slot);
	turns_done(requests->turns, waiting);
	return r;
}

/* It is made again, as long as it was not too often. */
static int
die(struct requests *requests, struct worker *worker, struct slot *slot, int64_t now_ms)
{
	struct waiting *waiting = slot->waiting;
	int64_t rest_ms = REQUESTS_REST_MS;

	if (++waiting->deaths == REQUESTS_MAX_DEATHS)
		return fail(requests, worker, slot, "the connection ended without an answer, time and again");
	for (unsigned i = 1; i < waiting->deaths; i++)
		rest_ms *= 5;
	log_limited(LOG_LEVEL_WARN, "request ended without an answer event=%s deaths=%u",
	    wire_event_name(waiting->event.kind), waiting->deaths);
	release(requests, slot);
	turns_again(requests->turns, waiting, now_ms + rest_ms);
	return 0;
}

static int
wait_for_it(struct requests *requests, struct slot *slot, int64_t now_ms)
{
	struct waiting *waiting = slot->waiting;

	note_away(requests, &slot->call, now_ms);
	release(requests, slot);
	turns_again(requests->turns, waiting, now_ms);
	return 0;
}

static void
log_script(const struct slot *slot, const struct worker *worker)
{
	const struct wire_event *event = &slot->waiting->event;
	const struct tina4_conn *conn = worker_conn(worker, &event->conn);

	if (slot->call.err.len > 0)
		log_errors(&slot->call.err, wire_event_name(event->kind), conn != NULL ? tina4_conn_path(conn) : "");
}

static int
end(struct requests *requests, struct worker *worker, struct slot *slot, enum call_state state)
{
	int64_t now_ms = clock_ms();

	log_script(slot, worker);
	if (state != CALL_AWAY)
		note_there(requests);
	switch (state) {
	case CALL_DONE:
		return finish(requests, worker, slot);
	case CALL_AWAY:
		return wait_for_it(requests, slot, now_ms);
	case CALL_DEAD:
		return die(requests, worker, slot, now_ms);
	case CALL_WRONG:
		return fail(requests, worker, slot, "what it answers is no FastCGI, or too much");
	case CALL_GOING:
		break;
	}
	return 0;
}

/* --- requests on their way -------------------------------------------------------------------- */

static int
watch(struct requests *requests, struct slot *slot)
{
	struct epoll_event event = { .events = (uint32_t)call_events(&slot->call), .data.ptr = slot };
	int how = slot->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (event.events == slot->watched)
		return 0;
	slot->watched = event.events;
	return epoll_ctl(requests->remote.fd, how, slot->call.fd, &event) < 0 ? -errno : 0;
}

/* It goes on, or it has ended. */
static int
proceed(struct requests *requests, struct worker *worker, struct slot *slot, enum call_state state)
{
	return state == CALL_GOING ? watch(requests, slot) : end(requests, worker, slot, state);
}

static int
read_answers(struct requests *requests, struct worker *worker)
{
	struct epoll_event events[REQUESTS_MAX];
	int n = epoll_wait(requests->remote.fd, events, REQUESTS_MAX, 0), r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		struct slot *slot = events[i].data.ptr;

		r = proceed(requests, worker, slot, call_work(&slot->call));
	}
	return r;
}

static int
time_out(struct requests *requests, struct worker *worker, struct slot *slot)
{
	char why[ANSWER_WHY_BYTES];

	snprintf(why, sizeof(why), "it took longer than TINA4_HANDLER_TIMEOUT=%" PRIu32 " seconds",
	    requests->app->conf.handler_timeout);
	log_script(slot, worker);
	return fail(requests, worker, slot, why);
}

/* Ends those that take too long, and finds when the next one will. */
static int
check_time(struct requests *requests, struct worker *worker)
{
	int64_t now_ms = clock_ms(), due_ms = INT64_MAX;
	int r = 0;

	for (unsigned i = 0; i < requests->n && r == 0; i++) {
		struct slot *slot = &requests->slots[i];

		if (slot->waiting == NULL)
			continue;
		if (now_ms >= slot->end_ms)
			r = time_out(requests, worker, slot);
		else if (slot->end_ms < due_ms)
			due_ms = slot->end_ms;
	}
	requests->remote.due_ms = due_ms;
	return r;
}

/* --- asking ------------------------------------------------------------------------------------- */

static int
take(struct remote *remote, const struct wire_event *event)
{
	return turns_add(&requests_of(remote)->turns, event);
}

static void
forget(struct remote *remote)
{
	turns_forget(requests_of(remote)->turns);
}

static struct slot *
free_slot(struct requests *requests)
{
	for (unsigned i = 0; i < requests->n; i++)
		if (requests->slots[i].waiting == NULL)
			return &requests->slots[i];
	return NULL;
}

/*
 * What an event is asked by, or the routes, which have no connection and no event.
 * Returns 0, -E2BIG when there is more to say of one thing than a record holds, or
 * -ENOMEM.
 */
static int
put_request(const struct requests *requests, struct call *call, struct tina4_conn *conn, const struct wire_event *event)
{
	const char *file = requests->options.file;
	struct buf pairs = BUF_INIT;
	int r = event != NULL ? params_put(&pairs, file, conn, event) : params_put_routes(&pairs, file);

	if (r == 0)
		r = record_put_request(&call->out, span_of_buf(&pairs), event != NULL ? event->data : SPAN_EMPTY);
	buf_free(&pairs);
	return r;
}

static int
begin(struct requests *requests, struct worker *worker, struct waiting *waiting, struct tina4_conn *conn)
{
	struct slot *slot = free_slot(requests);
	int r;

	slot->waiting = waiting;
	slot->end_ms = clock_ms() + patience_ms(requests);
	requests->n_busy++;
	r = put_request(requests, &slot->call, conn, &waiting->event);
	if (r == -E2BIG)
		return fail(requests, worker, slot, "a parameter is larger than a record of FastCGI");
	return r < 0 ? r : proceed(requests, worker, slot, call_begin(&slot->call, &requests->endpoint));
}

/* What no handler gets is acknowledged without one. */
static int
ask(struct requests *requests, struct worker *worker, struct waiting *waiting)
{
	struct tina4_conn *conn = worker_conn(worker, &waiting->event.conn);
	int r;

	if (conn != NULL && conn_wants(conn, &waiting->event))
		return begin(requests, worker, waiting, conn);
	r = handler_answer(requests->app, worker, &waiting->event, NULL);
	turns_done(requests->turns, waiting);
	return r;
}

/* While nobody listens one request at a time finds out whether somebody does. */
static bool
may_ask(const struct requests *requests, int64_t now_ms)
{
	if (requests->delay_ms != 0)
		return now_ms >= requests->try_ms && requests->n_busy == 0;
	return requests->n_busy < requests->n;
}

static int
ask_more(struct requests *requests, struct worker *worker)
{
	int64_t now_ms = clock_ms();
	struct waiting *waiting;
	int r = 0;

	while (r == 0 && may_ask(requests, now_ms) && (waiting = turns_next(requests->turns, now_ms)) != NULL)
		r = ask(requests, worker, waiting);
	return r;
}

/* When there is something to ask, in a slot that is free. */
static int64_t
next_ask_ms(const struct requests *requests)
{
	int64_t due_ms = turns_due_ms(requests->turns);

	if (due_ms == INT64_MAX || requests->n_busy == requests->n)
		return INT64_MAX;
	if (requests->delay_ms == 0)
		return due_ms;
	if (requests->n_busy > 0)
		return INT64_MAX;
	return due_ms > requests->try_ms ? due_ms : requests->try_ms;
}

static int
work(struct remote *remote, struct worker *worker)
{
	struct requests *requests = requests_of(remote);
	int64_t ask_ms;
	int r = read_answers(requests, worker);

	if (r == 0)
		r = ask_more(requests, worker);
	if (r == 0)
		r = check_time(requests, worker);
	ask_ms = next_ask_ms(requests);
	if (ask_ms < remote->due_ms)
		remote->due_ms = ask_ms;
	remote->busy = requests->n_busy > 0;
	return r;
}

/* --- its routes ------------------------------------------------------------------------------------ */

/* Asks once, and waits for the answer. */
static enum call_state
ask_routes(struct requests *requests, struct call *call)
{
	enum call_state state;

	if (put_request(requests, call, NULL, NULL) < 0)
		return CALL_WRONG;
	state = call_begin(call, &requests->endpoint);
	if (state == CALL_GOING)
		state = call_await(call, patience_ms(requests));
	return state;
}

static int
declare(struct requests *requests, const struct call *call)
{
	struct answer_fault fault;
	struct cJSON *answer = NULL;
	int r = read_answer(call, &answer, &fault);

	log_errors(&call->err, "routes", requests->options.file);
	if (r == 0)
		r = answer_declare(answer, requests->app, handler_run, &fault);
	cJSON_Delete(answer);
	if (r == -EBADMSG)
		log_error("routes not told script=%s address=%s why=%s", requests->options.file,
		    requests->options.address, fault.why);
	return r < 0 ? -ECANCELED : 0;
}

/* Fewer at once, if the other side says how many. What is no answer does not matter. */
static void
ask_how_many(struct requests *requests)
{
	struct call call = { 0 };
	unsigned n = 0;

	record_put_question(&call.out);
	if (call_begin(&call, &requests->endpoint) == CALL_GOING)
		call_await(&call, REQUESTS_QUESTION_MS);
	n = record_max_connections(span_of_buf(&call.values));
	call_end(&call);
	if (n == 0 || n >= requests->n)
		return;
	log_info("fewer requests at once address=%s requests=%u", requests->options.address, n);
	requests->n = n;
}

int
requests_declare(struct remote *remote)
{
	struct requests *requests = requests_of(remote);
	enum call_state state;
	int r = -ECANCELED;

	do {
		struct call call = { 0 };

		state = ask_routes(requests, &call);
		if (state == CALL_DONE)
			r = declare(requests, &call);
		else if (state == CALL_AWAY)
			note_away(requests, &call, clock_ms());
		else
			log_error("routes not told script=%s address=%s why=%s", requests->options.file,
			    requests->options.address, state == CALL_GOING ? "no answer in time" : "no answer");
		call_end(&call);
	} while (state == CALL_AWAY && !requests->options.once && call_rest(requests->delay_ms));
	if (r < 0)
		return r;
	note_there(requests);
	ask_how_many(requests);
	return 0;
}
