/*
 * logqueue - lines that wait for whoever reads standard error.
 *
 * A pipe that nobody reads stops who writes to it. A thread of its own waits
 * there in the place of all others, who leave their lines in a buffer of
 * LOGQUEUE_BYTES. What finds no room is dropped, counted, and said in the place
 * where it is missing.
 *
 * A child of fork() has no such thread: it writes by itself until it starts one.
 */
#ifndef SHARED_LOGQUEUE_H
#define SHARED_LOGQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum logqueue_limits {
	LOGQUEUE_BYTES = 256 << 10,
	LOGQUEUE_WRITE_BYTES = 4096, /* of whole lines, in one write(2): a pipe takes so much at once, or nothing */
	LOGQUEUE_EXIT_MS = 1000,     /* in which an ending process waits for its last lines to be written */
	LOGQUEUE_NOTICE_BYTES = 128,
};

/* What the queue asks of the log, from any thread. */
struct logqueue_events {
	/* Puts into ret, of LOGQUEUE_NOTICE_BYTES, a line that says how many are missing here. Returns its length. */
	size_t (*dropped)(char *ret, uint64_t n);
	/* Once a second while logqueue_wake() asks for it: may push lines. */
	bool (*second)(void);
};

/* Starts the thread; the events are borrowed for ever. Returns 0, also when there is one, or a negative errno. */
int logqueue_start(const struct logqueue_events *events);

/*
 * Takes a line with its end. Never waits. Returns false when there is no thread:
 * the caller writes it.
 */
bool logqueue_push(const char *line, size_t len);

/* Asks for events->second(), within a second, and each second as long as it returns true. */
void logqueue_wake(void);

/* Waits LOGQUEUE_EXIT_MS at most for what is there to be written, and ends the thread. exit(3) calls it. */
void logqueue_stop(void);

/* Lines that found no room, since the process began. */
uint64_t logqueue_n_dropped(void);

#endif
