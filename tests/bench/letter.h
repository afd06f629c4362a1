/*
 * letter - the messages that the load generator sends and recognises again.
 *
 * A letter tells its run, its origin (a room, or a connection) and its number
 * in 16 digits; a filler follows whose every byte depends on its place, so that
 * one that was cut or mixed up with another is noticed.
 */
#ifndef BENCH_LETTER_H
#define BENCH_LETTER_H

#include <stddef.h>
#include <stdint.h>

enum { LETTER_MIN = 16, LETTER_MAX = 1 << 20 };

struct letter {
	size_t size;
	char text[LETTER_MAX];
};

enum letter_check {
	LETTER_OURS,
	LETTER_FOREIGN, /* not of this run: a greeting of the server's, say */
	LETTER_DAMAGED,
};

/* Letters of this size, LETTER_MIN to LETTER_MAX, with the low bits of run. */
void letter_init(struct letter *letter, size_t size, unsigned run);

/* Makes it the one with this origin and number. */
void letter_stamp(struct letter *letter, uint64_t origin, uint64_t number);

/* Is that one of ours, but for origin and number, which are returned? */
enum letter_check letter_check(
    const struct letter *letter, const uint8_t *data, uint64_t len, uint64_t *ret_origin, uint64_t *ret_number);

#endif
