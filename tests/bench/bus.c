/*
 * bus - pushes over the bus as a program without the library would, and the
 * least that such a bus does.
 *
 *     bus router ENDPOINT                  a bare ROUTER that returns what it gets
 *     bus ask ENDPOINT CALLERS SECONDS     each caller has one push on its way
 *     bus publish ENDPOINT                 pushes each line of standard input
 *
 * ask prints a line of JSON and takes whatever answers it; publish reads lines
 * of a room's number, a space and a message, and ends with status 1 when a push
 * was refused.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "shared/buf.h"
#include "shared/wire.h"
#include "tests/bench/histogram.h"

enum { MAX_CALLERS = 256, MESSAGE_BYTES = 128, INPUT_BYTES = 1 << 20, PATIENCE_MS = 5000, RECEIPTS = 64 };

static void *context;

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
die(const char *what)
{
	fprintf(stderr, "bus: %s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

static void *
dealer(const char *endpoint)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
	int patience = PATIENCE_MS, none = 0;

	if (socket == NULL || zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof(none)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof(none)) < 0 || zmq_connect(socket, endpoint) < 0)
		die(endpoint);
	return socket;
}

static void
send_push(void *socket, const char *path, const char *data, size_t len)
{
	static struct buf message;
	static uint64_t n;
	struct wire_request request = {
		.deadline_ms = now_ns(CLOCK_REALTIME) / 1000000 + PATIENCE_MS,
		.command = { .type = WIRE_PUSH, .key = span_of(path), .data = { data, len } },
	};

	if (n++ == 0 && wire_id_random(&request.id) < 0)
		die("a random id");
	memcpy(request.id.bytes, &n, sizeof(n));
	buf_clear(&message);
	wire_put_header(&message, WIRE_REQUEST, n);
	wire_put_request(&message, &request);
	if (zmq_send(socket, message.data, message.len, 0) < 0)
		die("send");
}

/* --- router ----------------------------------------------------------------------- */

static int
router(const char *endpoint)
{
	void *socket = zmq_socket(context, ZMQ_ROUTER);
	zmq_msg_t peer, message;

	if (socket == NULL || zmq_bind(socket, endpoint) < 0)
		die(endpoint);
	puts("ready");
	fflush(stdout);
	zmq_msg_init(&peer);
	zmq_msg_init(&message);
	while (zmq_msg_recv(&peer, socket, 0) >= 0 && zmq_msg_recv(&message, socket, 0) >= 0) {
		zmq_msg_send(&peer, socket, ZMQ_SNDMORE);
		zmq_msg_send(&message, socket, 0);
	}
	die("router");
	return 1;
}

/* --- ask ---------------------------------------------------------------------------- */

static void
take_receipt(void *socket)
{
	struct wire_reply reply = { .status = WIRE_OK };
	struct wire_header header;
	struct wire_reader reader;
	uint8_t answer[1024];
	int n = zmq_recv(socket, answer, sizeof(answer), 0);

	if (n < 0)
		die("no receipt");
	reader = wire_reader(answer, (size_t)n < sizeof(answer) ? (size_t)n : sizeof(answer));
	if (wire_get_header(&reader, &header) < 0 || (header.type != WIRE_REPLY && header.type != WIRE_REQUEST)) {
		fprintf(stderr, "bus: an answer of type %d\n", header.type);
		exit(1);
	}
	if (header.type == WIRE_REPLY && (wire_get_reply(&reader, &reply) < 0 || reply.status != WIRE_OK)) {
		fprintf(stderr, "bus: refused with status %d\n", reply.status);
		exit(1);
	}
}

static int
ask(const char *endpoint, unsigned n, double seconds)
{
	static struct histogram latencies;
	static uint64_t sent[MAX_CALLERS];
	char text[MESSAGE_BYTES];
	void *callers[MAX_CALLERS];
	uint64_t begun, end, now;

	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < n; i++) { /* the first round connects */
		callers[i] = dealer(endpoint);
		send_push(callers[i], "/ws/push/0", text, sizeof(text));
		take_receipt(callers[i]);
	}
	begun = now = now_ns(CLOCK_MONOTONIC);
	end = begun + (uint64_t)(seconds * 1e9);
	for (unsigned i = 0; i < n; i++) {
		sent[i] = now;
		send_push(callers[i], "/ws/push/0", text, sizeof(text));
	}
	while (now < end) {
		for (unsigned i = 0; i < n; i++) {
			take_receipt(callers[i]);
			now = now_ns(CLOCK_MONOTONIC);
			histogram_add(&latencies, now - sent[i]);
			sent[i] = now;
			send_push(callers[i], "/ws/push/0", text, sizeof(text));
		}
	}
	printf("{\"callers\":%u,\"pushes\":%" PRIu64 ",\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", n,
	    latencies.n, (double)(now - begun) / 1e9, histogram_us(&latencies, 0.5), histogram_us(&latencies, 0.99));
	return 0;
}

/* --- publish -------------------------------------------------------------------------- */

static int
publish(const char *endpoint)
{
	static char input[INPUT_BYTES];
	void *socket = dealer(endpoint);
	uint64_t asked = 0, answered = 0;
	size_t have = 0;
	ssize_t n;

	while ((n = read(STDIN_FILENO, input + have, sizeof(input) - have)) > 0) {
		char *line = input, *end;

		have += (size_t)n;
		while ((end = memchr(line, '\n', have - (size_t)(line - input))) != NULL) {
			char *message = memchr(line, ' ', (size_t)(end - line));
			char path[64];

			if (message == NULL)
				return 1;
			snprintf(path, sizeof(path), "/ws/push/%.*s", (int)(message - line), line);
			message++;
			send_push(socket, path, message, (size_t)(end - message));
			asked++;
			line = end + 1;
		}
		have -= (size_t)(line - input);
		memmove(input, line, have);
		/* Clients have got the messages before these; the receipts of the last ones may be on their way. */
		for (; asked - answered > RECEIPTS; answered++)
			take_receipt(socket);
	}
	for (; answered < asked; answered++)
		take_receipt(socket);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	unsigned callers = argc == 5 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

	context = zmq_ctx_new();
	if (context == NULL)
		die("context");
	if (argc == 3 && strcmp(what, "router") == 0)
		return router(argv[2]);
	if (argc == 3 && strcmp(what, "publish") == 0)
		return publish(argv[2]);
	if (callers > 0 && callers <= MAX_CALLERS && strcmp(what, "ask") == 0)
		return ask(argv[2], callers, strtod(argv[4], NULL));
	fputs("usage: bus router|publish ENDPOINT\n       bus ask ENDPOINT CALLERS SECONDS\n", stderr);
	return 2;
}
