/*
 * reading - a message that a client has begun and not ended yet.
 *
 * It has a deadline: READING_SECONDS, and a second more for each
 * READING_BYTES_A_SECOND that have come. While we do not read, none passes.
 */
#ifndef SIDECAR_READING_H
#define SIDECAR_READING_H

#include <stddef.h>
#include <stdint.h>

struct client;
struct hub;

enum reading_limits {
	READING_SECONDS = 60,
	READING_BYTES_A_SECOND = 16 << 10,
};

/* Appends what has come. Returns 0, or -ENOMEM after which nothing is kept. */
int reading_add(struct hub *hub, struct client *client, const void *data, size_t len);

/* Forgets it: it is whole, or of no use. */
void reading_forget(struct hub *hub, struct client *client);

/* Each second: closes with 1008 those who do not end what they have begun. */
void reading_tick(struct hub *hub);

#endif
