#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/list.h"
#include "shared/listener.h"
#include "shared/log.h"
#include "sidecar/edge/acceptor.h"
#include "sidecar/edge/descriptors.h"

enum {
	ADDRESS_MAX = 256,
	FIRST_PASSED_FD = 3, /* sd_listen_fds(3) */
};

struct acceptor {
	uv_poll_t poll;
	struct listener listener;
	struct acceptor_taker taker;
	bool told; /* the log has a line about connections that wait */
	struct acceptor *prev, *next;
};

static void
peer_address(const struct sockaddr_storage *from, char ret[static INET6_ADDRSTRLEN])
{
	ret[0] = '\0';
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, ret, INET6_ADDRSTRLEN);
	else if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, ret, INET6_ADDRSTRLEN);
}

/* The connection that could not be taken would wake us for ever. */
static void
rest(struct acceptor *acceptor, int error)
{
	if (!acceptor->told)
		log_warn("connections wait error=%s", strerror(error));
	acceptor->told = true;
	uv_poll_stop(&acceptor->poll);
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
	struct acceptor *acceptor = poll->data;
	unsigned spare = descriptors_spare(acceptor->taker.rest);
	char ip[INET6_ADDRSTRLEN];

	(void)status;
	(void)events;
	if (spare == 0)
		rest(acceptor, EMFILE);
	for (unsigned i = 0; i < ACCEPTOR_BUDGET && i < spare; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		/* Not accept4(), whose rules are for the bus: see descriptors.h. */
		int fd = (int)syscall(SYS_accept4, acceptor->listener.fd, &from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				rest(acceptor, errno);
			return;
		}
		acceptor->told = false;
		peer_address(&from, ip);
		acceptor->taker.take(acceptor->taker.context, fd, ip);
	}
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Takes the listener, also on failure. It accepts nothing before it is started. */
static int
add(struct acceptor **list, uv_loop_t *loop, struct listener *listener, const struct acceptor_taker *taker)
{
	struct acceptor *acceptor = calloc(1, sizeof(*acceptor));
	char name[LISTENER_NAME_MAX];
	int r = -ENOMEM;

	if (acceptor != NULL)
		r = uv_poll_init(loop, &acceptor->poll, listener->fd); /* makes it non-blocking */
	if (r < 0) {
		free(acceptor);
		listener_close(listener);
		return r;
	}
	acceptor->poll.data = acceptor;
	acceptor->listener = *listener;
	acceptor->taker = *taker;
	DL_APPEND(*list, acceptor);
	listener_name(listener->fd, name);
	log_info("listening address=%s", name);
	return 0;
}

static int
open_granted(struct listener *ret, const char *address, const struct conf *conf)
{
	int r = listener_open(ret, address);

	if (r < 0)
		return r;
	r = listener_grant(ret, conf->socket_mode, conf->socket_group);
	if (r == 0)
		return 0;
	log_error("cannot let TINA4_SOCKET_GROUP=%s in error=%s", conf->socket_group,
	    r == -ENOENT ? "no such group" : strerror(-r));
	listener_close(ret);
	return r;
}

int
acceptors_open(struct acceptor **list, uv_loop_t *loop, const struct conf *conf, const char *addresses,
    const struct acceptor_taker *taker)
{
	const char *more = addresses;
	char address[ADDRESS_MAX];
	struct listener listener;
	struct span item;

	while (list_next(&more, &item)) {
		int r = -ENAMETOOLONG;

		if (item.len < sizeof(address)) {
			memcpy(address, item.data, item.len);
			address[item.len] = '\0';
			r = open_granted(&listener, address, conf);
		}
		if (r == 0)
			r = add(list, loop, &listener, taker);
		if (r == 0)
			uv_poll_start(&(*list)->prev->poll, UV_READABLE, on_connection);
		if (r < 0) {
			log_error("cannot listen address=%.*s error=%s", (int)item.len, item.data, strerror(-r));
			return r;
		}
	}
	return 0;
}

int
acceptors_adopt(struct acceptor **list, uv_loop_t *loop, const struct acceptor_taker *taker)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n;

	if (pid == NULL || fds == NULL || atol(pid) != (long)getpid())
		return 0;
	n = atoi(fds);
	for (int i = 0; i < n; i++) {
		struct listener listener = { .fd = FIRST_PASSED_FD + i };
		int r;

		fcntl(listener.fd, F_SETFD, FD_CLOEXEC);
		r = add(list, loop, &listener, taker);
		if (r < 0)
			return r;
	}
	return n;
}

void
acceptors_tick(struct acceptor *list)
{
	struct acceptor *acceptor;

	DL_FOREACH(list, acceptor)
		if (!uv_is_active((uv_handle_t *)&acceptor->poll))
			uv_poll_start(&acceptor->poll, UV_READABLE, on_connection);
}

bool
acceptors_accept(const struct acceptor *list)
{
	const struct acceptor *acceptor;

	DL_FOREACH(list, acceptor)
		if (!uv_is_active((const uv_handle_t *)&acceptor->poll))
			return false;
	return true;
}

void
acceptors_close(struct acceptor **list)
{
	struct acceptor *acceptor, *next;

	DL_FOREACH_SAFE(*list, acceptor, next) {
		DL_DELETE(*list, acceptor);
		uv_poll_stop(&acceptor->poll);
		listener_close(&acceptor->listener);
		uv_close((uv_handle_t *)&acceptor->poll, on_closed);
	}
}
