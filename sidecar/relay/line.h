/*
 * line - the commands of one host on one channel, in its order.
 *
 * Each command names the one before it, so a line knows when something is
 * missing. Until that has been told again, or is given up, what comes later is
 * held back. Here is only what a line is and what becomes of a command; who asks
 * for what is missing is relay_repair. Pure.
 */
#ifndef SIDECAR_LINE_H
#define SIDECAR_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"

struct envelope;
struct host;
struct path;
struct user;

enum line_state {
	LINE_WHOLE, /* nothing is missing, as far as is known */
	LINE_APART, /* something may be, and its host is not there to be asked */
	LINE_WANTS, /* its host is to be asked */
	LINE_ASKED,
};

/* A command that came too early, as it was encoded. */
struct held {
	uint64_t sequence, previous;
	struct held *prev, *next; /* by sequence */
	size_t len;
	char data[];
};

struct line {
	struct host *host;
	struct lines *lines;
	struct line *sibling; /* the next one of the channel */
	enum line_state state;
	uint64_t latest;          /* sequence of the latest that was taken; 0: none has been */
	uint64_t question;        /* the sequence of ours, while it is asked */
	uint64_t asked_after;     /* the latest then */
	uint64_t due_ms;          /* when to ask again */
	unsigned tries;           /* in a row without a new command */
	bool was_silent;          /* its host had fallen silent before the channel was not heard ... */
	uint64_t last_word;       /* ... with this as the host's `heard` */
	struct held *held;        /* oldest first */
	struct line *prev, *next; /* in one of its host's lists; prev is NULL outside of them */
};

/* All lines of a channel. */
struct lines {
	struct line *first;
	struct path *path; /* NULL: the channel is a user's, or that of this host */
	struct user *user; /* the same */
	uint64_t since_ms; /* what was said before was not for us */
	bool broken;       /* since then it was not heard for a while */
};

enum line_verdict {
	LINE_TAKE,   /* it is the next one */
	LINE_DOUBLE, /* it has been taken already */
	LINE_HOLD,   /* something may be missing before it */
};

/* The line of a host; NULL when there is none. */
struct line *lines_find(struct lines *lines, const struct host *host);

/* The same, made if need be: whole and without a command. NULL when out of memory. */
struct line *lines_find_or_add(struct lines *lines, struct host *host);

/* True when something may be missing of a host that is not there to be asked. */
bool lines_misses(struct lines *lines, const struct host *host);

/* Frees a line, which must be in no list of its host's any more and hold nothing. */
void lines_remove(struct line *line);

/* What becomes of a command that has arrived. */
enum line_verdict line_judge(const struct line *line, const struct envelope *command);

/* True when the command follows what has been taken, as far as is known. */
bool line_fits(const struct line *line, uint64_t previous);

/* Holds an encoded command back: copied. Returns 0, -EEXIST when it is held already, or -ENOMEM. */
int line_hold(struct line *line, const struct envelope *command, struct span data);

/* Gives the oldest that is held to the caller, who frees it; NULL when there is none. */
struct held *line_let_go(struct line *line);

#endif
