#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/signals.h"
#include "fcgi/ws/change.h"
#include "fcgi/ws/child.h"
#include "fcgi/ws/link.h"
#include "fcgi/ws/supervisor.h"
#include "fcgi/ws/verdict.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "shared/notify.h"

enum {
	SOON_MS = 20,    /* between two looks while something is under way ... */
	BUSY_MS = 500,   /* ... while a handler runs ... */
	CALM_MS = 1000,  /* ... and else */
	GRACE_MS = 1000, /* for what a worker does after TINA4_STOP_SECONDS */
};

/* One of the workers that there are to be. */
struct slot {
	struct child child;
	struct child next; /* its successor, while it gets ready */
	unsigned deaths;   /* in a row */
	int64_t start_ms;  /* when the next one is due, while there is none */
};

struct supervisor {
	struct tina4_app *app;
	struct link *link;
	struct notify notify;
	struct child_program program;
	char path[PATH_MAX];
	sigset_t blocked;
	struct wire_watch watch; /* of the worker that was started last */
	int signals;             /* a signalfd(2) */

	struct slot slots[SUPERVISOR_MAX_WORKERS];
	unsigned n;
	unsigned reload; /* the slot whose turn it is; n: none */
	bool again;      /* a reload was asked for during a reload */
	struct change change;

	int64_t looked_ms;
	int64_t back_ms; /* when it looked again after it had been away */
	bool proven;     /* a worker has been ready */
	bool told_ready;
	bool stopping;
	int status;
};

/* --- opening ------------------------------------------------------------------------ */

/*
 * Finds what to start: what the program was called by, so that a link that is set
 * anew leads to the new program. Where that is another file, it is the one that runs.
 */
static int
find_program(char path[static PATH_MAX], const char *name)
{
	static const char self[] = "/proc/self/exe";
	struct stat running, named;
	char folder[PATH_MAX];
	ssize_t len;
	int n = -1;

	if (name[0] == '/')
		n = snprintf(path, PATH_MAX, "%s", name);
	else if (strchr(name, '/') != NULL && getcwd(folder, sizeof(folder)) != NULL)
		n = snprintf(path, PATH_MAX, "%s/%s", folder, name);
	if (stat(self, &running) < 0)
		return -errno;
	if (n > 0 && n < PATH_MAX && stat(path, &named) == 0 && named.st_dev == running.st_dev &&
	    named.st_ino == running.st_ino)
		return 0;
	len = readlink(self, path, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	return 0;
}

static unsigned
count_workers(const struct conf *conf)
{
	cpu_set_t cores;
	long n = strtol(conf->workers, NULL, 10);

	if (strcmp(conf->workers, "auto") == 0)
		n = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;
	return n < SUPERVISOR_MAX_WORKERS ? (unsigned)n : SUPERVISOR_MAX_WORKERS;
}

static int
open_supervisor(struct supervisor *supervisor, char **argv)
{
	int r;

	sigprocmask(SIG_BLOCK, NULL, &supervisor->blocked);
	supervisor->signals = r = signals_open_parent();
	if (r < 0)
		return r;
	r = find_program(supervisor->path, argv[0]);
	if (r < 0)
		return r;
	supervisor->program = (struct child_program){ supervisor->path, argv, &supervisor->blocked };
	r = wire_id_random(&supervisor->watch.supervisor);
	if (r < 0)
		return r;
	return link_new(&supervisor->link, supervisor->app, WIRE_ROLE_SUPERVISOR, &supervisor->watch);
}

static void
close_supervisor(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->n; i++) {
		child_forget(&supervisor->slots[i].child);
		child_forget(&supervisor->slots[i].next);
	}
	if (supervisor->link != NULL)
		link_bye(supervisor->link);
	link_free(supervisor->link);
	if (supervisor->signals >= 0)
		close(supervisor->signals);
	notify_close(&supervisor->notify);
}

/* --- starting and stopping ------------------------------------------------------------ */

static bool
start(struct supervisor *supervisor, struct child *child)
{
	int r;

	supervisor->watch.worker++;
	r = child_start(child, &supervisor->program, &supervisor->watch);
	if (r < 0)
		log_error("worker process not started error=%s", strerror(-r));
	return r == 0;
}

static void
stop_all(struct supervisor *supervisor, int64_t now_ms)
{
	int64_t kill_ms = now_ms + 1000 * (int64_t)supervisor->app->conf.stop_seconds + GRACE_MS;

	if (!supervisor->stopping)
		notify_stopping(&supervisor->notify, "finishing what has begun");
	supervisor->stopping = true;
	for (unsigned i = 0; i < supervisor->n; i++) {
		child_stop(&supervisor->slots[i].child, kill_ms);
		child_stop(&supervisor->slots[i].next, kill_ms);
	}
}

static void
kill_all(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->n; i++) {
		child_kill(&supervisor->slots[i].child);
		child_kill(&supervisor->slots[i].next);
	}
}

/* Starts those that are due. */
static void
start_due(struct supervisor *supervisor, int64_t now_ms)
{
	for (unsigned i = 0; i < supervisor->n; i++) {
		struct slot *slot = &supervisor->slots[i];

		if (slot->child.pid == 0 && now_ms >= slot->start_ms && !start(supervisor, &slot->child))
			slot->start_ms = now_ms + VERDICT_MAX_DELAY_MS;
	}
}

/* --- a reload ------------------------------------------------------------------------------ */

/* why it failed, or NULL. What was asked for meanwhile begins now. */
static void
end_reload(struct supervisor *supervisor, const char *why)
{
	supervisor->reload = supervisor->again ? 0 : supervisor->n;
	if (why != NULL)
		log_error("workers not replaced why=%s", why);
	else
		log_info("workers replaced");
	if (!supervisor->again)
		notify_ready(&supervisor->notify, NULL);
	supervisor->again = false;
}

static void
begin_reload(struct supervisor *supervisor)
{
	if (supervisor->reload < supervisor->n) {
		supervisor->again = true;
		return;
	}
	log_info("replacing the workers");
	notify_reloading(&supervisor->notify);
	supervisor->reload = 0;
}

/* Each gets a successor; when that is ready it stops, and then it is the next one's turn. */
static void
advance_reload(struct supervisor *supervisor, int64_t now_ms)
{
	struct slot *slot = &supervisor->slots[supervisor->reload];

	if (slot->child.pid == 0 || (slot->child.ready_ms == 0 && slot->child.kill_ms == 0))
		return; /* it has just been started, or is about to be */
	if (slot->next.pid == 0) {
		if (!start(supervisor, &slot->next))
			end_reload(supervisor, "it cannot be started");
		return;
	}
	if (slot->next.ready_ms != 0)
		child_stop(&slot->child, now_ms + 1000 * (int64_t)supervisor->app->conf.stop_seconds + GRACE_MS);
}

/* The slot whose turn it was has its successor. */
static void
next_turn(struct supervisor *supervisor)
{
	if (++supervisor->reload == supervisor->n)
		end_reload(supervisor, NULL);
}

/* --- one that has ended ----------------------------------------------------------------- */

static void
tell_death(struct supervisor *supervisor, const struct wire_death *death)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, WIRE_DEATH, 0);
	wire_put_death(&message, death);
	link_send(supervisor->link, &message); /* a sidecar that is away has forgotten its events */
	buf_free(&message);
}

static void
log_end(const struct child *child, int wait_status, const struct wire_death *death)
{
	char how[VERDICT_TEXT], conn[WIRE_ID_HEX];

	verdict_describe(wait_status, how);
	if (child->kill_ms != 0 && wait_status == 0) {
		log_info("worker process stopped pid=%d", (int)child->pid);
		return;
	}
	if (!death->blames) {
		log_error("worker process ended pid=%d how=%s", (int)child->pid, how);
		return;
	}
	wire_id_format(&death->over.conn, conn);
	log_error("worker process died over an event pid=%d how=%s conn=%s id=%" PRIu64 " attempt=%u", (int)child->pid,
	    how, conn, death->over.event, death->over.attempt);
}

/* A program that fails before one of its workers has ever served is wrong: whoever started it must see that. */
static void
give_up(struct supervisor *supervisor, int wait_status, int64_t now_ms)
{
	supervisor->status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EXIT_FAILURE;
	stop_all(supervisor, now_ms);
}

/* The one that serves has ended: its successor, if there is one, takes its place. */
static void
replace(struct supervisor *supervisor, struct slot *slot, bool served, int64_t now_ms)
{
	slot->child = slot->next;
	slot->next = (struct child){ 0 };
	slot->deaths = served ? 1 : slot->deaths + 1;
	slot->start_ms = now_ms + verdict_delay_ms(slot->deaths);
	if (slot->child.pid != 0 && !supervisor->stopping)
		next_turn(supervisor); /* only a reload makes a successor */
}

static void
take_end(struct supervisor *supervisor, struct slot *slot, struct child *child, int wait_status, int64_t now_ms)
{
	struct wire_death death = child_death(child, wait_status);
	bool served = child->ready_ms != 0 && now_ms - child->ready_ms >= VERDICT_STEADY_MS;
	bool asked = child->kill_ms != 0, was_next = child == &slot->next;

	supervisor->proven |= child_was_ready(child);
	log_end(child, wait_status, &death);
	tell_death(supervisor, &death);
	child_forget(child);
	if (!supervisor->proven && !supervisor->stopping && verdict_is_own_doing(wait_status))
		give_up(supervisor, wait_status, now_ms);
	else if (was_next && !supervisor->stopping)
		end_reload(supervisor, "the new one has ended");
	else if (!was_next)
		replace(supervisor, slot, served || asked, now_ms);
}

/* --- the loop ----------------------------------------------------------------------------- */

static void
take_signals(struct supervisor *supervisor, int64_t now_ms)
{
	struct signalfd_siginfo info;

	while (read(supervisor->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue; /* they are looked at in each turn */
		if (info.ssi_signo == SIGHUP) {
			if (!supervisor->stopping)
				begin_reload(supervisor);
			continue;
		}
		log_info("supervisor stopping signal=%u", info.ssi_signo);
		if (supervisor->stopping)
			kill_all(supervisor); /* asked twice */
		stop_all(supervisor, now_ms);
	}
}

static void
reap(struct supervisor *supervisor, int64_t now_ms)
{
	int wait_status;

	for (unsigned i = 0; i < supervisor->n; i++) {
		struct slot *slot = &supervisor->slots[i];

		/* The successor first: it may be about to take the place of the other. */
		if (child_has_ended(&slot->next, &wait_status))
			take_end(supervisor, slot, &slot->next, wait_status, now_ms);
		if (child_has_ended(&slot->child, &wait_status))
			take_end(supervisor, slot, &slot->child, wait_status, now_ms);
	}
}

static void
tell_ready(struct supervisor *supervisor)
{
	char text[32];

	supervisor->told_ready = true;
	snprintf(text, sizeof(text), "workers: %u", supervisor->n);
	notify_ready(&supervisor->notify, text);
	log_info("workers started n=%u", supervisor->n);
}

static void
look(struct supervisor *supervisor, int64_t now_ms)
{
	unsigned n_ready = 0;

	if (now_ms - supervisor->looked_ms >= VERDICT_AWAY_MS)
		supervisor->back_ms = now_ms;
	supervisor->looked_ms = now_ms;
	for (unsigned i = 0; i < supervisor->n; i++) {
		struct slot *slot = &supervisor->slots[i];

		child_look(&slot->child, supervisor->back_ms, now_ms);
		child_look(&slot->next, supervisor->back_ms, now_ms);
		n_ready += slot->child.ready_ms != 0;
	}
	supervisor->proven |= n_ready > 0;
	if (n_ready == supervisor->n && !supervisor->told_ready)
		tell_ready(supervisor);
}

/* Returns true when the child has had its event in hand for a moment, so that it may not have said anything meanwhile.
 */
static bool
vouch(struct buf *message, const struct child *child, int64_t now_ms)
{
	int64_t since_ms;

	if (!child_is_busy(child, &since_ms) || now_ms - since_ms < BUSY_MS)
		return false;
	buf_u32(message, child->number);
	return true;
}

/* The sidecar takes who is silent for hung: not those whose handler runs, for we see to these. */
static void
vouch_for_all(struct supervisor *supervisor, int64_t now_ms)
{
	struct buf message = BUF_INIT;
	bool any = false;

	wire_put_header(&message, WIRE_HEARTBEAT, 0);
	for (unsigned i = 0; i < supervisor->n; i++) {
		any |= vouch(&message, &supervisor->slots[i].child, now_ms);
		any |= vouch(&message, &supervisor->slots[i].next, now_ms);
	}
	if (any)
		link_send(supervisor->link, &message);
	buf_free(&message);
}

static bool
is_over(const struct supervisor *supervisor)
{
	if (!supervisor->stopping)
		return false;
	for (unsigned i = 0; i < supervisor->n; i++)
		if (supervisor->slots[i].child.pid != 0 || supervisor->slots[i].next.pid != 0)
			return false;
	return true;
}

static int64_t
wait_ms(const struct supervisor *supervisor)
{
	int64_t ms = CALM_MS, since_ms;

	if (supervisor->stopping || !supervisor->told_ready || supervisor->reload < supervisor->n)
		return SOON_MS;
	for (unsigned i = 0; i < supervisor->n; i++) {
		const struct child *child = &supervisor->slots[i].child;

		if (child->pid == 0 || child->ready_ms == 0)
			return SOON_MS;
		if (child_is_busy(child, &since_ms))
			ms = BUSY_MS;
	}
	return ms;
}

/* The link does all there is to do about a message. */
static int
drain(struct link *link)
{
	struct bus_message message;
	struct wire_header header;
	struct wire_reader body;
	int r;

	while ((r = link_recv(link, &message, &header, &body)) == 0)
		bus_message_close(&message);
	return r == -EAGAIN ? 0 : r;
}

static int
turn(struct supervisor *supervisor)
{
	int64_t now_ms;
	int r;

	r = link_wait(supervisor->link, supervisor->signals, wait_ms(supervisor));
	if (r >= 0)
		r = drain(supervisor->link);
	now_ms = clock_ms();
	take_signals(supervisor, now_ms);
	reap(supervisor, now_ms);
	look(supervisor, now_ms);
	if (!supervisor->stopping)
		start_due(supervisor, now_ms);
	if (!supervisor->stopping && change_look(&supervisor->change, now_ms))
		begin_reload(supervisor);
	if (!supervisor->stopping && supervisor->reload < supervisor->n)
		advance_reload(supervisor, now_ms);
	vouch_for_all(supervisor, now_ms);
	notify_tick(&supervisor->notify, (uint64_t)now_ms);
	return r;
}

static int
run(struct supervisor *supervisor, char **argv)
{
	int r = open_supervisor(supervisor, argv);

	supervisor->looked_ms = clock_ms();
	while (r == 0 && !is_over(supervisor))
		r = turn(supervisor);
	if (r < 0) {
		log_error("supervisor failed error=%s", strerror(-r));
		supervisor->status = EXIT_FAILURE;
	}
	close_supervisor(supervisor);
	return supervisor->status;
}

int
supervisor_run(struct tina4_app *app, char **argv)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	int status;

	if (supervisor == NULL) {
		log_error("supervisor failed error=%s", strerror(ENOMEM));
		return EXIT_FAILURE;
	}
	supervisor->app = app;
	supervisor->signals = -1;
	supervisor->reload = supervisor->n = count_workers(&app->conf);
	change_open(&supervisor->change, app->watched);
	notify_open(&supervisor->notify);
	status = run(supervisor, argv);
	free(supervisor);
	return status;
}
