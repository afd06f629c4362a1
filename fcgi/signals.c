#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "fcgi/signals.h"

static sigset_t
asking_to_stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

void
signals_block(void)
{
	sigset_t set = asking_to_stop();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int
open_set(const sigset_t *set)
{
	int fd;

	pthread_sigmask(SIG_BLOCK, set, NULL);
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int
signals_open(void)
{
	sigset_t set = asking_to_stop();

	return open_set(&set);
}

int
signals_open_parent(void)
{
	sigset_t set = asking_to_stop();

	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL); /* ignored, children would leave no status */
	return open_set(&set);
}
