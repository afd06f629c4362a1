/*
 * child - one worker process of a supervisor: how it starts, what it is at, and
 * over what it died.
 *
 * It is the program once more, from the disk, not a copy of the supervisor: so
 * it has no thread, descriptor or lock that it did not make, and a program that
 * was rebuilt is what starts.
 */
#ifndef FCGI_CHILD_H
#define FCGI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/wire.h"

struct hand;

/* What is started. All borrowed. */
struct child_program {
	const char *path;
	char *const *argv;
	const sigset_t *blocked; /* signals, in it */
};

struct child {
	pid_t pid; /* 0: there is none */
	uint32_t number;
	struct hand *hand;
	int64_t ready_ms;          /* when it was seen to be ready; 0: not yet */
	int64_t kill_ms;           /* it was asked to stop, and is killed then; 0: it was not */
	bool overdue;              /* it was killed ... */
	struct wire_delivery over; /* ... because this took too long */
};

/* Starts it: watch says who it is. Returns 0 or a negative errno. */
int child_start(struct child *child, const struct child_program *program, const struct wire_watch *watch);

/* Asks it to stop, and to have stopped by kill_ms. The first call counts. */
void child_stop(struct child *child, int64_t kill_ms);

/* Ends it at once, which blames nobody. */
void child_kill(struct child *child);

/*
 * Looks at it: notes whether it is ready, and ends it when a handler or the worker
 * itself has been silent for too long, or when it was to have stopped. back_ms:
 * see verdict_is_overdue().
 */
void child_look(struct child *child, int64_t back_ms, int64_t now_ms);

/* True when it has an event in hand; *ret_since_ms is since when. */
bool child_is_busy(const struct child *child, int64_t *ret_since_ms);

/* Returns true and how it ended, when it did. */
bool child_has_ended(const struct child *child, int *ret_wait_status);

/* True when the sidecar has welcomed it, whether it has been looked at since or not. */
bool child_was_ready(const struct child *child);

/* What the sidecar is to be told of its end. */
struct wire_death child_death(const struct child *child, int wait_status);

/* There is none any more. One that runs is left to run. */
void child_forget(struct child *child);

#endif
