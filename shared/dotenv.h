/*
 * dotenv - the syntax of a .env file.
 *
 *     # a comment
 *     KEY=value        # a comment begins with a # after a blank
 *     export KEY="a # b"
 *     KEY='a "b" c'
 *
 * What stands between quotes is taken as it is and ends on its line. Blanks
 * around the value and a carriage return at a line's end do not count. Pure.
 */
#ifndef SHARED_DOTENV_H
#define SHARED_DOTENV_H

#include <stddef.h>

/* A place in a file's text. */
struct dotenv {
	const char *rest;
	unsigned line; /* the number of the line read last, from 1 */
};

/* Borrowed from the text, not terminated. */
struct dotenv_assignment {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/*
 * Returns 1 and the next assignment, 0 at the end, or -EINVAL for a line that
 * is none; the next call goes on behind it.
 */
int dotenv_next(struct dotenv *file, struct dotenv_assignment *ret);

#endif
