/*
 * expiry - ends connections whose token has expired (TINA4_WS_CLOSE_EXPIRED).
 *
 * They are closed with 4401, a code of the range that RFC 6455 section 7.4.2
 * leaves to applications; frond.js can be told not to come back after it.
 */
#ifndef SIDECAR_EXPIRY_H
#define SIDECAR_EXPIRY_H

#include <stdint.h>

struct client;
struct hub;

struct expiry {
	struct hub *hub;
	struct client *clients; /* with a token that ends */
};

/* Borrows the hub. */
void expiry_open(struct expiry *expiry, struct hub *hub);

/* client->expiry.at is the Unix time at which it has to go. */
void expiry_add(struct expiry *expiry, struct client *client);
void expiry_remove(struct expiry *expiry, struct client *client);

/* Each second; now is Unix time. */
void expiry_tick(struct expiry *expiry, int64_t now);

#endif
