/*
 * crowd - many WebSocket clients of one server, in one epoll.
 *
 * They answer pings and close frames themselves; their handler gets the
 * messages. Nothing is sent before crowd_flush(), so that all that one put
 * makes one write.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "tests/bench/histogram.h"

struct client;

struct crowd {
	/* These are the owner's. */
	bool deflate;      /* they insist on permessage-deflate, though what they send is plain */
	char headers[512]; /* of the upgrade, beside those that it must have: each with its CRLF */
	void (*write_path)(unsigned client, char *ret, size_t size); /* the target of its upgrade */
	/* Data is borrowed for the call; now is when it was received. */
	void (*on_message)(unsigned client, const uint8_t *data, size_t len, uint64_t now);

	/* What happened so far. */
	unsigned opened;
	unsigned refused;            /* no handshake */
	unsigned closed;             /* by the server, after the handshake */
	unsigned broken;             /* had sent what is no frame of a server, and were given up */
	char complaint[160];         /* the first of these */
	struct histogram handshakes; /* from connect(2) to the answer */

	struct client *clients;
	unsigned port;
	unsigned under_way; /* handshakes */
	int epoll;
	uint8_t *input;
	z_stream inflater;
	uint8_t *inflated;
};

/* The monotonic clock. */
uint64_t crowd_now(void);

/* Makes room for n clients on port. Ends the process where that fails. */
void crowd_init(struct crowd *crowd, unsigned n, unsigned port);

/* Opens clients from the first to before the last. Returns when each is open or refused. */
void crowd_open(struct crowd *crowd, unsigned first, unsigned last);

/* Queues a text message of a client's. */
void crowd_put(struct crowd *crowd, unsigned client, const void *data, size_t len);

/* Writes what a client has queued, as far as its socket takes it; the rest follows by itself. */
void crowd_flush(struct crowd *crowd, unsigned client);

/* Waits for something to happen, and handles what did. */
void crowd_poll(struct crowd *crowd, int timeout_ms);

/* Does so for a while. */
void crowd_rest(struct crowd *crowd, double seconds);

#endif
