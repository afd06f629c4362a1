#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/bridge/guard.h"

enum { EXIT_NOT_RUN = 127 /* as the shell has it */ };

/* In a new process, which has to go when its parent does. */
static void
follow(pid_t parent, int signal)
{
	prctl(PR_SET_PDEATHSIG, signal);
	if (getppid() != parent)
		_exit(EXIT_NOT_RUN);
}

static void
become(const char *command, int in, int out, pid_t parent)
{
	sigset_t none;

	follow(parent, SIGKILL);
	setpgid(0, 0);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("TINA4_HANDLER", "lines", true); /* who can be asked in other ways, too, knows so */
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(EXIT_NOT_RUN);
}

/* Ends as another process did. */
static void
end_like(int wait_status)
{
	const struct rlimit none = { 0, 0 };
	sigset_t set;

	if (WIFEXITED(wait_status))
		_exit(WEXITSTATUS(wait_status));
	setrlimit(RLIMIT_CORE, &none); /* it has left one, if any */
	signal(WTERMSIG(wait_status), SIG_DFL);
	sigfillset(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), WTERMSIG(wait_status));
	_exit(EXIT_FAILURE);
}

/* Until the program ends, or has to. */
static void
watch(pid_t program, const sigset_t *awaited)
{
	int status = 0, signal;

	while (waitpid(program, &status, WNOHANG) == 0)
		if (sigwait(awaited, &signal) == 0 && signal == SIGTERM)
			kill(-program, SIGKILL);
	kill(-program, SIGKILL); /* also what it has started */
	end_like(status);
}

static void
guard(const char *command, int in, int out, pid_t parent)
{
	pid_t self = getpid(), program;
	sigset_t awaited;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	follow(parent, SIGTERM);
	program = fork();
	if (program == 0)
		become(command, in, out, self);
	if (program < 0)
		_exit(EXIT_NOT_RUN);
	setpgid(program, program); /* it does so, too: whoever is first */
	closefrom(STDERR_FILENO + 1);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	watch(program, &awaited);
}

int
guard_start(const char *command, int in, int out, pid_t *ret)
{
	pid_t self = getpid(), pid = fork();

	if (pid == 0)
		guard(command, in, out, self);
	if (pid < 0)
		return -errno;
	*ret = pid;
	return 0;
}
