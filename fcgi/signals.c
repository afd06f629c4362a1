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

int
signals_open(void)
{
	sigset_t set = asking_to_stop();
	int fd;

	signals_block();
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
