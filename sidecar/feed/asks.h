/*
 * asks - what a client of frond.1 says beside its messages: requests, see control.h.
 */
#ifndef SIDECAR_ASKS_H
#define SIDECAR_ASKS_H

#include "shared/span.h"

struct client;
struct feed;

/*
 * A control frame: the verb and its words. Returns 0, also for a verb that is not
 * known, -EBADMSG for what is malformed, or -ENOMEM; and then the client is to be closed.
 */
int asks_take(struct feed *feed, struct client *client, struct span words);

/* A binary message of a client that has announced one, client->asks.number: the data of its request. The same. */
int asks_take_binary(struct feed *feed, struct client *client, struct span data);

#endif
