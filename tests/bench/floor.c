/*
 * floor - the least that a WebSocket server does.
 *
 *     floor broadcast     a message goes to all on the path, by one send(2) each
 *     floor batch         what one read brought goes to each by one send(2)
 *     floor echo          what one read brought goes back by one send(2)
 *     floor lose|double|swap|damage    broadcast, with a fault now and then
 *
 * One thread, one epoll, no checks, no timers, no limits: who makes the same
 * system calls and does a server's duties besides cannot be cheaper. It prints
 * "port N" when it listens on the loopback address.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/accept.h"
#include "tests/bench/wsframe.h"

enum { INPUT_BYTES = 512 * 1024, EVENTS = 1024, PATH_BYTES = 128, FAULT_EVERY = 1000 };

enum mode { BROADCAST, BATCH, ECHO, LOSE, DOUBLE, SWAP, DAMAGE, N_MODES };

static const char *const modes[N_MODES] = { "broadcast", "batch", "echo", "lose", "double", "swap", "damage" };

struct room {
	struct room *next;
	struct conn **members;
	unsigned n, cap;
	char path[PATH_BYTES];
};

struct conn {
	int fd;            /* -1 when it is closed, until the turn ends */
	struct room *room; /* NULL before the handshake */
	unsigned place;    /* in its room */
	uint8_t *in;       /* an incomplete request or frame */
	uint8_t *out;      /* what the socket did not take */
	size_t in_len, out_len;
	struct conn *next_dead;
};

static enum mode mode;
static int epoll;
static struct room *rooms;
static struct conn *dead;
static uint8_t input[INPUT_BYTES], replies[2 * INPUT_BYTES];
static size_t replies_len;

static void *
must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void
watch(struct conn *conn, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events, .data.ptr = conn };

	epoll_ctl(epoll, operation, conn->fd, &event);
}

/* --- connections ------------------------------------------------------------------- */

static void
drop(struct conn *conn)
{
	if (conn->room != NULL) {
		struct conn *last = conn->room->members[--conn->room->n];

		conn->room->members[conn->place] = last;
		last->place = conn->place;
	}
	close(conn->fd);
	conn->fd = -1;
	conn->next_dead = dead;
	dead = conn;
}

static void
bury(void)
{
	while (dead != NULL) {
		struct conn *conn = dead;

		dead = conn->next_dead;
		free(conn->in);
		free(conn->out);
		free(conn);
	}
}

static void
join(struct conn *conn, const char *path)
{
	struct room *room = rooms;

	while (room != NULL && strcmp(room->path, path) != 0)
		room = room->next;
	if (room == NULL) {
		room = must(calloc(1, sizeof(*room)));
		snprintf(room->path, sizeof(room->path), "%s", path);
		room->next = rooms;
		rooms = room;
	}
	if (room->n == room->cap) {
		room->cap = room->cap * 2 + 16;
		room->members = must(realloc(room->members, room->cap * sizeof(*room->members)));
	}
	conn->room = room;
	conn->place = room->n;
	room->members[room->n++] = conn;
}

/* --- sending -------------------------------------------------------------------------- */

static void
give(struct conn *conn, const uint8_t *data, size_t len)
{
	ssize_t n = 0;

	if (conn->out_len == 0) {
		n = send(conn->fd, data, len, MSG_NOSIGNAL);
		if (n == (ssize_t)len || (n < 0 && errno != EAGAIN))
			return; /* an error shows when it is read */
		n = n < 0 ? 0 : n;
		watch(conn, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
	}
	conn->out = must(realloc(conn->out, conn->out_len + len - (size_t)n));
	memcpy(conn->out + conn->out_len, data + n, len - (size_t)n);
	conn->out_len += len - (size_t)n;
}

static void
go_on(struct conn *conn)
{
	ssize_t n = send(conn->fd, conn->out, conn->out_len, MSG_NOSIGNAL);

	if (n <= 0)
		return;
	conn->out_len -= (size_t)n;
	memmove(conn->out, conn->out + n, conn->out_len);
	if (conn->out_len == 0)
		watch(conn, EPOLLIN, EPOLL_CTL_MOD);
}

/* What the load generator must notice. */
static void
give_wrong(struct conn *conn, uint8_t *data, size_t len)
{
	static uint8_t held[INPUT_BYTES];
	static size_t held_len;
	static struct conn *held_for;
	static unsigned n;
	bool now = ++n % FAULT_EVERY == 0;

	if (mode == LOSE && now)
		return;
	if (mode == DAMAGE && now)
		data[len - 1] ^= 1;
	if (mode == SWAP && now) {
		memcpy(held, data, len);
		held_len = len;
		held_for = conn;
		return;
	}
	give(conn, data, len);
	if (mode == DAMAGE && now)
		data[len - 1] ^= 1;
	if (mode == DOUBLE && now)
		give(conn, data, len);
	if (held_for == conn) {
		give(conn, held, held_len);
		held_for = NULL;
	}
}

static void
deliver(struct conn *conn, uint8_t *data, size_t len)
{
	struct room *room = conn->room;

	if (mode == ECHO) {
		give(conn, data, len);
		return;
	}
	for (unsigned i = 0; i < room->n; i++) {
		if (mode >= LOSE)
			give_wrong(room->members[i], data, len);
		else
			give(room->members[i], data, len);
	}
}

static void
deliver_replies(struct conn *conn)
{
	if (replies_len > 0)
		deliver(conn, replies, replies_len);
	replies_len = 0;
}

/* --- receiving ----------------------------------------------------------------------------- */

/* These return how much they used; 0 when it is not complete. */

static size_t
shake_hands(struct conn *conn, uint8_t *data, size_t len)
{
	static const char name[] = "\r\nSec-WebSocket-Key: ";
	char *request = (char *)data, *end = memmem(request, len, "\r\n\r\n", 4), *key, *path;
	char accept[ACCEPT_ANSWER + 1], answer[256];

	if (end == NULL)
		return 0;
	*end = '\0';
	key = strstr(request, name);
	path = strchr(request, ' ');
	if (key == NULL || strlen(key) < sizeof(name) - 1 + ACCEPT_KEY || path == NULL) {
		drop(conn);
		return len;
	}
	accept_answer(key + sizeof(name) - 1, accept);
	path++;
	path[strcspn(path, " ")] = '\0';
	join(conn, path);
	snprintf(answer, sizeof(answer),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n",
	    accept);
	give(conn, (const uint8_t *)answer, strlen(answer));
	return (size_t)(end + 4 - request);
}

static size_t
take_frame(struct conn *conn, uint8_t *data, size_t len)
{
	struct wsframe frame;
	uint8_t *payload, *begin;

	if (!wsframe_read(data, len, &frame))
		return 0;
	if (!frame.masked || frame.opcode == WSFRAME_CLOSE || frame.head + frame.len > INPUT_BYTES / 2) {
		drop(conn);
		return len;
	}
	if (len - frame.head < frame.len)
		return 0;
	if (frame.opcode > WSFRAME_CLOSE)
		return frame.head + frame.len;

	/* The header that goes out has no mask, and lies right before the payload. */
	payload = data + frame.head;
	begin = data + 4;
	wsframe_mask(payload, payload, frame.len, frame.mask);
	wsframe_head(begin, frame.opcode, frame.len, NULL);
	if (mode == BATCH || mode == ECHO) {
		if (replies_len + frame.head + frame.len > sizeof(replies))
			deliver_replies(conn);
		memcpy(replies + replies_len, begin, frame.head - 4 + frame.len);
		replies_len += frame.head - 4 + frame.len;
	} else {
		deliver(conn, begin, frame.head - 4 + frame.len);
	}
	return frame.head + frame.len;
}

static void
receive(struct conn *conn)
{
	size_t have = conn->in_len, used = 0, n;
	ssize_t got;

	if (have > 0)
		memcpy(input, conn->in, have);
	got = recv(conn->fd, input + have, sizeof(input) - have, 0);
	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			drop(conn);
		return;
	}
	have += (size_t)got;
	do {
		n = conn->room != NULL ? take_frame(conn, input + used, have - used)
				       : shake_hands(conn, input + used, have - used);
		used += n;
	} while (n > 0 && used < have && conn->fd >= 0);
	if (conn->fd < 0)
		return;
	deliver_replies(conn);
	if (conn->in_len == 0 && used == have)
		return;
	conn->in_len = have - used;
	conn->in = must(realloc(conn->in, conn->in_len + 1));
	memcpy(conn->in, input + used, conn->in_len);
}

static void
accept_all(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *conn = must(calloc(1, sizeof(*conn)));

		conn->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		watch(conn, EPOLLIN, EPOLL_CTL_ADD);
	}
}

/* --- the loop -------------------------------------------------------------------------------- */

static int
listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		perror("floor: listen");
		exit(1);
	}
	printf("port %u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void
turn(int listener)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(epoll, events, EVENTS, -1);

	for (int i = 0; i < n; i++) {
		struct conn *conn = events[i].data.ptr;

		if (conn == NULL) {
			accept_all(listener);
			continue;
		}
		if (events[i].events & EPOLLOUT)
			go_on(conn);
		if (events[i].events & ~(uint32_t)EPOLLOUT)
			receive(conn);
	}
	bury();
}

int
main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct rlimit files;
	int listener;

	while (mode < N_MODES && (argc != 2 || strcmp(argv[1], modes[mode]) != 0))
		mode++;
	if (mode == N_MODES) {
		fputs("usage: floor broadcast|batch|echo|lose|double|swap|damage\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	listener = listen_somewhere();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;)
		turn(listener);
}
