/*
 * fake_sidecar - the sidecar's end of the bus, led by a test step by step.
 *
 * It binds in a temporary directory, takes messages and answers only what the
 * test tells it to. It belongs to one thread.
 */
#ifndef TESTS_UNIT_FAKE_SIDECAR_H
#define TESTS_UNIT_FAKE_SIDECAR_H

#include <stdbool.h>

#include "shared/bus.h"
#include "shared/wire.h"

enum { FAKE_PATIENCE_MS = 10000 }; /* longer than anything takes */

struct fake_sidecar {
	char dir[64];
	char endpoint[80];
	void *zmq;
	struct bus *bus;
	struct bus_peer peer; /* who sent the last message */
	uint64_t epoch;
};

/* A message that was taken; the next fake_recv() frees it. */
struct fake_message {
	struct bus_message message;
	bool held;
	struct wire_header header;
	struct wire_reader body;
};

/* Makes the directory and the endpoint's name; nobody is there yet. Aborts when it cannot. */
void fake_prepare(struct fake_sidecar *fake);
/* Is there, or is not. A new start has a new epoch. */
void fake_start(struct fake_sidecar *fake);
void fake_stop(struct fake_sidecar *fake);
/* Removes the directory. */
void fake_cleanup(struct fake_sidecar *fake);

/* Takes the next message, whatever it is. Returns false when none comes in time. */
bool fake_recv(struct fake_sidecar *fake, struct fake_message *ret, int timeout_ms);
/*
 * Takes the next message that is neither a heartbeat nor a HELLO, which on a busy
 * machine is said again before its WELCOME is there. Returns true when it is of
 * this type, which may be one of the two.
 */
bool fake_expect(struct fake_sidecar *fake, struct fake_message *ret, enum wire_type type);
void fake_release(struct fake_message *message);

/* Sends to the last peer and frees the buffer. */
void fake_send(struct fake_sidecar *fake, struct buf *buf);
/* A message that is only a header. */
void fake_send_header(struct fake_sidecar *fake, enum wire_type type, uint64_t id);
void fake_send_welcome(struct fake_sidecar *fake);

#endif
