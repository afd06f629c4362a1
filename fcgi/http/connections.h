/*
 * connections - which connection of a web server a thread serves next.
 *
 * A web server may keep a connection for its next request. The thread that served
 * it waits for that, and for new connections, and for those that others have left,
 * all at once: who has something to say is served, and an idle connection holds
 * nobody.
 */
#ifndef FCGI_CONNECTIONS_H
#define FCGI_CONNECTIONS_H

#include <stdatomic.h>

enum connections_limits {
	CONNECTIONS_LEFT = 256,       /* idle ones that no thread waits for alone, of 1,024 files; more are closed */
	CONNECTIONS_FIRST_MS = 20,    /* for the request with which a new one most likely comes */
	CONNECTIONS_PEER_SECONDS = 60 /* of silence in mid-request */
};

/* Of a process. */
struct connections {
	int listen_fd;        /* does not wait */
	int stop_fd;          /* readable for all threads once they are to stop ... */
	atomic_bool stopping; /* ... which those that have no need to wait see here */
	int left_fd;          /* an epoll(7) of the idle ones */
	atomic_int n_left;
};

/* Of a thread. */
struct seat {
	struct connections *connections;
	int epoll_fd;
};

/* Borrows listen_fd. Returns 0 or a negative errno; connections_close() is needed after 0 only. */
int connections_open(struct connections *ret, int listen_fd);

/*
 * For one whose request is being answered: waits so many milliseconds. Returns 0
 * after them, or at once -EPIPE when the web server wants no more, which it tells
 * by ending the connection or the request, and -ECANCELED when it is time to stop.
 */
int connections_wait(const struct connections *connections, int fd, int ms);

/* Makes all that wait stop. */
void connections_stop(struct connections *connections);

/* Nobody may wait any more. Idle connections end with the process. */
void connections_close(struct connections *connections);

/* Returns 0 or a negative errno. */
int seat_open(struct seat *ret, struct connections *connections);
void seat_close(struct seat *seat);

/*
 * Waits for a connection that has something to say, and gives it to the caller.
 * kept is one that the caller gives back, or -1. Returns its descriptor;
 * -ECANCELED when it is time to stop, and then kept is closed; or -EPIPE when the
 * listening socket is of no use any more.
 */
int seat_wait(struct seat *seat, int kept);

#endif
