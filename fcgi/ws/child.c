#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/ws/child.h"
#include "fcgi/ws/hand.h"
#include "fcgi/ws/verdict.h"
#include "shared/log.h"

enum { EXIT_NOT_RUN = 127 }; /* as the shell has it */

/* --- starting ---------------------------------------------------------------------- */

/* True for a variable that is the supervisor's alone: it is the one that systemd watches. */
static bool
is_own(const char *variable)
{
	static const char *const own[] = { "NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC=", HAND_VARIABLE "=" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strncmp(variable, own[i], strlen(own[i])) == 0)
			return true;
	return false;
}

/* Returns the environment with the page's descriptor in it, for free(), or NULL. The strings are borrowed. */
static char **
environment_with(char *page)
{
	size_t n = 0, kept = 0;
	char **ret;

	while (environ[n] != NULL)
		n++;
	ret = malloc((n + 2) * sizeof(*ret));
	if (ret == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!is_own(environ[i]))
			ret[kept++] = environ[i];
	ret[kept++] = page;
	ret[kept] = NULL;
	return ret;
}

/* In the new process, which has one thread of a program with several: only what is safe in a handler of signals. */
static void
become(const struct child_program *program, char *const *environment, int page_fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* without its supervisor it stops, too */
	if (getppid() != parent)
		_exit(EXIT_NOT_RUN);
	fcntl(page_fd, F_SETFD, 0);
	sigprocmask(SIG_SETMASK, program->blocked, NULL);
	execve(program->path, program->argv, environment);
	_exit(EXIT_NOT_RUN);
}

static int
start(const struct child_program *program, int page_fd, pid_t *ret)
{
	char page[sizeof(HAND_VARIABLE) + 16];
	char **environment;
	pid_t self = getpid(), pid;
	int r;

	snprintf(page, sizeof(page), "%s=%d", HAND_VARIABLE, page_fd);
	environment = environment_with(page);
	if (environment == NULL)
		return -ENOMEM;
	pid = fork();
	if (pid == 0)
		become(program, environment, page_fd, self);
	r = pid < 0 ? -errno : 0;
	free(environment);
	if (r == 0)
		*ret = pid;
	return r;
}

int
child_start(struct child *child, const struct child_program *program, const struct wire_watch *watch)
{
	struct child started = { .number = watch->worker };
	int fd, r;

	r = hand_new(&started.hand, &fd, watch);
	if (r < 0)
		return r;
	r = start(program, fd, &started.pid);
	close(fd);
	if (r < 0) {
		hand_free(started.hand);
		return r;
	}
	log_info("worker process started pid=%d", (int)started.pid);
	*child = started;
	return 0;
}

/* --- while it runs -------------------------------------------------------------------- */

void
child_stop(struct child *child, int64_t kill_ms)
{
	if (child->pid == 0 || child->kill_ms != 0)
		return;
	child->kill_ms = kill_ms;
	kill(child->pid, SIGTERM);
}

void
child_kill(struct child *child)
{
	if (child->pid != 0)
		kill(child->pid, SIGKILL);
}

static bool
is_silent(const struct child *child, int64_t back_ms, int64_t now_ms)
{
	int64_t turned_ms = atomic_load_explicit(&child->hand->turned_ms, memory_order_relaxed);

	return child->ready_ms != 0 && verdict_is_overdue(turned_ms, back_ms, now_ms, child->hand->worker_timeout_s);
}

static void
end_handler(struct child *child, const struct wire_delivery *over)
{
	char conn[WIRE_ID_HEX];

	wire_id_format(&over->conn, conn);
	log_error("handler took too long conn=%s id=%" PRIu64 " pid=%d TINA4_HANDLER_TIMEOUT=%" PRIu32, conn,
	    over->event, (int)child->pid, child->hand->handler_timeout_s);
	child->overdue = true;
	child->over = *over;
	child_kill(child);
}

void
child_look(struct child *child, int64_t back_ms, int64_t now_ms)
{
	struct wire_delivery over;
	int64_t since_ms;

	if (child->pid == 0 || child->overdue)
		return;
	if (child->ready_ms == 0 && child_was_ready(child))
		child->ready_ms = now_ms;
	if (hand_look(child->hand, &over, &since_ms)) {
		if (verdict_is_overdue(since_ms, back_ms, now_ms, child->hand->handler_timeout_s))
			end_handler(child, &over);
	} else if (is_silent(child, back_ms, now_ms)) {
		log_error("worker process hangs pid=%d TINA4_WORKER_TIMEOUT=%" PRIu32, (int)child->pid,
		    child->hand->worker_timeout_s);
		child_kill(child);
	}
	if (child->kill_ms != 0 && now_ms >= child->kill_ms)
		child_kill(child);
}

bool
child_is_busy(const struct child *child, int64_t *ret_since_ms)
{
	struct wire_delivery over;

	return child->pid != 0 && hand_look(child->hand, &over, ret_since_ms);
}

/* --- its end ------------------------------------------------------------------------------ */

bool
child_has_ended(const struct child *child, int *ret_wait_status)
{
	return child->pid != 0 && waitpid(child->pid, ret_wait_status, WNOHANG) == child->pid;
}

bool
child_was_ready(const struct child *child)
{
	return atomic_load(&child->hand->ready);
}

static bool
is_same(const struct wire_delivery *a, const struct wire_delivery *b)
{
	return a->epoch == b->epoch && a->event == b->event && a->attempt == b->attempt;
}

struct wire_death
child_death(const struct child *child, int wait_status)
{
	struct wire_death death = { .worker = child->number };
	int64_t since_ms;

	if (!hand_look(child->hand, &death.over, &since_ms))
		return death;
	death.blames = verdict_is_own_doing(wait_status) || (child->overdue && is_same(&child->over, &death.over));
	if (!death.blames)
		death.over = (struct wire_delivery){ 0 };
	return death;
}

void
child_forget(struct child *child)
{
	hand_free(child->hand);
	*child = (struct child){ 0 };
}
