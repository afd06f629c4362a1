/*
 * listener - a listening socket of our own.
 *
 * A unix socket has mode 0660 at first. One that another process still listens on is
 * left alone, a stale one is replaced.
 */
#ifndef SHARED_LISTENER_H
#define SHARED_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

enum { LISTENER_NAME_MAX = 160 };

struct listener {
	int fd;
	struct sockaddr_un unix_address; /* its path is empty for TCP */
	dev_t device;                    /* of the unix socket's file, to know it again */
	ino_t inode;
};

/*
 * Listens on host:port, [v6]:port, :port (on loopback), unix:/path or /path.
 * Returns 0, -EINVAL for an address of another form, -EADDRINUSE when another
 * process listens there, or another negative errno.
 */
int listener_open(struct listener *ret, const char *address);

/* Closes the socket, and removes its file if it is still ours. */
void listener_close(struct listener *listener);

/*
 * Lets others connect: gives the socket's file a mode and a group by name, ""
 * for the one it has. A TCP socket needs none. Returns 0, -ENOENT when there is
 * no such group, or another negative errno.
 */
int listener_grant(const struct listener *listener, mode_t mode, const char *group);
int listener_grant_path(const char *path, mode_t mode, const char *group);

/*
 * Looks whether a process listens on a unix socket. Returns 0 when none does,
 * -EADDRINUSE when one does, or another negative errno.
 */
int listener_probe(const char *path);

/*
 * Removes the file of a unix socket that nobody listens on any more. Returns 0,
 * also when there is none, -EADDRINUSE when a process listens there, -EEXIST
 * when the file is no socket, or another negative errno.
 */
int listener_remove_stale(const char *path);

/* True when a descriptor is a socket that listens. */
bool listener_is(int fd);

/* Writes the address that a socket listens on, in the form that listener_open() takes. */
void listener_name(int fd, char ret[static LISTENER_NAME_MAX]);

#endif
