#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/crowd.h"
#include "tests/bench/wsframe.h"

enum {
	INPUT_BYTES = 256 * 1024,
	MESSAGE_BYTES = 1 << 20,
	EVENTS = 1024,
	AT_ONCE = 64,
	ANSWER_BYTES = 4096,
	CLIENTS_OF_A_SOURCE = 8000
};

enum state {
	NEW,
	CONNECTING,
	ASKED, /* for the upgrade */
	OPEN,
	GONE,
};

struct client {
	int fd;
	enum state state;
	uint64_t since; /* it connects */
	uint8_t *rest;  /* of what came: an incomplete answer or frame */
	size_t rest_len;
	uint8_t *out; /* not written yet */
	size_t out_len, out_cap;
	bool blocked; /* the socket takes no more for now */
};

uint64_t
crowd_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void *
must(void *memory)
{
	if (memory == NULL)
		die("memory");
	return memory;
}

static void complain(struct crowd *crowd, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
complain(struct crowd *crowd, const char *format, ...)
{
	va_list args;

	if (crowd->complaint[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(crowd->complaint, sizeof(crowd->complaint), format, args);
	va_end(args);
}

void
crowd_init(struct crowd *crowd, unsigned n, unsigned port)
{
	crowd->port = port;
	crowd->clients = must(calloc(n, sizeof(*crowd->clients)));
	crowd->input = must(malloc(INPUT_BYTES));
	crowd->inflated = must(malloc(MESSAGE_BYTES));
	if (inflateInit2(&crowd->inflater, -15) != Z_OK)
		die("zlib");
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (crowd->epoll < 0)
		die("epoll");
}

static void
watch(struct crowd *crowd, unsigned i, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events, .data.u32 = i };

	if (epoll_ctl(crowd->epoll, operation, crowd->clients[i].fd, &event) < 0)
		die("epoll");
}

static void
leave(struct crowd *crowd, unsigned i)
{
	struct client *client = &crowd->clients[i];

	if (client->state == CONNECTING || client->state == ASKED) {
		crowd->under_way--;
		crowd->refused++;
	}
	client->state = GONE;
	close(client->fd);
	free(client->rest);
	free(client->out);
	client->rest = client->out = NULL;
	client->rest_len = client->out_len = client->out_cap = 0;
}

/* --- sending ---------------------------------------------------------------------- */

static uint8_t *
make_room(struct client *client, size_t n)
{
	if (client->out_len + n > client->out_cap) {
		client->out_cap = (client->out_len + n) * 2;
		client->out = must(realloc(client->out, client->out_cap));
	}
	return client->out + client->out_len;
}

static void
put_frame(struct client *client, unsigned opcode, const void *data, size_t len)
{
	static uint32_t mask = 1;
	uint8_t *dst = make_room(client, WSFRAME_MAX_HEAD + len);
	size_t head;

	mask = mask * 1664525 + 1013904223;
	head = wsframe_head(dst, opcode, len, &mask);
	wsframe_mask(dst + head, data, len, mask);
	client->out_len += head + len;
}

void
crowd_put(struct crowd *crowd, unsigned client, const void *data, size_t len)
{
	if (crowd->clients[client].state == OPEN)
		put_frame(&crowd->clients[client], WSFRAME_TEXT, data, len);
}

void
crowd_flush(struct crowd *crowd, unsigned i)
{
	struct client *client = &crowd->clients[i];
	ssize_t n;

	if (client->out_len == 0 || client->blocked)
		return;
	n = send(client->fd, client->out, client->out_len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return; /* reading will tell */
	client->out_len -= n < 0 ? 0 : (size_t)n;
	if (client->out_len == 0)
		return;
	if (n > 0)
		memmove(client->out, client->out + n, client->out_len);
	client->blocked = true;
	watch(crowd, i, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void
unblock(struct crowd *crowd, unsigned i)
{
	crowd->clients[i].blocked = false;
	watch(crowd, i, EPOLLIN, EPOLL_CTL_MOD);
	crowd_flush(crowd, i);
}

/* --- opening ------------------------------------------------------------------------ */

/* The kernel finds a free port slowly once half of an address's are taken. */
static void
bind_to_source(int fd, unsigned i)
{
	struct sockaddr_in source = { .sin_family = AF_INET };
	int on = 1;

	source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / CLIENTS_OF_A_SOURCE);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		die("bind");
}

static void
start(struct crowd *crowd, unsigned i)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)crowd->port) };
	struct linger reset = { 1, 0 }; /* leaves no TIME_WAIT behind */
	struct client *client = &crowd->clients[i];
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		die("socket");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	bind_to_source(client->fd, i);
	client->state = CONNECTING;
	client->since = crowd_now();
	crowd->under_way++;
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != EINPROGRESS) {
		complain(crowd, "connect: %s", strerror(errno));
		leave(crowd, i);
		return;
	}
	watch(crowd, i, EPOLLOUT, EPOLL_CTL_ADD);
}

static void
ask(struct crowd *crowd, unsigned i, const char *path)
{
	struct client *client = &crowd->clients[i];
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		complain(crowd, "connect: %s", strerror(error));
		leave(crowd, i);
		return;
	}
	client->state = ASKED;
	client->out_len = (size_t)snprintf((char *)make_room(client, ANSWER_BYTES), ANSWER_BYTES,
	    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %013x%08xA==\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n",
	    path, crowd->port, i, (unsigned)client->since,
	    crowd->deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "", crowd->headers);
	watch(crowd, i, EPOLLIN, EPOLL_CTL_MOD);
	crowd_flush(crowd, i);
}

/* Returns how much of data was the answer; 0 when it is not complete. */
static size_t
take_answer(struct crowd *crowd, unsigned i, const uint8_t *data, size_t len, uint64_t now)
{
	static const char upgraded[] = "HTTP/1.1 101";
	const uint8_t *end = memmem(data, len, "\r\n\r\n", 4);

	if (end == NULL && len < ANSWER_BYTES)
		return 0;
	if (end == NULL || len < sizeof(upgraded) || memcmp(data, upgraded, sizeof(upgraded) - 1) != 0) {
		complain(crowd, "client %u was answered %.*s", i, (int)(len < 32 ? len : 32), (const char *)data);
		leave(crowd, i);
		return len;
	}
	if (crowd->deflate && memmem(data, (size_t)(end - data), "server_no_context_takeover", 26) == NULL) {
		complain(crowd, "client %u was not granted permessage-deflate", i);
		leave(crowd, i);
		return len;
	}
	crowd->clients[i].state = OPEN;
	crowd->under_way--;
	crowd->opened++;
	histogram_add(&crowd->handshakes, now - crowd->clients[i].since);
	return (size_t)(end + 4 - data);
}

/* --- receiving ------------------------------------------------------------------------ */

static bool
is_right(const struct crowd *crowd, const struct wsframe *frame)
{
	if (frame->masked || frame->reserved || !frame->last || (frame->deflated && !crowd->deflate))
		return false;
	if (frame->opcode >= WSFRAME_CLOSE)
		return !frame->deflated && frame->opcode <= WSFRAME_PONG && frame->len < 126;
	return frame->opcode == WSFRAME_TEXT || frame->opcode == WSFRAME_BINARY;
}

/* Returns the size of the message in crowd->inflated, which is 0 when it is damaged: RFC 7692 section 7.2.2. */
static size_t
inflate_message(struct crowd *crowd, const uint8_t *data, size_t len)
{
	static uint8_t tail[] = { 0, 0, 0xff, 0xff };
	z_stream *inflater = &crowd->inflater;
	int r;

	inflateReset(inflater);
	inflater->next_out = crowd->inflated;
	inflater->avail_out = MESSAGE_BYTES;
	inflater->next_in = (uint8_t *)data; /* which it only reads */
	inflater->avail_in = (uInt)len;
	r = inflate(inflater, Z_SYNC_FLUSH);
	inflater->next_in = tail;
	inflater->avail_in = sizeof(tail);
	if (r == Z_OK)
		r = inflate(inflater, Z_SYNC_FLUSH);
	return r == Z_OK && inflater->avail_in == 0 ? MESSAGE_BYTES - inflater->avail_out : 0;
}

static void
deliver(struct crowd *crowd, unsigned i, const struct wsframe *frame, const uint8_t *data, uint64_t now)
{
	if (frame->deflated)
		crowd->on_message(i, crowd->inflated, inflate_message(crowd, data, frame->len), now);
	else
		crowd->on_message(i, data, frame->len, now);
}

/* Returns the size of the frame; 0 when it is not complete. */
static size_t
take_frame(struct crowd *crowd, unsigned i, const uint8_t *data, size_t len, uint64_t now)
{
	struct client *client = &crowd->clients[i];
	struct wsframe frame;

	if (!wsframe_read(data, len, &frame))
		return 0;
	if (!is_right(crowd, &frame)) {
		complain(crowd, "client %u got a frame that begins with %02x %02x", i, data[0], data[1]);
		crowd->broken++;
		leave(crowd, i);
		return len;
	}
	if (len - frame.head < frame.len)
		return 0;
	if (frame.opcode < WSFRAME_CLOSE) {
		deliver(crowd, i, &frame, data + frame.head, now);
	} else if (frame.opcode != WSFRAME_PONG) {
		put_frame(
		    client, frame.opcode == WSFRAME_PING ? WSFRAME_PONG : WSFRAME_CLOSE, data + frame.head, frame.len);
		crowd_flush(crowd, i);
	}
	return frame.head + frame.len;
}

static void
keep_rest(struct client *client, const uint8_t *data, size_t len)
{
	free(client->rest);
	client->rest = NULL;
	client->rest_len = len;
	if (len > 0) {
		client->rest = must(malloc(len));
		memcpy(client->rest, data, len);
	}
}

/* Takes what is whole of data. */
static void
take(struct crowd *crowd, unsigned i, const uint8_t *data, size_t len, uint64_t now)
{
	struct client *client = &crowd->clients[i];
	size_t used = 0, n = 0;

	do {
		used += n;
		n = client->state == OPEN ? take_frame(crowd, i, data + used, len - used, now)
					  : take_answer(crowd, i, data + used, len - used, now);
	} while (n > 0 && used + n < len && client->state != GONE);
	used += n;
	if (client->state != GONE && (used < len || client->rest_len > 0))
		keep_rest(client, data + used, len - used);
}

static void
receive(struct crowd *crowd, unsigned i)
{
	struct client *client = &crowd->clients[i];
	uint8_t *data = crowd->input;
	ssize_t n = recv(client->fd, data, INPUT_BYTES, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		complain(crowd, "client %u was closed by the server", i);
		crowd->closed += client->state == OPEN;
		leave(crowd, i);
		return;
	}
	if (client->rest_len == 0) {
		take(crowd, i, data, (size_t)n, crowd_now());
	} else {
		client->rest = must(realloc(client->rest, client->rest_len + (size_t)n));
		memcpy(client->rest + client->rest_len, data, (size_t)n);
		data = client->rest;
		client->rest = NULL;
		take(crowd, i, data, client->rest_len + (size_t)n, crowd_now());
		free(data);
	}
	crowd_flush(crowd, i);
}

/* --- the loop -------------------------------------------------------------------------- */

static void
handle(struct crowd *crowd, unsigned i, uint32_t events)
{
	struct client *client = &crowd->clients[i];
	char path[256];

	if (client->state == CONNECTING) {
		crowd->write_path(i, path, sizeof(path));
		ask(crowd, i, path);
		return;
	}
	if (events & EPOLLOUT)
		unblock(crowd, i);
	if (events & ~(uint32_t)EPOLLOUT)
		receive(crowd, i);
}

void
crowd_poll(struct crowd *crowd, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(crowd->epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++)
		handle(crowd, events[i].data.u32, events[i].events);
}

void
crowd_rest(struct crowd *crowd, double seconds)
{
	uint64_t end = crowd_now() + (uint64_t)(seconds * 1e9), now;

	while ((now = crowd_now()) < end)
		crowd_poll(crowd, (int)((end - now) / 1000000 + 1));
}

void
crowd_open(struct crowd *crowd, unsigned first, unsigned last)
{
	while (first < last || crowd->under_way > 0) {
		while (first < last && crowd->under_way < AT_ONCE)
			start(crowd, first++);
		crowd_poll(crowd, 1000);
	}
}
