/*
 * change - whether a file is another one than before.
 *
 * It is so when that is seen for CHANGE_SETTLE_MS and nothing else is: who copies a
 * file does not do it at once, and PHP's cache looks every 2 seconds.
 */
#ifndef FCGI_CHANGE_H
#define FCGI_CHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum { CHANGE_SETTLE_MS = 3000 };

/* What tells one file from another. All zero: there is none. */
struct change_mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

struct change {
	const char *path; /* borrowed; NULL: nothing changes */
	struct change_mark known, seen;
	int64_t since_ms; /* that it was seen */
};

/* Looks at the file as it is now. */
void change_open(struct change *change, const char *path);

/* Looks again. Returns true once when it has changed; a file that has gone may come back, and has not. */
bool change_look(struct change *change, int64_t now_ms);

#endif
