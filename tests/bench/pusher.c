#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "shared/clock.h"
#include "shared/wire.h"
#include "tests/bench/pusher.h"

static void
die(const char *what)
{
	fprintf(stderr, "pusher: %s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

void *
pusher_open(void *context, const char *endpoint)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
	int patience = PUSHER_PATIENCE_MS, none = 0;

	if (socket == NULL || zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof(none)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof(none)) < 0 || zmq_connect(socket, endpoint) < 0)
		die(endpoint);
	return socket;
}

void
pusher_send(void *socket, const char *path, const void *data, size_t len)
{
	static struct buf message;
	static struct wire_id id; /* half of it random: another run's would be taken for a retry */
	static uint64_t n;
	struct wire_request request = {
		.deadline_ms = clock_unix_ms() + PUSHER_PATIENCE_MS,
		.command = { .type = WIRE_PUSH, .key = span_of(path), .data = { data, len } },
	};

	if (n++ == 0 && wire_id_random(&id) < 0)
		die("a random id");
	memcpy(id.bytes, &n, sizeof(n));
	request.id = id;
	buf_clear(&message);
	wire_put_header(&message, WIRE_REQUEST, n);
	wire_put_request(&message, &request);
	if (zmq_send(socket, message.data, message.len, 0) < 0)
		die("send");
}

void
pusher_take_receipt(void *socket)
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
		fprintf(stderr, "pusher: an answer of type %d\n", header.type);
		exit(1);
	}
	if (header.type == WIRE_REPLY && (wire_get_reply(&reader, &reply) < 0 || reply.status != WIRE_OK)) {
		fprintf(stderr, "pusher: refused with status %d\n", reply.status);
		exit(1);
	}
}
