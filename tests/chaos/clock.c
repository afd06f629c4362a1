/*
 * clock - moves the wall clock of the programs that are started with it.
 *
 * It is preloaded, and adds to the time of day as many seconds as the file that
 * CHAOS_CLOCK names holds, at any moment anew: a number of 64 bits, in the
 * machine's own order. The monotonic clock does not jump, as on a real machine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void
open_shift(void)
{
	const char *path = getenv("CHAOS_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page;

	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
	if (page != MAP_FAILED)
		shift = page;
	close(fd);
}

static time_t
shifted(time_t seconds)
{
	return shift != NULL ? seconds + (time_t)*shift : seconds;
}

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec = shifted(ret->tv_sec);
	return r;
}

int
gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	int r = (int)syscall(SYS_gettimeofday, ret, zone);

	if (r == 0)
		ret->tv_sec = shifted(ret->tv_sec);
	return r;
}

time_t
time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}
