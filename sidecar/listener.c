#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/listener.h"

enum {
	BACKLOG = 4096, /* the kernel lowers it to net.core.somaxconn */
	ADDRESS_MAX = 256,
	FIRST_PASSED_FD = 3, /* sd_listen_fds(3) */
};

struct listener {
	uv_poll_t poll;
	int fd;
	char *unix_path; /* to unlink at the end, or NULL */
	listener_accept *accept;
	void *context;
	struct listener *prev, *next;
};

/* --- accepting --------------------------------------------------------------- */

static void
peer_address(const struct sockaddr_storage *from, char ret[static INET6_ADDRSTRLEN])
{
	ret[0] = '\0';
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, ret, INET6_ADDRSTRLEN);
	else if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, ret, INET6_ADDRSTRLEN);
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	char ip[INET6_ADDRSTRLEN];

	(void)status;
	(void)events;
	for (int i = 0; i < LISTENER_BUDGET; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int fd = accept4(listener->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				log_warn("connection not accepted error=%s", strerror(errno));
			return;
		}
		peer_address(&from, ip);
		listener->accept(listener->context, fd, ip);
	}
}

/* --- opening -------------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;

	close(listener->fd);
	free(listener->unix_path);
	free(listener);
}

/* Takes fd and unix_path, also on failure. */
static int
add(struct listener **list, uv_loop_t *loop, int fd, char *unix_path, listener_accept *accept, void *context)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int r = -ENOMEM;

	if (listener == NULL)
		goto fail;
	*listener = (struct listener){ .fd = fd, .unix_path = unix_path, .accept = accept, .context = context };
	r = uv_poll_init(loop, &listener->poll, fd);
	if (r < 0)
		goto fail;
	listener->poll.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, on_connection);
	DL_APPEND(*list, listener);
	return 0;
fail:
	free(listener);
	free(unix_path);
	close(fd);
	return r;
}

static int
open_unix(const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;
	mode_t old;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN) {
		close(fd);
		return -EADDRINUSE;
	}
	if (errno == ECONNREFUSED)
		unlink(path); /* nobody listens on it any more */

	old = umask(~mode & 0777);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0 ? -errno : fd;
	umask(old);
	if (r < 0)
		close(fd);
	return r;
}

static int
bind_tcp(const struct addrinfo *to)
{
	int one = 1;
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (to->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, to->ai_addr, to->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

/* Splits "host:port" or "[v6]:port" in place. Returns 0 or -EINVAL. */
static int
split(char *address, char **ret_host, char **ret_port)
{
	char *colon = strrchr(address, ':');

	if (colon == NULL || colon[1] == '\0')
		return -EINVAL;
	*colon = '\0';
	*ret_host = address;
	*ret_port = colon + 1;
	if (address[0] == '[' && colon > address + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		*ret_host = address + 1;
	}
	return 0;
}

static int
open_tcp(char *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *to = NULL;
	char *host, *port;
	int r = split(address, &host, &port);

	if (r < 0)
		return r;
	if (getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &to) != 0)
		return -EINVAL;
	r = bind_tcp(to);
	freeaddrinfo(to);
	return r;
}

static int
port_of(int fd)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);

	getsockname(fd, (struct sockaddr *)&at, &len);
	if (at.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&at)->sin_port);
	return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
}

static int
open_one(struct listener **list, uv_loop_t *loop, char *address, mode_t mode, listener_accept *accept, void *context)
{
	static const char scheme[] = "unix:";
	bool is_unix = strncmp(address, scheme, strlen(scheme)) == 0;
	char *path = is_unix ? strdup(address + strlen(scheme)) : NULL;
	int fd;

	if (is_unix && path == NULL)
		return -ENOMEM;
	fd = is_unix ? open_unix(path, mode) : open_tcp(address);
	if (fd < 0) {
		free(path);
		return fd;
	}
	if (is_unix)
		log_info("listening address=unix:%s", path);
	else
		log_info("listening address=%s:%d", address, port_of(fd));
	return add(list, loop, fd, path, accept, context);
}

int
listeners_open(struct listener **list, uv_loop_t *loop, const char *addresses, mode_t unix_mode,
    listener_accept *accept, void *context)
{
	const char *rest = addresses, *item;
	unsigned long len;
	char address[ADDRESS_MAX];

	while (conf_list_next(&rest, &item, &len)) {
		int r = -ENAMETOOLONG;

		if (len < sizeof(address)) {
			memcpy(address, item, len);
			address[len] = '\0';
			r = open_one(list, loop, address, unix_mode, accept, context);
		}
		if (r < 0) {
			log_error("cannot listen address=%.*s error=%s", (int)len, item, strerror(-r));
			return r;
		}
	}
	return 0;
}

int
listeners_adopt(struct listener **list, uv_loop_t *loop, listener_accept *accept, void *context)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n;

	if (pid == NULL || fds == NULL || atol(pid) != (long)getpid())
		return 0;
	n = atoi(fds);
	for (int fd = FIRST_PASSED_FD; fd < FIRST_PASSED_FD + n; fd++) {
		int r;

		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		r = add(list, loop, fd, NULL, accept, context);
		if (r < 0)
			return r;
		log_info("listening fd=%d", fd);
	}
	return n;
}

void
listeners_close(struct listener **list)
{
	struct listener *listener, *next;

	DL_FOREACH_SAFE(*list, listener, next) {
		DL_DELETE(*list, listener);
		if (listener->unix_path != NULL)
			unlink(listener->unix_path);
		uv_close((uv_handle_t *)&listener->poll, on_closed);
	}
}
