/*
 * bus - the ZeroMQ sockets that carry wire messages.
 *
 * The sidecar binds one ROUTER; apps and workers connect DEALERs. A bus belongs
 * to one thread. Its descriptor is edge-triggered: whoever waits for it asks
 * bus_readable() before each wait, because a send may swallow the edge
 * (zmq_getsockopt(3), ZMQ_FD).
 */
#ifndef SHARED_BUS_H
#define SHARED_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zmq.h>

#include "shared/buf.h"

enum bus_limits {
	BUS_PEER_BYTES = 31, /* of a peer's routing id */
	BUS_HWM = 100000,    /* messages queued to one peer */
};

struct bus; /* opaque */

/* Where a ROUTER's message came from: zeroed past len, so it compares by bytes. */
struct bus_peer {
	uint8_t len;
	uint8_t id[BUS_PEER_BYTES];
};

struct bus_message {
	zmq_msg_t frame;
};

/*
 * Binds a ROUTER. An ipc socket gets exactly this mode; one that another
 * process still answers on is refused. Only ipc and inproc are accepted: the
 * bus has no keys. Returns 0 or a negative errno (-EADDRINUSE, -EACCES,
 * -EPROTONOSUPPORT, ...).
 */
int bus_bind(struct bus **ret, void *zmq_context, const char *endpoint, mode_t mode);

/*
 * Connects a DEALER to a ROUTER, which need not be there yet. With probe it says
 * an empty message each time it has connected (ZMQ_PROBE_ROUTER). Returns 0 or
 * a negative errno.
 */
int bus_connect(struct bus **ret, void *zmq_context, const char *endpoint, bool probe);

/* Drops what has not been sent. NULL is fine. */
void bus_free(struct bus *bus);

/* Waits at most linger_ms for what is still to be sent, then frees. */
void bus_free_after(struct bus *bus, int linger_ms);

int bus_fd(const struct bus *bus);
bool bus_readable(const struct bus *bus);
/* The ZeroMQ socket, for zmq_poll(3). */
void *bus_socket(const struct bus *bus);

/*
 * Takes the next message without waiting; peer is for a ROUTER, NULL for a
 * DEALER. The caller closes the message. Returns 0, -EAGAIN when there is
 * none, -EPROTO for a message that is not one frame (it is gone, peer is set),
 * or a negative errno.
 */
int bus_recv(struct bus *bus, struct bus_peer *ret_peer, struct bus_message *ret);

struct wire_reader bus_message_reader(const struct bus_message *message);
size_t bus_message_bytes(const struct bus_message *message);
void bus_message_close(struct bus_message *message);

/*
 * Sends without waiting and takes the buffer's bytes: buf is empty after
 * success and unchanged after failure. Returns 0, -EAGAIN (a DEALER without a
 * sidecar, or a full queue), -EHOSTUNREACH (that peer is gone), or -ENOMEM.
 */
int bus_send(struct bus *bus, const struct bus_peer *peer, struct buf *buf);

#endif
