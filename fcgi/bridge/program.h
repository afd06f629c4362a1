/*
 * program - a process that reads lines and writes lines.
 *
 * It is started by a shell, and has a guard, which ends it should we be killed.
 * Neither side waits for the other's pipe.
 */
#ifndef FCGI_BRIDGE_PROGRAM_H
#define FCGI_BRIDGE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/buf.h"
#include "shared/span.h"

enum program_limits { PROGRAM_STOP_MS = 2000 }; /* for what it does when its input has ended */

struct program {
	pid_t pid;         /* its guard's */
	int in;            /* where it reads, -1 when that is closed */
	int out;           /* what it writes */
	struct buf unsent; /* lines for it ... */
	size_t n_sent;     /* ... less so many bytes of them */
	struct buf heard;  /* what it wrote ... */
	size_t n_taken;    /* ... less the lines that were taken */
	size_t n_searched; /* there is no end of a line before that */
};

/* Starts the command. Returns 0 or a negative errno; program_stop() undoes it. */
int program_start(struct program *program, const char *command);

/* Writes what the pipe takes of the unsent. Returns 0, or -EPIPE when it reads no more, or another negative errno. */
int program_write(struct program *program);

/* True while some is unsent. */
bool program_has_unsent(const struct program *program);

/* Reads what is there. Returns 0 when that is all for now, -EPIPE when there will be no more, or another negative
 * errno. */
int program_read(struct program *program);

/* Takes a line, without its end; borrowed until the next read. Returns false when there is no whole one. */
bool program_take_line(struct program *program, struct span *ret);

/* Bytes of the line that has no end yet. */
size_t program_rest(const struct program *program);

/* How it ended. */
struct program_end {
	int wait_status; /* wait(2) */
	bool killed;     /* by us, since it did not by itself */
};

/* Ends its input, and waits for it to end: it is killed after PROGRAM_STOP_MS, or at once. */
struct program_end program_stop(struct program *program, bool at_once);

#endif
