/*
 * people - what a client of frond.1 knows of the members of its path, from what it was
 * told, as frond.js does it.
 */
#ifndef TESTS_UNIT_PEOPLE_H
#define TESTS_UNIT_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"

enum { PEOPLE_MAX = 256 };

struct people {
	char *all[PEOPLE_MAX]; /* the text of each, without whom it was before */
	unsigned n;
	bool counts;       /* only their number is told */
	uint64_t count;    /* which is that */
	uint64_t key;      /* its own; 0 before it was told */
	unsigned n_lines;  /* that told of one */
	const char *wrong; /* what it was told that cannot be; NULL for nothing */
};

/* Takes a control frame's words; others than those about members do nothing. */
void people_hear(struct people *people, struct span words);

/* True when they are those, in any order, told as people_text() has it. */
bool people_are(const struct people *people, char *const texts[], unsigned n);

/* How one is told; user is NULL for none. The caller frees it. */
char *people_text(const char *id, const char *user, const char *data);

/* Forgets all. */
void people_clear(struct people *people);

#endif
