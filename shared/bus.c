#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/bus.h"
#include "shared/listener.h"
#include "shared/wire.h"

enum { COPY_BYTES = 4096 }; /* up to here a copy is cheaper than handing memory over */

struct bus {
	void *socket;
	bool routes; /* a ROUTER */
	int fd;
};

static int
set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int
open_socket(struct bus **ret, void *context, int type)
{
	size_t fd_size = sizeof(int);
	int64_t max_bytes = WIRE_MAX_BYTES;
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (bus == NULL)
		return -ENOMEM;
	bus->routes = type == ZMQ_ROUTER;
	bus->socket = zmq_socket(context, type);
	if (bus->socket == NULL)
		goto fail;

	if (set_int(bus->socket, ZMQ_LINGER, 0) < 0 || set_int(bus->socket, ZMQ_SNDHWM, BUS_HWM) < 0 ||
	    set_int(bus->socket, ZMQ_RCVHWM, BUS_HWM) < 0)
		goto fail;
	if (zmq_setsockopt(bus->socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof(max_bytes)) < 0)
		goto fail;
	if (zmq_getsockopt(bus->socket, ZMQ_FD, &bus->fd, &fd_size) < 0)
		goto fail;
	*ret = bus;
	return 0;
fail:
	r = -errno;
	bus_free(bus);
	return r;
}

static const char *
ipc_path(const char *endpoint)
{
	static const char scheme[] = "ipc://";

	return strncmp(endpoint, scheme, strlen(scheme)) == 0 ? endpoint + strlen(scheme) : NULL;
}

int
bus_bind(struct bus **ret, void *zmq_context, const char *endpoint, mode_t mode)
{
	const char *path = ipc_path(endpoint);
	struct bus *bus = NULL;
	mode_t old;
	int r;

	if (path == NULL && strncmp(endpoint, "inproc://", 9) != 0)
		return -EPROTONOSUPPORT;
	if (path != NULL) {
		r = listener_remove_stale(path); /* ZeroMQ unlinks whatever is there, even a socket in use */
		if (r < 0)
			return r;
	}

	r = open_socket(&bus, zmq_context, ZMQ_ROUTER);
	if (r < 0)
		return r;
	r = set_int(bus->socket, ZMQ_ROUTER_MANDATORY, 1);
	if (r < 0)
		goto fail;

	old = umask(~mode & 0777);
	r = zmq_bind(bus->socket, endpoint) < 0 ? -errno : 0;
	umask(old);
	if (r < 0)
		goto fail;
	*ret = bus;
	return 0;
fail:
	bus_free(bus);
	return r;
}

int
bus_connect(struct bus **ret, void *zmq_context, const char *endpoint, bool probe)
{
	struct bus *bus = NULL;
	int r;

	r = open_socket(&bus, zmq_context, ZMQ_DEALER);
	if (r < 0)
		return r;

	/* Without a sidecar a send fails at once instead of waiting in a queue. */
	r = set_int(bus->socket, ZMQ_IMMEDIATE, 1);
	if (r == 0)
		r = set_int(bus->socket, ZMQ_RECONNECT_IVL, 20);
	if (r == 0)
		r = set_int(bus->socket, ZMQ_RECONNECT_IVL_MAX, 500);
	if (r == 0)
		r = set_int(bus->socket, ZMQ_PROBE_ROUTER, probe);
	if (r == 0 && zmq_connect(bus->socket, endpoint) < 0)
		r = -errno;
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

void
bus_free(struct bus *bus)
{
	if (bus == NULL)
		return;
	if (bus->socket != NULL)
		zmq_close(bus->socket);
	free(bus);
}

void
bus_free_after(struct bus *bus, int linger_ms)
{
	if (bus != NULL)
		set_int(bus->socket, ZMQ_LINGER, linger_ms);
	bus_free(bus);
}

int
bus_fd(const struct bus *bus)
{
	return bus->fd;
}

static int
events_of(const struct bus *bus)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(bus->socket, ZMQ_EVENTS, &events, &size) == 0 ? events : 0;
}

bool
bus_readable(const struct bus *bus)
{
	return events_of(bus) & ZMQ_POLLIN;
}

void *
bus_socket(const struct bus *bus)
{
	return bus->socket;
}

/* Drops the parts of a message that are still to come. */
static void
drop_rest(struct bus *bus, zmq_msg_t *part)
{
	while (zmq_msg_more(part))
		if (zmq_msg_recv(part, bus->socket, ZMQ_DONTWAIT) < 0)
			return;
}

static int
recv_peer(struct bus *bus, zmq_msg_t *part, struct bus_peer *ret)
{
	*ret = (struct bus_peer){ 0 };
	if (zmq_msg_recv(part, bus->socket, ZMQ_DONTWAIT) < 0)
		return -errno;
	if (zmq_msg_size(part) > BUS_PEER_BYTES || !zmq_msg_more(part)) {
		drop_rest(bus, part);
		return -EPROTO;
	}
	ret->len = (uint8_t)zmq_msg_size(part);
	memcpy(ret->id, zmq_msg_data(part), ret->len);
	return 0;
}

int
bus_recv(struct bus *bus, struct bus_peer *ret_peer, struct bus_message *ret)
{
	int r = 0;

	zmq_msg_init(&ret->frame);
	if (bus->routes)
		r = recv_peer(bus, &ret->frame, ret_peer);
	if (r == 0 && zmq_msg_recv(&ret->frame, bus->socket, ZMQ_DONTWAIT) < 0)
		r = -errno;
	if (r == 0 && zmq_msg_more(&ret->frame)) {
		drop_rest(bus, &ret->frame);
		r = -EPROTO;
	}
	if (r < 0)
		zmq_msg_close(&ret->frame);
	return r;
}

struct wire_reader
bus_message_reader(const struct bus_message *message)
{
	zmq_msg_t *frame = (zmq_msg_t *)&message->frame;

	return wire_reader(zmq_msg_data(frame), zmq_msg_size(frame));
}

size_t
bus_message_bytes(const struct bus_message *message)
{
	return zmq_msg_size((zmq_msg_t *)&message->frame);
}

void
bus_message_close(struct bus_message *message)
{
	zmq_msg_close(&message->frame);
}

static void
free_bytes(void *data, void *hint)
{
	(void)hint;
	free(data);
}

/* Ends a message whose first part has gone already: its receiver gets an empty one. */
static void
end_message(struct bus *bus)
{
	zmq_msg_t nothing;

	zmq_msg_init(&nothing); /* takes no memory */
	if (bus->routes && zmq_msg_send(&nothing, bus->socket, ZMQ_DONTWAIT) < 0)
		zmq_msg_close(&nothing);
}

/* Sends a large buffer without copying: ZeroMQ frees the bytes. */
static int
send_taken(struct bus *bus, struct buf *buf)
{
	zmq_msg_t frame;
	int r;

	if (zmq_msg_init_data(&frame, buf->data, buf->len, free_bytes, NULL) < 0) {
		r = -errno;
		end_message(bus);
		return r;
	}
	*buf = (struct buf)BUF_INIT;
	if (zmq_msg_send(&frame, bus->socket, ZMQ_DONTWAIT) >= 0)
		return 0;

	r = -errno;
	zmq_msg_close(&frame);
	return r;
}

static int
send_copied(struct bus *bus, struct buf *buf)
{
	int r = 0;

	if (zmq_send(bus->socket, buf->data, buf->len, ZMQ_DONTWAIT) >= 0)
		buf_clear(buf);
	else
		r = -errno;
	if (r == -ENOMEM)
		end_message(bus);
	return r;
}

int
bus_send(struct bus *bus, const struct bus_peer *peer, struct buf *buf)
{
	if (buf->failed)
		return -ENOMEM;
	if (bus->routes && zmq_send(bus->socket, peer->id, peer->len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
		return -errno;
	if (!bus->routes && !(events_of(bus) & ZMQ_POLLOUT))
		return -EAGAIN; /* so that the bytes are never taken in vain */
	return buf->len <= COPY_BYTES ? send_copied(bus, buf) : send_taken(bus, buf);
}
