/*
 * exchange - a thread's socket: one request to the sidecar, one reply.
 *
 * ZeroMQ's sockets are not for sharing, so each thread that asks has its own,
 * made on first use and closed when the thread ends.
 */
#ifndef FCGI_EXCHANGE_H
#define FCGI_EXCHANGE_H

#include <stdint.h>

#include "shared/buf.h"
#include "shared/wire.h"

struct exchange; /* opaque */
struct reach;

/* How a thread comes by its socket. Borrowed while the socket is open, all but the struct itself. */
struct exchange_options {
	void *zmq; /* the context */
	const char *endpoint;
	/* Appends the HELLO that a sidecar gets which wants to know who asks. */
	void (*put_hello)(struct buf *buf, const void *who, uint64_t id);
	const void *who;
	struct reach *reach; /* what all threads know of the sidecar */
};

/*
 * Borrows the calling thread's exchange. One of another context is closed, and
 * made anew. Returns 0 or a negative errno.
 */
int exchange_of_thread(struct exchange **ret, const struct exchange_options *options);

/* Closes the calling thread's socket, when it has one of this context. */
void exchange_close(const void *zmq);

/*
 * Asks, and waits until deadline_ms of clock_ms(). The reply's text is appended
 * to text, which may be NULL; ret->text is empty. Returns 0, -ENOTCONN when
 * there was no sidecar to ask, -ETIMEDOUT when it did not reply, -EPROTO when
 * its reply makes no sense, or another negative errno. While the sidecar is
 * away -ENOTCONN comes at once.
 *
 * A request whose sidecar vanished is not sent again: the old sidecar may have
 * relayed it to other hosts, and the new one cannot know.
 */
int exchange_ask(struct exchange *exchange, const struct wire_request *request, int64_t deadline_ms,
    struct wire_reply *ret, struct buf *text);

#endif
