/*
 * slots - a place for each client, which it keeps for as long as it is here.
 *
 * So all can be gone through a few at a time, in any number of turns, with nothing to
 * remember but a number: who was there all the while is met once. Who comes meanwhile
 * may be met, or not.
 */
#ifndef SIDECAR_SLOTS_H
#define SIDECAR_SLOTS_H

#include <stdint.h>

struct client;
struct slot;

struct slots {
	struct slot *all; /* NULL while nobody is here */
	uint32_t n, cap;  /* slots that have been used */
	uint32_t n_taken;
	uint32_t next_free; /* SLOTS_NONE: none below n is */
};

enum { SLOTS_NONE = UINT32_MAX };

void slots_open(struct slots *slots);

/* Gives a client a slot. Returns 0 or -ENOMEM. */
int slots_add(struct slots *slots, struct client *client);

/* Takes it away. */
void slots_remove(struct slots *slots, struct client *client);

/* The client of a slot that is less than slots->n; NULL where it is free. */
struct client *slots_at(const struct slots *slots, uint32_t slot);

#endif
