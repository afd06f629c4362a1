#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fcgi/http/connections.h"
#include "shared/clock.h"
#include "shared/log.h"

enum {
	SOURCES = 4,    /* that a thread waits for: the stop, new ones, those that are left, its own */
	RETRY_MS = 100, /* when the process has no descriptor left */
};

int
connections_open(struct connections *ret, int listen_fd)
{
	int r;

	*ret = (struct connections){ .listen_fd = listen_fd, .left_fd = -1 };
	ret->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (ret->stop_fd < 0)
		return -errno;
	ret->left_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ret->left_fd < 0) {
		r = -errno;
		close(ret->stop_fd);
		return r;
	}
	return 0;
}

void
connections_stop(struct connections *connections)
{
	atomic_store(&connections->stopping, true);
	eventfd_write(connections->stop_fd, 1);
}

void
connections_close(struct connections *connections)
{
	close(connections->left_fd);
	close(connections->stop_fd);
}

static int
watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int
seat_open(struct seat *ret, struct connections *connections)
{
	int r;

	*ret = (struct seat){ .connections = connections, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	if (ret->epoll_fd < 0)
		return -errno;
	r = watch(ret->epoll_fd, connections->stop_fd, EPOLLIN);
	if (r == 0) /* of all threads and processes that wait for one, the kernel wakes one */
		r = watch(ret->epoll_fd, connections->listen_fd, EPOLLIN | EPOLLEXCLUSIVE);
	if (r == 0)
		r = watch(ret->epoll_fd, connections->left_fd, EPOLLIN);
	if (r < 0)
		seat_close(ret);
	return r;
}

void
seat_close(struct seat *seat)
{
	close(seat->epoll_fd);
}

/* --- new ones -------------------------------------------------------------------- */

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void
set_timeouts(int fd)
{
	struct timeval timeout = { .tv_sec = CONNECTIONS_PEER_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

/* Returns a new connection, or -1 when there is none: the web server has gone, or another process was faster. */
static int
accept_one(const struct connections *connections)
{
	struct pollfd stop = { .fd = connections->stop_fd, .events = POLLIN };
	int fd = accept4(connections->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		set_timeouts(fd);
	else if (is_shortage(errno)) {
		log_limited(LOG_LEVEL_WARN, "connection not accepted error=%s", strerror(errno));
		poll(&stop, 1, RETRY_MS);
	}
	return fd;
}

static bool
speaks_soon(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	return poll(&polled, 1, CONNECTIONS_FIRST_MS) > 0;
}

/* --- idle ones --------------------------------------------------------------------- */

/* Leaves an idle one to whoever comes first once it speaks. */
static void
leave(struct seat *seat, int fd)
{
	struct connections *connections = seat->connections;

	epoll_ctl(seat->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	if (atomic_fetch_add(&connections->n_left, 1) < CONNECTIONS_LEFT &&
	    watch(connections->left_fd, fd, EPOLLIN | EPOLLONESHOT) == 0)
		return;
	atomic_fetch_sub(&connections->n_left, 1);
	close(fd);
}

/* Takes one that speaks, or -1 when another thread was faster. */
static int
take_left(struct connections *connections)
{
	struct epoll_event event;

	if (epoll_wait(connections->left_fd, &event, 1, 0) != 1)
		return -1;
	epoll_ctl(connections->left_fd, EPOLL_CTL_DEL, event.data.fd, NULL);
	atomic_fetch_sub(&connections->n_left, 1);
	return event.data.fd;
}

/* --- waiting -------------------------------------------------------------------------- */

/* What there is to do. */
struct work {
	bool stop, broken; /* the listening socket is */
	bool new, left, kept;
};

static void
wait_for_work(const struct seat *seat, int kept, struct work *ret)
{
	const struct connections *connections = seat->connections;
	struct epoll_event events[SOURCES];
	int n;

	do
		n = epoll_wait(seat->epoll_fd, events, SOURCES, -1);
	while (n < 0 && errno == EINTR);
	*ret = (struct work){ .stop = n < 0 };
	for (int i = 0; i < n; i++) {
		int fd = events[i].data.fd;

		ret->stop |= fd == connections->stop_fd;
		ret->new |= fd == connections->listen_fd;
		ret->broken |= fd == connections->listen_fd && (events[i].events & EPOLLHUP);
		ret->left |= fd == connections->left_fd;
		ret->kept |= fd == kept;
	}
}

/* A new one whose request does not come at once is waited for as an idle one is. */
static int
take_new(struct seat *seat, int *kept)
{
	int fd = accept_one(seat->connections);

	if (fd < 0)
		return -1;
	if (*kept >= 0)
		leave(seat, *kept);
	*kept = -1;
	if (speaks_soon(fd))
		return fd;
	if (watch(seat->epoll_fd, fd, EPOLLIN) < 0)
		close(fd);
	else
		*kept = fd;
	return -1;
}

/* Others come first: what is kept has just been served. Returns -1 when nobody speaks. */
static int
choose(struct seat *seat, const struct work *work, int *kept)
{
	int fd = -1;

	if (work->left)
		fd = take_left(seat->connections);
	if (fd >= 0) {
		if (*kept >= 0)
			leave(seat, *kept);
		return fd;
	}
	if (work->new)
		fd = take_new(seat, kept);
	return fd < 0 && work->kept ? *kept : fd;
}

int
seat_wait(struct seat *seat, int kept)
{
	struct work work = { .new = kept < 0 }; /* most likely more has come meanwhile */
	int fd, r = kept < 0 ? 0 : watch(seat->epoll_fd, kept, EPOLLIN);

	if (r < 0 && r != -EEXIST) {
		close(kept);
		kept = -1;
	}
	for (;;) {
		if (work.stop || atomic_load(&seat->connections->stopping)) {
			if (kept >= 0)
				close(kept);
			return -ECANCELED;
		}
		fd = choose(seat, &work, &kept);
		if (fd >= 0)
			return fd;
		wait_for_work(seat, kept, &work);
		if (work.broken)
			return -EPIPE;
	}
}

/* --- in mid-request ---------------------------------------------------------------------- */

int
connections_wait(const struct connections *connections, int fd, int ms)
{
	struct pollfd polled[] = { { .fd = fd, .events = POLLIN | POLLRDHUP },
		{ .fd = connections->stop_fd, .events = POLLIN } };
	int64_t end = clock_ms() + ms, left = ms;
	int n;

	do {
		n = poll(polled, 2, (int)left);
		left = end - clock_ms();
	} while (n < 0 && errno == EINTR && left >= 0);
	if (n <= 0)
		return 0;
	return polled[0].revents != 0 ? -EPIPE : -ECANCELED;
}
