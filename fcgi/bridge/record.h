/*
 * record - FastCGI 1.0 as a web server speaks it: one request on a connection.
 * Section numbers are those of the FastCGI Specification of 1996. Pure.
 */
#ifndef FCGI_BRIDGE_RECORD_H
#define FCGI_BRIDGE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"

struct buf;

enum record_limits {
	RECORD_HEADER_BYTES = 8,
	RECORD_MAX_CONTENT = 65528, /* of one: a multiple of 8, so that none needs padding */
};

enum record_status { /* of protocolStatus, section 5.5 */
	RECORD_COMPLETE = 0,
	RECORD_CANNOT_MULTIPLEX = 1,
	RECORD_OVERLOADED = 2,
	RECORD_UNKNOWN_ROLE = 3,
};

/* Appends a name and its value (section 3.4). */
void record_put_pair(struct buf *buf, struct span name, struct span value);

/*
 * Appends a whole request: its pairs, no one of which is cut by the end of a
 * record, as PHP wants it, and its body. Returns 0, -E2BIG when a pair is
 * larger than a record, or -ENOMEM.
 */
int record_put_request(struct buf *buf, struct span pairs, struct span body);

/* Appends the question how many requests the other side takes at once (section 4.1). */
void record_put_question(struct buf *buf);

/* Reads what comes back, in pieces of any size. Zeroed it is at the beginning. */
struct record_reader {
	uint8_t header[RECORD_HEADER_BYTES];
	size_t n_header;
	size_t content; /* bytes of the record that are still to come ... */
	size_t padding; /* ... and then of its padding */
	uint8_t end[RECORD_HEADER_BYTES];
	size_t n_end;
	bool ended; /* all is there */
	enum record_status status;
};

/* Where to put it. */
struct record_sink {
	struct buf *out, *err; /* what the script wrote */
	struct buf *values;    /* answers to the question, or NULL */
	size_t max_out;        /* bytes; of err what is past RECORD_MAX_CONTENT is dropped */
};

/* Returns 0, -EPROTO for what is no FastCGI, -EFBIG when out is full, or -ENOMEM. What follows the end is ignored. */
int record_read(struct record_reader *reader, const void *data, size_t len, const struct record_sink *sink);

/* The number that the answer has for FCGI_MAX_CONNS, at least 1; 0 when it has none. */
unsigned record_max_connections(struct span values);

#endif
