/*
 * loglimit - how many lines of one kind a second brings.
 *
 * What a client can cause, it can cause 10,000 times a second, and a disk is
 * full of it. Of each kind LOGLIMIT_LINES are written in a second; the others
 * are counted, and one more line says how many they were. A kind is the place in
 * the program that writes it. Any thread may ask.
 */
#ifndef SHARED_LOGLIMIT_H
#define SHARED_LOGLIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGLIMIT_LINES = 50 };

/* One kind: static, so that it is never freed, and all zero at first. */
struct loglimit {
	const char *format; /* of its lines: what stands before the first pair is what it is called */
	int level;
	atomic_int_fast64_t second; /* that is being counted */
	atomic_uint n;              /* in that second */
	atomic_uint n_held;         /* held back, and not said yet */
	atomic_bool listed;
	struct loglimit *next; /* in the list of all that ever held one back */
};

/*
 * Counts a line of this kind; format is borrowed for ever. Returns false when it
 * is to be held back. *ret_n_held is how many an earlier second held back, which
 * the caller says; *ret_first tells that this is the first one held back since.
 */
bool loglimit_take(
    struct loglimit *limit, int level, const char *format, int64_t second, unsigned *ret_n_held, bool *ret_first);

/*
 * Goes through those that held lines back in a second before this one: takes one
 * that has not said so, and returns it with their number. NULL when there is none.
 */
struct loglimit *loglimit_next(int64_t second, unsigned *ret_n_held);

/* True while one has lines that have not been said. */
bool loglimit_waits(void);

/* What it is called: its length in limit->format. */
size_t loglimit_name_len(const struct loglimit *limit);

#endif
