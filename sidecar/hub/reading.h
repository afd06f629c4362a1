/*
 * reading - messages that clients have begun and not ended yet.
 *
 * Each has a deadline: READING_SECONDS, and a second more for each
 * READING_BYTES_A_SECOND that have come. While we do not read, none passes.
 */
#ifndef SIDECAR_READING_H
#define SIDECAR_READING_H

#include <stddef.h>

struct client;

enum reading_limits {
	READING_SECONDS = 60,
	READING_BYTES_A_SECOND = 16 << 10,
};

struct readings {
	struct client *unfinished;
};

/* Appends what has come. Returns 0, or -ENOMEM after which nothing is kept. */
int reading_add(struct readings *readings, struct client *client, const void *data, size_t len);

/* Forgets what a client has begun: it is whole, or of no use. Nothing is fine. */
void reading_forget(struct readings *readings, struct client *client);

/* Each second. */
void readings_tick(struct readings *readings);

/* Finds somebody who is late, and forgets what that one has begun; NULL when nobody is. */
struct client *readings_take_late(struct readings *readings);

#endif
