#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sidecar/edge/descriptors.h"

/* The process has one file limit. libzmq's thread reads it. */
static unsigned file_limit = INT_MAX;

void
descriptors_set_limit(unsigned limit)
{
	file_limit = limit < INT_MAX ? limit : INT_MAX;
}

unsigned
descriptors_beside_clients(void)
{
	unsigned bus = file_limit / 4 < DESCRIPTORS_BUS ? file_limit / 4 : DESCRIPTORS_BUS;

	return DESCRIPTORS_OWN + DESCRIPTORS_ADMIN + bus;
}

unsigned
descriptors_beside_admins(void)
{
	return DESCRIPTORS_OWN;
}

/* The kernel gives out the lowest that is free: so many are in use at least. */
static unsigned
lowest_free(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return errno == EBADF ? 0 : INT_MAX;
	close(fd);
	return (unsigned)fd;
}

unsigned
descriptors_spare(unsigned rest)
{
	unsigned long taken = lowest_free() + (unsigned long)rest;

	return taken < file_limit ? (unsigned)(file_limit - taken) : 0;
}

/* --- in the place of libc's ----------------------------------------------------------------- */

int descriptors_accept(int fd, void *address, socklen_t *len) __asm__("accept");
int descriptors_accept4(int fd, void *address, socklen_t *len, int flags) __asm__("accept4");

int __attribute__((used, visibility("default"))) descriptors_accept4(int fd, void *address, socklen_t *len, int flags)
{
	int new = (int)syscall(SYS_accept4, fd, address, len, flags);

	if (new < 0 || (unsigned)new + DESCRIPTORS_OWN + DESCRIPTORS_ADMIN < file_limit)
		return new;
	close(new);
	errno = ECONNABORTED;
	return -1;
}

int __attribute__((used, visibility("default"))) descriptors_accept(int fd, void *address, socklen_t *len)
{
	return descriptors_accept4(fd, address, len, 0);
}
