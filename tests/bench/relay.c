/*
 * relay - what it costs to reach another host, and the least that it could.
 *
 *     relay trip REDIS SECONDS            a bare PUBLISH to a bare subscriber, one at a time
 *     relay rate REDIS SECONDS            a bare publisher, 16 on their way, to a bare subscriber
 *     relay push BUS PORT SECONDS         a push to a WebSocket, one at a time
 *     relay flood BUS REDIS SECONDS       pushes, 256 on their way, to a bare subscriber
 *     relay across BUS PORT PATH SECONDS  pushes, 256 on their way, to a WebSocket
 *     relay load REDIS PER_SECOND PORT    publishes to another path until it is stopped
 *
 * REDIS is a unix socket; pushes go to PATH, or to /ws/push/0. Each measurement is
 * a line of JSON. The status is 1 when a message was lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "shared/clock.h"
#include "sidecar/relay/envelope.h"
#include "tests/bench/histogram.h"
#include "tests/bench/pusher.h"

enum { MESSAGE_BYTES = 128, PIPELINED = 16, WINDOW = 256, PATIENCE_S = 5 };

static const char path[] = "/ws/push/0";
static const char channel[] = "tina4:ws:/ws/push/0";
static const char other_path[] = "/ws/push/1";
static const char other_channel[] = "tina4:ws:/ws/push/1";
static char text[MESSAGE_BYTES];

static uint64_t
end_of(const char *seconds)
{
	return (uint64_t)clock_ns() + (uint64_t)(strtod(seconds, NULL) * 1e9);
}

static void
die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

static void
print_latencies(const struct histogram *latencies)
{
	printf("{\"n\": %llu, \"p50_us\": %.2f, \"p99_us\": %.2f}\n", (unsigned long long)latencies->n,
	    histogram_us(latencies, 0.5), histogram_us(latencies, 0.99));
}

/* --- Redis -------------------------------------------------------------------------- */

static redisContext *
redis_at(const char *socket)
{
	redisContext *redis = redisConnectUnix(socket);

	if (redis == NULL || redis->err != 0)
		die(socket);
	redisSetTimeout(redis, (struct timeval){ .tv_sec = PATIENCE_S });
	return redis;
}

static redisReply *
reply_of(redisContext *redis)
{
	redisReply *reply;

	if (redisGetReply(redis, (void **)&reply) != REDIS_OK || reply->type == REDIS_REPLY_ERROR)
		die("redis");
	return reply;
}

static redisContext *
subscriber_at(const char *socket)
{
	redisContext *redis = redis_at(socket);

	redisAppendCommand(redis, "SUBSCRIBE %s", channel);
	freeReplyObject(reply_of(redis));
	return redis;
}

static void
publish(redisContext *redis)
{
	redisAppendCommand(redis, "PUBLISH %s %b", channel, text, sizeof(text));
}

static int
trip(const char *socket, const char *seconds)
{
	redisContext *sub = subscriber_at(socket), *pub = redis_at(socket);
	static struct histogram latencies;
	uint64_t end = end_of(seconds), begun, done = 0;
	int written;

	while (done < end) {
		begun = (uint64_t)clock_ns();
		publish(pub);
		while (redisBufferWrite(pub, &written) == REDIS_OK && !written)
			;
		freeReplyObject(reply_of(sub));
		done = (uint64_t)clock_ns();
		histogram_add(&latencies, done - begun);
		freeReplyObject(reply_of(pub));
	}
	print_latencies(&latencies);
	return 0;
}

/* Counts what arrives on the channel. */
struct counter {
	pthread_t thread;
	redisContext *redis;
	uint64_t n, last_ns;
};

/* Our commands, and what a bare publisher says; not the counts of hosts. */
static bool
is_message(const redisReply *reply)
{
	struct envelope envelope;

	if (envelope_get(reply->element[2]->str, reply->element[2]->len, &envelope) < 0)
		return true;
	return envelope.type == ENVELOPE_COMMAND;
}

static void *
count(void *context)
{
	struct counter *counter = context;
	redisReply *reply;

	while (redisGetReply(counter->redis, (void **)&reply) == REDIS_OK) {
		if (is_message(reply)) {
			counter->n++;
			counter->last_ns = (uint64_t)clock_ns();
		}
		freeReplyObject(reply);
	}
	return NULL;
}

static void
begin_count(struct counter *counter, const char *socket)
{
	*counter = (struct counter){ .redis = subscriber_at(socket) };
	redisSetTimeout(counter->redis, (struct timeval){ .tv_sec = 1 });
	if (pthread_create(&counter->thread, NULL, count, counter) != 0)
		die("a thread");
}

static int
end_count(struct counter *counter, uint64_t sent, uint64_t begun_ns)
{
	pthread_join(counter->thread, NULL); /* nothing has come for a second */
	printf("{\"sent\": %llu, \"received\": %llu, \"per_second\": %.0f}\n", (unsigned long long)sent,
	    (unsigned long long)counter->n, (double)counter->n * 1e9 / (double)(counter->last_ns - begun_ns));
	return counter->n == sent ? 0 : 1;
}

static int
rate(const char *socket, const char *seconds)
{
	redisContext *pub = redis_at(socket);
	uint64_t end = end_of(seconds), begun, sent = 0, answered = 0;
	struct counter counter;

	begin_count(&counter, socket);
	begun = (uint64_t)clock_ns();
	while ((uint64_t)clock_ns() < end) {
		while (sent - answered < PIPELINED) {
			publish(pub);
			sent++;
		}
		while (answered < sent) {
			freeReplyObject(reply_of(pub));
			answered++;
		}
	}
	return end_count(&counter, sent, begun);
}

/* --- pushes ----------------------------------------------------------------------------- */

/* Returns how many were pushed. */
static uint64_t
push_many(void *socket, const char *room, const char *seconds)
{
	uint64_t end = end_of(seconds), sent = 0, answered = 0;

	while ((uint64_t)clock_ns() < end) {
		for (; sent - answered < WINDOW; sent++)
			pusher_send(socket, room, text, sizeof(text));
		for (unsigned i = 0; i < WINDOW / 2; i++, answered++)
			pusher_take_receipt(socket);
	}
	for (; answered < sent; answered++)
		pusher_take_receipt(socket);
	return sent;
}

static int
flood(const char *bus, const char *redis, const char *seconds)
{
	void *socket = pusher_open(zmq_ctx_new(), bus);
	uint64_t begun, sent;
	struct counter counter;

	begin_count(&counter, redis);
	begun = (uint64_t)clock_ns();
	sent = push_many(socket, path, seconds);
	return end_count(&counter, sent, begun);
}

/* --- WebSockets --------------------------------------------------------------------------- */

static int
websocket(unsigned port, const char *room)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM, 0), len;
	char request[512], answer[2048] = "";
	size_t got = 0;

	len = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	    room);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || send(fd, request, (size_t)len, 0) != len)
		die("connect");
	while (strstr(answer, "\r\n\r\n") == NULL) {
		ssize_t n = recv(fd, answer + got, sizeof(answer) - 1 - got, 0);

		if (n <= 0)
			die("no answer");
		got += (size_t)n;
		answer[got] = '\0';
	}
	if (strncmp(answer, "HTTP/1.1 101", 12) != 0) {
		fprintf(stderr, "relay: no WebSocket: %.40s\n", answer);
		exit(1);
	}
	return fd;
}

enum { FRAME_BYTES = 4 + MESSAGE_BYTES }; /* of a message */

static void
take_message(int fd)
{
	uint8_t frame[FRAME_BYTES];

	if (recv(fd, frame, sizeof(frame), MSG_WAITALL) != sizeof(frame))
		die("no message");
}

static void
wait_until_subscribed(void)
{
	const struct timespec moment = { .tv_nsec = 200000000 };

	nanosleep(&moment, NULL);
}

static int
push(const char *bus, const char *port, const char *seconds)
{
	int fd = websocket((unsigned)atoi(port), path);
	void *socket = pusher_open(zmq_ctx_new(), bus);
	static struct histogram latencies;
	uint64_t end, begun, done = 0;

	wait_until_subscribed();
	end = end_of(seconds);
	while (done < end) {
		begun = (uint64_t)clock_ns();
		pusher_send(socket, path, text, sizeof(text));
		take_message(fd);
		done = (uint64_t)clock_ns();
		histogram_add(&latencies, done - begun);
		pusher_take_receipt(socket);
	}
	print_latencies(&latencies);
	return 0;
}

/* Counts the bytes that arrive. */
struct receiver {
	pthread_t thread;
	int fd;
	uint64_t bytes, last_ns;
};

static void *
receive(void *context)
{
	static char bytes[1 << 16];
	struct receiver *receiver = context;
	ssize_t n;

	while ((n = recv(receiver->fd, bytes, sizeof(bytes), 0)) > 0) {
		receiver->bytes += (uint64_t)n;
		receiver->last_ns = (uint64_t)clock_ns();
	}
	return NULL;
}

static int
across(const char *bus, const char *port, const char *room, const char *seconds)
{
	struct receiver receiver = { .fd = websocket((unsigned)atoi(port), room) };
	void *socket = pusher_open(zmq_ctx_new(), bus);
	const struct timeval patience = { .tv_sec = 1 };
	uint64_t begun, sent, n;

	wait_until_subscribed();
	setsockopt(receiver.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (pthread_create(&receiver.thread, NULL, receive, &receiver) != 0)
		die("a thread");
	begun = (uint64_t)clock_ns();
	sent = push_many(socket, room, seconds);
	pthread_join(receiver.thread, NULL); /* nothing has come for a second */
	n = receiver.bytes / FRAME_BYTES;
	printf("{\"sent\": %llu, \"received\": %llu, \"per_second\": %.0f}\n", (unsigned long long)sent,
	    (unsigned long long)n, (double)n * 1e9 / (double)(receiver.last_ns - begun));
	return n == sent ? 0 : 1;
}

/* Takes what comes, so that the sidecar has all of its work. */
static void *
drain(void *fd)
{
	static char bytes[1 << 16];

	while (recv(*(int *)fd, bytes, sizeof(bytes), 0) > 0)
		;
	return NULL;
}

/* A steady stream to another path, of what a host would say, and somebody at PORT who hears it. */
static int
load(const char *socket, const char *per_second, const char *port)
{
	struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = clock_unix_ms() * 1000000,
		.command = { .type = WIRE_PUSH, .key = span_of(other_path), .data = { text, sizeof(text) } } };
	redisContext *pub = redis_at(socket);
	int fd = websocket((unsigned)atoi(port), other_path);
	double each_ns = 1e9 / strtod(per_second, NULL);
	uint64_t begun = (uint64_t)clock_ns();
	const struct timespec little = { .tv_nsec = 200000 };
	struct buf message = BUF_INIT;
	pthread_t thread;

	if (pthread_create(&thread, NULL, drain, &fd) != 0)
		die("a thread");
	puts("ready");
	fflush(stdout);
	while (getppid() != 1) {
		uint64_t due = (uint64_t)((double)((uint64_t)clock_ns() - begun) / each_ns), n = 0;

		for (; envelope.sequence < due && n < PIPELINED; n++) {
			envelope.sequence++;
			buf_clear(&message);
			envelope_put(&message, &envelope);
			redisAppendCommand(pub, "PUBLISH %s %b", other_channel, message.data, message.len);
		}
		if (n == 0)
			nanosleep(&little, NULL);
		while (n-- > 0)
			freeReplyObject(reply_of(pub));
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";

	memset(text, 'x', sizeof(text));
	if (strcmp(mode, "trip") == 0 && argc == 4)
		return trip(argv[2], argv[3]);
	if (strcmp(mode, "rate") == 0 && argc == 4)
		return rate(argv[2], argv[3]);
	if (strcmp(mode, "push") == 0 && argc == 5)
		return push(argv[2], argv[3], argv[4]);
	if (strcmp(mode, "flood") == 0 && argc == 5)
		return flood(argv[2], argv[3], argv[4]);
	if (strcmp(mode, "load") == 0 && argc == 5)
		return load(argv[2], argv[3], argv[4]);
	if (strcmp(mode, "across") == 0 && argc == 6)
		return across(argv[2], argv[3], argv[4], argv[5]);
	fputs("usage: relay trip|rate|push|flood|across|load ...: see relay.c\n", stderr);
	return 2;
}
