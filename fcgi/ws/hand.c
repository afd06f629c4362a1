#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/ws/hand.h"

static int
map(struct hand **ret, int fd)
{
	void *page = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return -errno;
	*ret = page;
	return 0;
}

int
hand_new(struct hand **ret, int *ret_fd, const struct wire_watch *watch)
{
	int fd = memfd_create("tina4-worker", MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = ftruncate(fd, sizeof(**ret)) < 0 ? -errno : map(ret, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	(*ret)->version = HAND_VERSION;
	(*ret)->watch = *watch;
	*ret_fd = fd;
	return 0;
}

void
hand_free(struct hand *hand)
{
	if (hand != NULL)
		munmap(hand, sizeof(*hand));
}

/* A descriptor of that number may be anything: the name was passed on by a program in between. */
static int
adopt(struct hand **ret, int fd)
{
	struct hand *hand = NULL;
	struct stat stat;
	int r;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode) || stat.st_size < (off_t)sizeof(hand->version))
		return -EPROTO;
	if (stat.st_size != (off_t)sizeof(*hand))
		return -EPROTONOSUPPORT;
	r = map(&hand, fd);
	if (r < 0)
		return r;
	if (hand->version != HAND_VERSION) {
		hand_free(hand);
		return -EPROTONOSUPPORT;
	}
	*ret = hand;
	return 0;
}

int
hand_adopt(struct hand **ret)
{
	const char *name = getenv(HAND_VARIABLE);
	int fd, r;

	if (name == NULL)
		return -ENOENT;
	fd = atoi(name);
	unsetenv(HAND_VARIABLE);
	r = fd > STDERR_FILENO ? adopt(ret, fd) : -EPROTO;
	if (r == 0)
		close(fd);
	return r;
}

bool
hand_look(const struct hand *hand, struct wire_delivery *ret, int64_t *ret_since_ms)
{
	uint64_t event = atomic_load_explicit(&hand->event, memory_order_acquire);

	if (event == 0)
		return false;
	*ret = (struct wire_delivery){ hand->conn, hand->epoch, event, hand->attempt };
	*ret_since_ms = hand->since_ms;
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&hand->event, memory_order_relaxed) == event;
}
