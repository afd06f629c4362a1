#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/listener.h"

enum { HOST_MAX = 256, SOCKET_UMASK = 0117 };

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

static int
fill(struct sockaddr_un *address, const char *path)
{
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	address->sun_family = AF_UNIX;
	strcpy(address->sun_path, path);
	return 0;
}

int
listener_probe(const char *path)
{
	struct sockaddr_un address = { 0 };
	int r = fill(&address, path);

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
open_unix(struct listener *listener, const char *path)
{
	int r = fill(&listener->unix_address, path);

	if (r < 0)
		return r;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	return bind_unix(listener);
}

static int
bind_tcp(struct listener *listener, const struct addrinfo *info)
{
	int on = 1;

	listener->fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	return bind(listener->fd, info->ai_addr, info->ai_addrlen) < 0 ? -errno : 0;
}

/* Splits host:port and [v6]:port. Without a host it is loopback: whoever reaches the port can be anyone. */
static int
split_tcp(const char *address, char host[static HOST_MAX], const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t len;

	if (colon == NULL || colon[1] == '\0')
		return -EINVAL;
	len = (size_t)(colon - address);
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL) {
		return -EINVAL;
	}
	if (len >= HOST_MAX)
		return -EINVAL;
	memcpy(host, address, len);
	host[len] = '\0';
	if (len == 0)
		strcpy(host, "127.0.0.1");
	*ret_port = colon + 1;
	return 0;
}

static int
open_tcp(struct listener *listener, const char *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *info;
	char host[HOST_MAX];
	const char *port;
	int r;

	r = split_tcp(address, host, &port);
	if (r < 0)
		return r;
	r = getaddrinfo(host, port, &hints, &info);
	if (r != 0)
		return r == EAI_SYSTEM ? -errno : -EINVAL;
	r = bind_tcp(listener, info);
	freeaddrinfo(info);
	return r;
}

int
listener_open(struct listener *ret, const char *address)
{
	struct listener listener = { .fd = -1 };
	int r;

	if (strncmp(address, "unix:/", 6) == 0)
		address += 5;
	r = *address == '/' ? open_unix(&listener, address) : open_tcp(&listener, address);
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
