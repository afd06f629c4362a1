#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/writeall.h"
#include "tests/tap.h"

enum { MANY = 1 << 20 }; /* more than a pipe holds */

static char sent[MANY], received[MANY];

static void *
read_slowly(void *fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(*(int *)fd, received + len, len < 4096 ? 1 : sizeof(received) - len)) > 0)
		len += (size_t)n;
	return NULL;
}

static void
all_of_it_arrives(void)
{
	pthread_t reader;
	int fds[2], r;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31);
	if (pipe(fds) < 0)
		abort();
	pthread_create(&reader, NULL, read_slowly, &fds[0]);
	r = writeall(fds[1], sent, sizeof(sent));
	close(fds[1]);
	pthread_join(reader, NULL);
	close(fds[0]);
	OK(r == 0 && memcmp(sent, received, sizeof(sent)) == 0, "what the kernel takes in parts arrives whole");
}

static void
errors_are_told(void)
{
	int fds[2];

	OK(writeall(-1, "x", 1) == -EBADF, "a wrong descriptor is told");
	OK(writeall(-1, "", 0) == 0, "nothing needs no descriptor");
	if (pipe(fds) < 0)
		abort();
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	OK(writeall(fds[1], "x", 1) == -EPIPE, "and so is a reader that has gone");
	close(fds[1]);
}

int
main(void)
{
	all_of_it_arrives();
	errors_are_told();
	return tap_done();
}
