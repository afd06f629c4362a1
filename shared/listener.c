#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/endpoint.h"
#include "shared/listener.h"

enum { SOCKET_UMASK = 0117 };

/* Returns -EADDRINUSE when a process listens there, 0 when none does, or another negative errno. */
static int
probe(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
	close(fd);
	switch (error) {
	case 0:
	case EAGAIN: /* its backlog is full */
		return -EADDRINUSE;
	case ECONNREFUSED:
	case ENOENT:
		return 0;
	default:
		return -error;
	}
}

int
listener_probe(const char *path)
{
	struct sockaddr_un address = { 0 };
	int r = endpoint_unix(&address, path);

	return r < 0 ? r : probe(&address);
}

int
listener_remove_stale(const char *path)
{
	struct stat stat;
	int r;

	if (lstat(path, &stat) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(stat.st_mode))
		return -EEXIST;
	r = listener_probe(path);
	if (r < 0)
		return r;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int
bind_unix(struct listener *listener)
{
	const struct sockaddr_un *address = &listener->unix_address;
	struct stat stat;
	mode_t old;
	int r;

	r = listener_remove_stale(address->sun_path);
	if (r < 0)
		return r;
	old = umask(SOCKET_UMASK);
	r = bind(listener->fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	umask(old);
	if (r < 0)
		return r;
	if (lstat(address->sun_path, &stat) < 0)
		return -errno;
	listener->device = stat.st_dev;
	listener->inode = stat.st_ino;
	return 0;
}

static int
bind_tcp(struct listener *listener, const struct endpoint *endpoint)
{
	int on = 1;

	if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	return bind(listener->fd, (const struct sockaddr *)&endpoint->address, endpoint->len) < 0 ? -errno : 0;
}

static int
open_socket(struct listener *listener, const struct endpoint *endpoint)
{
	listener->fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	if (endpoint->address.ss_family != AF_UNIX)
		return bind_tcp(listener, endpoint);
	memcpy(&listener->unix_address, &endpoint->address, sizeof(listener->unix_address));
	return bind_unix(listener);
}

int
listener_open(struct listener *ret, const char *address)
{
	struct listener listener = { .fd = -1 };
	struct endpoint endpoint;
	int r = endpoint_find(&endpoint, address, true);

	if (r == 0)
		r = open_socket(&listener, &endpoint);
	if (r == 0 && listen(listener.fd, SOMAXCONN) < 0)
		r = -errno;
	if (r < 0) {
		listener_close(&listener);
		return r;
	}
	*ret = listener;
	return 0;
}

void
listener_close(struct listener *listener)
{
	const char *path = listener->unix_address.sun_path;
	struct stat stat;

	if (listener->inode != 0 && lstat(path, &stat) == 0 && stat.st_dev == listener->device &&
	    stat.st_ino == listener->inode)
		unlink(path);
	if (listener->fd >= 0)
		close(listener->fd);
	*listener = (struct listener){ .fd = -1 };
}

static int
find_group(const char *name, gid_t *ret)
{
	char text[1024];
	struct group group, *found = NULL;
	int error = getgrnam_r(name, &group, text, sizeof(text), &found);

	if (found == NULL)
		return error != 0 ? -error : -ENOENT;
	*ret = group.gr_gid;
	return 0;
}

int
listener_grant_path(const char *path, mode_t mode, const char *group)
{
	gid_t gid = (gid_t)-1;
	int r = group[0] != '\0' ? find_group(group, &gid) : 0;

	if (r < 0)
		return r;
	/* The group first: a wider mode is for the new one only. */
	if (group[0] != '\0' && chown(path, (uid_t)-1, gid) < 0)
		return -errno;
	return chmod(path, mode) < 0 ? -errno : 0;
}

int
listener_grant(const struct listener *listener, mode_t mode, const char *group)
{
	const char *path = listener->unix_address.sun_path;

	return path[0] == '\0' ? 0 : listener_grant_path(path, mode, group);
}

bool
listener_is(int fd)
{
	int listens = 0;
	socklen_t size = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

void
listener_name(int fd, char ret[static LISTENER_NAME_MAX])
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	char host[64], port[16];

	strcpy(ret, "?");
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return;
	if (address.ss_family == AF_UNIX) {
		const struct sockaddr_un *local = (const struct sockaddr_un *)&address;

		snprintf(ret, LISTENER_NAME_MAX, "unix:%.108s", local->sun_path);
		return;
	}
	if (getnameinfo((struct sockaddr *)&address, size, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(ret, LISTENER_NAME_MAX, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}
