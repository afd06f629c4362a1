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
#include <unistd.h>
#include <zmq.h>

#include "shared/clock.h"
#include "tests/bench/histogram.h"
#include "tests/bench/pusher.h"

enum { MAX_CALLERS = 256, MESSAGE_BYTES = 128, INPUT_BYTES = 1 << 20, RECEIPTS = 64 };

static void *context;

static void
die(const char *what)
{
	fprintf(stderr, "bus: %s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
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
		callers[i] = pusher_open(context, endpoint);
		pusher_send(callers[i], "/ws/push/0", text, sizeof(text));
		pusher_take_receipt(callers[i]);
	}
	begun = now = (uint64_t)clock_ns();
	end = begun + (uint64_t)(seconds * 1e9);
	for (unsigned i = 0; i < n; i++) {
		sent[i] = now;
		pusher_send(callers[i], "/ws/push/0", text, sizeof(text));
	}
	while (now < end) {
		for (unsigned i = 0; i < n; i++) {
			pusher_take_receipt(callers[i]);
			now = (uint64_t)clock_ns();
			histogram_add(&latencies, now - sent[i]);
			sent[i] = now;
			pusher_send(callers[i], "/ws/push/0", text, sizeof(text));
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
	void *socket = pusher_open(context, endpoint);
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
			pusher_send(socket, path, message, (size_t)(end - message));
			asked++;
			line = end + 1;
		}
		have -= (size_t)(line - input);
		memmove(input, line, have);
		/* Clients have got the messages before these; the receipts of the last ones may be on their way. */
		for (; asked - answered > RECEIPTS; answered++)
			pusher_take_receipt(socket);
	}
	for (; answered < asked; answered++)
		pusher_take_receipt(socket);
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
