/*
 * call - one request to a FastCGI application.
 */
#ifndef FCGI_BRIDGE_CALL_H
#define FCGI_BRIDGE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "fcgi/bridge/record.h"
#include "shared/buf.h"
#include "shared/endpoint.h"

/* A request on its way. Zeroed there is none. */
struct call {
	int fd;
	bool connecting;
	int error;      /* CALL_AWAY: why, an errno */
	struct buf out; /* what is to be sent ... */
	size_t n_sent;  /* ... less so much of it */
	struct record_reader reader;
	struct buf answer, err, values;
};

enum call_state {
	CALL_GOING, /* it waits for call_events() */
	CALL_DONE,  /* there is an answer */
	CALL_AWAY,  /* nobody takes it: nobody listens, or who does has too much to do (error is 0) */
	CALL_DEAD,  /* it ended without an answer */
	CALL_WRONG, /* what came is no FastCGI, or too much */
};

/* Begins with what is in out. */
enum call_state call_begin(struct call *call, const struct endpoint *endpoint);

/* Sends and reads what is possible now. */
enum call_state call_work(struct call *call);

/* What to wait for: events of poll(2), whose bits are those of epoll(7). */
short call_events(const struct call *call);

/* Closes the connection and empties all of it. */
void call_end(struct call *call);

/* Waits for what call_begin() began, max_ms, or until the process is told to stop. CALL_GOING: it took longer. */
enum call_state call_await(struct call *call, int64_t max_ms);

/* Waits so long. Returns false when the process is told to stop meanwhile. */
bool call_rest(int64_t ms);

#endif
