#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/bridge/answer.h"
#include "fcgi/bridge/handler.h"
#include "fcgi/bridge/lines.h"
#include "fcgi/bridge/program.h"
#include "fcgi/bridge/question.h"
#include "fcgi/bridge/turns.h"
#include "fcgi/bridge/waiting.h"
#include "fcgi/ws/conn.h"
#include "fcgi/ws/hand.h"
#include "fcgi/ws/remote.h"
#include "fcgi/ws/verdict.h"
#include "fcgi/ws/worker.h"
#include "shared/clock.h"
#include "shared/log.h"

struct lines {
	struct remote remote; /* first */
	struct tina4_app *app;
	const char *command;
	struct program program;
	bool waits_to_write;

	struct turns *turns;
	struct waiting *asked[LINES_MAX_ASKED]; /* a ring: what the program has before it */
	unsigned first, n_asked;
	struct waiting *held; /* taken, to be asked when nothing else is before the program; or NULL */
};

/* --- opening -------------------------------------------------------------------------- */

static int
watch(const struct lines *lines, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(lines->remote.fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int take(struct remote *remote, const struct wire_event *event);
static int work(struct remote *remote, struct worker *worker);
static void forget(struct remote *remote);
static void lines_free(struct remote *remote);

int
lines_new(struct remote **ret, struct tina4_app *app, const char *command)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int r;

	if (lines == NULL)
		return -ENOMEM;
	lines->remote =
	    (struct remote){ epoll_create1(EPOLL_CLOEXEC), INT64_MAX, false, take, work, forget, lines_free };
	lines->app = app;
	lines->command = command;
	lines->program = (struct program){ .in = -1, .out = -1 };
	r = lines->remote.fd < 0 ? -errno : program_start(&lines->program, command);
	if (r == 0)
		r = watch(lines, lines->program.out, EPOLLIN);
	if (r < 0) {
		lines_free(&lines->remote);
		return r;
	}
	*ret = &lines->remote;
	return 0;
}

static struct lines *
lines_of(struct remote *remote)
{
	return (struct lines *)remote;
}

static void
lines_free(struct remote *remote)
{
	struct lines *lines = lines_of(remote);

	program_stop(&lines->program, false);
	turns_free(lines->turns);
	if (lines->remote.fd >= 0)
		close(lines->remote.fd);
	free(lines);
}

/* --- what goes wrong -------------------------------------------------------------------- */

static struct waiting *
oldest(const struct lines *lines)
{
	return lines->asked[lines->first];
}

/* The event that is before the program is what its supervisor sees in the worker's hand. */
static void
note_oldest(struct lines *lines)
{
	struct hand *hand = lines->app->hand;

	if (hand == NULL)
		return;
	if (lines->n_asked > 0)
		hand_take(hand, &oldest(lines)->event, clock_ms());
	else
		hand_drop(hand);
}

/* The program broke the protocol: it ends, and so does the worker. */
static int
break_off(struct lines *lines, const char *why, struct span line)
{
	char shown[LINES_MAX_LOGGED + 1];
	size_t len = line.len < LINES_MAX_LOGGED ? line.len : LINES_MAX_LOGGED;

	memcpy(shown, line.data, len);
	shown[len] = '\0';
	log_error("program killed command=%s why=%s line=%s", lines->command, why, shown);
	program_stop(&lines->program, true);
	return -ECANCELED;
}

/* The program has ended. Somebody else may have done it, and then no event is to blame. */
static int
say_end(struct lines *lines)
{
	struct program_end end = program_stop(&lines->program, false);
	char how[VERDICT_TEXT];

	verdict_describe(end.wait_status, how);
	log_error("program ended command=%s how=%s", lines->command, end.killed ? "closed-a-pipe" : how);
	if (!end.killed && !verdict_is_own_doing(end.wait_status) && lines->app->hand != NULL)
		hand_drop(lines->app->hand);
	return -ECANCELED;
}

/* --- its routes ------------------------------------------------------------------------- */

/* Waits for a line. Returns 0, or -ECANCELED after an error. */
static int
await_line(struct lines *lines, struct span *ret)
{
	int64_t seconds = lines->app->conf.handler_timeout;
	int64_t end_ms = seconds > 0 ? clock_ms() + 1000 * seconds : INT64_MAX, rest_ms;
	struct pollfd item = { .fd = lines->program.out, .events = POLLIN };

	while (!program_take_line(&lines->program, ret)) {
		rest_ms = end_ms - clock_ms();
		if (rest_ms <= 0)
			return break_off(lines, "it does not tell its routes; its output must be flushed", SPAN_EMPTY);
		if (program_rest(&lines->program) > ANSWER_MAX_BYTES)
			return break_off(lines, "its line has no end", SPAN_EMPTY);
		if (poll(&item, 1, (int)(rest_ms < INT_MAX ? rest_ms : INT_MAX)) > 0 &&
		    program_read(&lines->program) < 0)
			return say_end(lines);
	}
	return 0;
}

int
lines_declare(struct remote *remote)
{
	struct lines *lines = lines_of(remote);
	struct answer_fault fault;
	struct cJSON *answer = NULL;
	struct span line;
	int r;

	buf_string(&lines->program.unsent, QUESTION_ROUTES);
	program_write(&lines->program); /* who reads nothing is heard of below */
	r = await_line(lines, &line);
	if (r < 0)
		return r;
	r = answer_parse(line.data, line.len, &answer, &fault);
	if (r == 0)
		r = answer_declare(answer, lines->app, handler_run, &fault);
	cJSON_Delete(answer);
	if (r == -EBADMSG)
		return break_off(lines, fault.why, line);
	return r;
}

/* --- asking ------------------------------------------------------------------------------ */

static int
take(struct remote *remote, const struct wire_event *event)
{
	return turns_add(&lines_of(remote)->turns, event);
}

/* What was asked will be answered all the same. */
static void
forget(struct remote *remote)
{
	turns_forget(lines_of(remote)->turns);
}

static int
ask(struct lines *lines, struct waiting *waiting, struct tina4_conn *conn)
{
	int r = question_put(&lines->program.unsent, conn, &waiting->event);

	lines->asked[(lines->first + lines->n_asked) % LINES_MAX_ASKED] = waiting;
	if (lines->n_asked++ == 0)
		note_oldest(lines);
	return r;
}

/*
 * An event that has outlived a program is alone before the next one: what that does
 * wrong then is due to this event, and not to what somebody else's has left.
 */
static bool
is_suspect(const struct waiting *waiting)
{
	return waiting->event.attempt > 1;
}

static bool
may_ask(const struct lines *lines)
{
	if (lines->n_asked > 0 && is_suspect(oldest(lines)))
		return false;
	return lines->n_asked < LINES_MAX_ASKED && lines->program.unsent.len - lines->program.n_sent < LINES_MAX_UNSENT;
}

/* The next event that may be asked about now, or NULL. */
static struct waiting *
next_event(struct lines *lines)
{
	struct waiting *next = lines->held;

	if (!may_ask(lines))
		return NULL;
	if (next == NULL)
		next = turns_next(lines->turns, 0);
	lines->held = next != NULL && is_suspect(next) && lines->n_asked > 0 ? next : NULL;
	return lines->held == NULL ? next : NULL;
}

/* Asks as much as may be. What no handler gets is acknowledged without one. */
static int
ask_more(struct lines *lines, struct worker *worker)
{
	struct waiting *next;
	int r = 0;

	while (r == 0 && (next = next_event(lines)) != NULL) {
		struct tina4_conn *conn = worker_conn(worker, &next->event.conn);

		if (next->forgotten) {
			turns_done(lines->turns, next);
		} else if (conn != NULL && conn_wants(conn, &next->event)) {
			r = ask(lines, next, conn);
		} else {
			r = handler_answer(lines->app, worker, &next->event, NULL);
			turns_done(lines->turns, next);
		}
	}
	return r;
}

/* --- answers ----------------------------------------------------------------------------- */

static int
check_id(const struct wire_event *event, const struct cJSON *answer, struct answer_fault *ret_fault)
{
	char id[WIRE_ID_HEX];

	conn_format_event_id(event, id);
	if (answer_id(answer) == NULL || strcmp(answer_id(answer), id) == 0)
		return 0;
	snprintf(ret_fault->why, sizeof(ret_fault->why), "it is not about the event %s, which is next", id);
	return -EBADMSG;
}

/* The answer to the oldest question. */
static int
take_answer(struct lines *lines, struct worker *worker, struct span line)
{
	struct waiting *waiting = oldest(lines);
	struct answer_fault fault;
	struct cJSON *answer = NULL;
	int r;

	if (lines->n_asked == 0)
		return break_off(lines, "it answers what was not asked", line);
	r = answer_parse(line.data, line.len, &answer, &fault);
	if (r == 0)
		r = check_id(&waiting->event, answer, &fault);
	if (r == 0 && !waiting->forgotten)
		r = handler_answer(lines->app, worker, &waiting->event, answer);
	cJSON_Delete(answer);
	if (r == -EBADMSG)
		return break_off(lines, fault.why, line);
	lines->first = (lines->first + 1) % LINES_MAX_ASKED;
	lines->n_asked--;
	turns_done(lines->turns, waiting);
	note_oldest(lines);
	return r;
}

static int
take_answers(struct lines *lines, struct worker *worker)
{
	struct span line;
	int r = program_read(&lines->program), error = r;

	for (r = 0; r == 0 && program_take_line(&lines->program, &line);)
		r = take_answer(lines, worker, line);
	if (r == 0 && program_rest(&lines->program) > ANSWER_MAX_BYTES)
		return break_off(lines, "its line has no end", SPAN_EMPTY);
	if (r == 0 && error == -EPIPE)
		return say_end(lines);
	return r < 0 ? r : error;
}

/* Has the loop wake us when the program reads on, while it does not. */
static int
watch_writing(struct lines *lines)
{
	bool wanted = program_has_unsent(&lines->program);
	int r = 0;

	if (wanted == lines->waits_to_write)
		return 0;
	lines->waits_to_write = wanted;
	if (wanted)
		r = watch(lines, lines->program.in, EPOLLOUT);
	else if (epoll_ctl(lines->remote.fd, EPOLL_CTL_DEL, lines->program.in, NULL) < 0)
		r = -errno;
	return r;
}

static int
work(struct remote *remote, struct worker *worker)
{
	struct lines *lines = lines_of(remote);
	int r = take_answers(lines, worker);

	if (r == 0)
		r = ask_more(lines, worker);
	if (r == 0)
		r = program_write(&lines->program);
	if (r == -EPIPE)
		return say_end(lines);
	remote->busy = lines->n_asked > 0;
	return r < 0 ? r : watch_writing(lines);
}
