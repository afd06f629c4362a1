#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "shared/clock.h"
#include "tests/unit/fake_sidecar.h"

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void
fake_prepare(struct fake_sidecar *fake)
{
	*fake = (struct fake_sidecar){ .dir = "/tmp/tina4-test-XXXXXX", .epoch = 100 };
	must(mkdtemp(fake->dir) != NULL, "mkdtemp");
	snprintf(fake->endpoint, sizeof(fake->endpoint), "ipc://%s/bus", fake->dir);
}

void
fake_start(struct fake_sidecar *fake)
{
	fake->epoch++;
	fake->zmq = zmq_ctx_new();
	must(fake->zmq != NULL, "zmq_ctx_new");
	must(bus_bind(&fake->bus, fake->zmq, fake->endpoint, 0600) == 0, "bus_bind");
}

void
fake_stop(struct fake_sidecar *fake)
{
	bus_free(fake->bus);
	fake->bus = NULL;
	zmq_ctx_term(fake->zmq);
	fake->zmq = NULL;
}

void
fake_cleanup(struct fake_sidecar *fake)
{
	unlink(fake->endpoint + strlen("ipc://"));
	rmdir(fake->dir);
}

void
fake_release(struct fake_message *message)
{
	if (message->held)
		bus_message_close(&message->message);
	message->held = false;
}

bool
fake_recv(struct fake_sidecar *fake, struct fake_message *ret, int timeout_ms)
{
	zmq_pollitem_t item = { .socket = bus_socket(fake->bus), .events = ZMQ_POLLIN };

	fake_release(ret);
	if (zmq_poll(&item, 1, timeout_ms) != 1 || bus_recv(fake->bus, &fake->peer, &ret->message) < 0)
		return false;
	ret->held = true;
	if (bus_message_bytes(&ret->message) == 0) /* only tells that it has connected */
		return fake_recv(fake, ret, timeout_ms);
	ret->body = bus_message_reader(&ret->message);
	return wire_get_header(&ret->body, &ret->header) == 0;
}

bool
fake_expect(struct fake_sidecar *fake, struct fake_message *ret, enum wire_type type)
{
	int64_t end_ms = clock_ms() + FAKE_PATIENCE_MS; /* a worker that only says heartbeats is no answer */

	do
		if (clock_ms() >= end_ms || !fake_recv(fake, ret, FAKE_PATIENCE_MS))
			return false;
	while (ret->header.type != type && (ret->header.type == WIRE_HEARTBEAT || ret->header.type == WIRE_HELLO));
	return ret->header.type == type;
}

void
fake_send(struct fake_sidecar *fake, struct buf *buf)
{
	must(bus_send(fake->bus, &fake->peer, buf) == 0, "bus_send");
	buf_free(buf);
}

void
fake_send_header(struct fake_sidecar *fake, enum wire_type type, uint64_t id)
{
	struct buf buf = BUF_INIT;

	wire_put_header(&buf, type, id);
	fake_send(fake, &buf);
}

void
fake_send_welcome(struct fake_sidecar *fake)
{
	struct wire_welcome welcome = { .epoch = fake->epoch, .max_message = 1000, .attribute_bytes = 100 };
	struct buf buf = BUF_INIT;

	wire_put_header(&buf, WIRE_WELCOME, 0);
	wire_put_welcome(&buf, &welcome);
	fake_send(fake, &buf);
}
