#include <endian.h>
#include <errno.h>
#include <libwebsockets.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared/log.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/paths.h"

_Static_assert(offsetof(struct client, id) <= CLIENT_ALIGNMENT, "a fan-out looks at one cache line");

struct client *
client_new(const struct wire_id *id)
{
	struct client *client;
	void *bytes;

	if (posix_memalign(&bytes, CLIENT_ALIGNMENT, sizeof(*client)) != 0)
		return NULL;
	client = bytes;
	memset(client, 0, sizeof(*client));
	client->id = *id;
	client->socket.fd = -1;
	client_recount(client);
	return client;
}

void
client_free(struct client *client)
{
	if (client == NULL)
		return;
	for (uint32_t i = 0; i < client->batch.n_own; i++)
		frame_unref(client->batch.own[i].frame);
	free(client->batch.own);
	outq_clear(&client->socket.outq);
	buf_free(&client->feed.meta);
	buf_free(&client->feed.attributes);
	buf_free(&client->reading.message);
	free(client->ending.reason);
	coming_free(client->coming);
	memory_remove(client->memory.counted);
	free(client);
}

size_t
client_held(const struct client *client)
{
	return client->socket.outq.bytes + client->memory.partial + client->reading.message.cap;
}

void
client_recount(struct client *client)
{
	size_t bytes = MEMORY_CONNECTION_BYTES + client->feed.meta.cap + client->feed.attributes.cap +
	    client->reading.message.cap + client->memory.partial;

	memory_add(bytes - client->memory.counted); /* modulo SIZE_MAX + 1: it may be less */
	client->memory.counted = bytes;
}

/* What libwebsockets had to send is gone, or there is some now. */
static void
set_partial(struct client *client, size_t bytes)
{
	client->memory.partial = bytes;
	client_recount(client);
}

void
client_socket_gone(struct client *client)
{
	client->socket.wsi = NULL;
	client->socket.fd = -1;
	outq_clear(&client->socket.outq);
	set_partial(client, 0);
}

uint64_t
client_except(const struct wire_id *id)
{
	uint64_t half;

	memcpy(&half, id->bytes + sizeof(half), sizeof(half));
	return be64toh(half);
}

const char *
client_name(const struct client *client)
{
	static char name[WIRE_ID_HEX];

	wire_id_format(&client->id, name);
	return name;
}

void
client_pause(struct client *client, bool pause)
{
	if (client->socket.wsi == NULL || client->socket.stream || client->reading.paused == pause)
		return;
	client->reading.paused = pause;
	lws_rx_flow_control(client->socket.wsi, !pause);
}

void
client_drop(struct client *client, const char *why)
{
	if (client->socket.broken || client->socket.wsi == NULL)
		return;
	client->socket.broken = true;
	client->ending.why = why;
	outq_clear(&client->socket.outq);
	client_pause(client, false); /* its end is only seen while we read */
	shutdown(client->socket.fd, SHUT_RDWR);
}

bool
client_drained(const struct client *client)
{
	return client->socket.outq.frames.n == 0 &&
	    (client->socket.wsi == NULL || !lws_partial_buffered(client->socket.wsi));
}

/*
 * Hands bytes to the kernel. The remainder of a frame that it takes only in
 * part goes to libwebsockets, which from then on owns the order on the wire.
 * Returns 0, -EAGAIN when it took nothing, or another negative errno.
 */
static int
send_now(struct client *client, const struct frame *frame)
{
	/* Not send(2) of libc: a cancellation point, whose atomics cost 3 % of a fan-out. */
	ssize_t n =
	    syscall(SYS_sendto, client->socket.fd, frame->data, frame->len, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
	uint8_t *rest;

	if (n == (ssize_t)frame->len)
		return 0;
	if (n < 0)
		return -errno;

	rest = (uint8_t *)frame->data + n;
	if (lws_write(client->socket.wsi, rest, frame->len - (size_t)n, LWS_WRITE_RAW) < 0)
		return -EPIPE;
	set_partial(client, frame->len - (size_t)n);
	return 0;
}

static void
queue(struct client *client, struct frame *frame, size_t max_queue)
{
	bool first = client->socket.outq.frames.n == 0;
	int r = outq_push(&client->socket.outq, frame, max_queue);

	if (r < 0)
		client_drop(client, r == -ENOBUFS ? "queue-full" : "out-of-memory");
	else if (first)
		lws_callback_on_writable(client->socket.wsi);
}

static bool
takes_frames(const struct client *client)
{
	return client->socket.wsi != NULL && !client->socket.broken && !client->socket.write_closed;
}

bool
client_ready(const struct client *client)
{
	return takes_frames(client) && client_drained(client);
}

void
client_write_now(struct client *client, struct frame *frame, size_t max_queue)
{
	int r = send_now(client, frame);

	if (r == -EAGAIN)
		queue(client, frame, max_queue);
	else if (r < 0)
		client_drop(client, "write-failed");
}

void
client_write(struct client *client, struct frame *frame, size_t max_queue)
{
	if (client_ready(client))
		client_write_now(client, frame, max_queue);
	else if (takes_frames(client))
		queue(client, frame, max_queue);
}

void
client_writable(struct client *client)
{
	struct frame *frame;
	int r;

	if (client->memory.partial > 0 && !lws_partial_buffered(client->socket.wsi))
		set_partial(client, 0);
	if (client->socket.write_closed)
		outq_clear(&client->socket.outq); /* nothing follows a close frame */
	while (client->socket.outq.frames.n > 0 && !lws_partial_buffered(client->socket.wsi)) {
		r = send_now(client, outq_peek(&client->socket.outq));
		if (r == -EAGAIN)
			break;
		if (r < 0) {
			client_drop(client, "write-failed");
			return;
		}
		frame = outq_pop(&client->socket.outq);
		frame_unref(frame);
	}
	if (client->socket.outq.frames.n > 0)
		lws_callback_on_writable(client->socket.wsi);
}

uint16_t
client_close_code(const struct client *client)
{
	const uint8_t *body;

	if (client->socket.stream) /* libwebsockets would look where there is nothing */
		return 0;
	body = lws_get_close_payload(client->socket.wsi);
	return lws_get_close_length(client->socket.wsi) < 2 ? 0 : (uint16_t)(body[0] << 8 | body[1]);
}

void
client_send_close(struct client *client)
{
	const char *reason = client->ending.reason == NULL ? "" : client->ending.reason;

	/* Its answer can only arrive while we read. */
	client_pause(client, false);
	lws_close_reason(
	    client->socket.wsi, (enum lws_close_status)client->ending.code, (unsigned char *)reason, strlen(reason));
	lws_set_timeout(client->socket.wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

void
client_hang_up(struct client *client)
{
	shutdown(client->socket.fd, SHUT_RDWR);
}

void
client_finish(struct client *client)
{
	client->socket.write_closed = true;
	shutdown(client->socket.fd, SHUT_WR);
}

static bool
same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int
client_set_attribute(struct client *client, struct span name, struct span value, size_t max_bytes)
{
	struct wire_reader reader = wire_reader(client->feed.attributes.data, client->feed.attributes.len);
	struct buf next = BUF_INIT;
	struct span old_name, old_value;
	size_t bytes = 0;

	while (wire_get_pair(&reader, &old_name, &old_value) > 0) {
		if (same(name, old_name))
			continue;
		wire_put_pair(&next, old_name, old_value);
		bytes += old_name.len + old_value.len;
	}
	if (value.data != NULL) {
		wire_put_pair(&next, name, value);
		bytes += name.len + value.len;
	}
	if (next.failed || bytes > max_bytes) {
		int r = next.failed ? -ENOMEM : -ENOSPC;

		buf_free(&next);
		return r;
	}
	buf_free(&client->feed.attributes);
	client->feed.attributes = next;
	client_recount(client);
	return 0;
}

int
client_set_meta_user(struct client *client, struct span user)
{
	struct wire_meta meta;
	struct buf next = BUF_INIT;

	if (wire_get_meta(span_of_buf(&client->feed.meta), &meta) < 0)
		return 0; /* it has none yet */
	meta.user = user;
	wire_put_meta(&next, &meta);
	buf_bytes(&next, meta.headers.data, meta.headers.len);
	if (next.failed) {
		buf_free(&next);
		return -ENOMEM;
	}
	buf_free(&client->feed.meta);
	client->feed.meta = next;
	client_recount(client);
	return 0;
}
