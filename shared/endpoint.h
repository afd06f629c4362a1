/*
 * endpoint - the address of a socket, as settings and arguments write it.
 */
#ifndef SHARED_ENDPOINT_H
#define SHARED_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

/*
 * Finds the address of host:port, [v6]:port, :port (on loopback), unix:/path or
 * /path; passive is for who listens there. A name of a host is looked up. Returns 0,
 * -EINVAL for another form or a host that there is not, or -ENAMETOOLONG, or another
 * negative errno.
 */
int endpoint_find(struct endpoint *ret, const char *text, bool passive);

/* The same for the path of a unix socket, which may be relative. Returns 0 or -ENAMETOOLONG. */
int endpoint_unix(struct sockaddr_un *ret, const char *path);

#endif
