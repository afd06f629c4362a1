/*
 * entry - a newcomer becomes a client of the hub, and leaves it when its socket is gone.
 *
 * What WebSockets and event streams have in common at this edge: an id, metadata for
 * handlers, quotas, pings, expiry and counters. Its socket is libwebsockets' already.
 */
#ifndef SIDECAR_ENTRY_H
#define SIDECAR_ENTRY_H

#include <stdint.h>

struct client;
struct conf;
struct counters;
struct deflate;
struct expiry;
struct feed;
struct head;
struct hub;
struct lws;
struct pings;
struct quotas;
struct routes;
struct target;
struct token;
struct turn;
struct upgrade;

/* What it borrows, but for the last. */
struct entry_parts {
	const struct conf *conf;
	struct hub *hub;
	struct feed *feed;
	const struct routes *routes;
	struct pings *pings;
	struct expiry *expiry;
	struct quotas *quotas;
	struct deflate *deflate; /* NULL: permessage-deflate is off */
	struct counters *counters;
	const struct turn *turn;
	uint32_t instance; /* the first 32 bits of every connection's id */
};

/* Who is let in. */
struct newcomer {
	const struct head *head;
	const struct target *target;
	const struct upgrade *upgrade;
	const struct token *token; /* without claims where none was asked for */
	const char *ip;
};

/* Makes the client, which stands on its path then. Returns NULL when out of memory. */
struct client *entry_make(const struct entry_parts *parts, struct lws *wsi, const struct newcomer *newcomer);

/* Lets it begin, once its socket can be written to. status is what it has been answered. */
void entry_open(const struct entry_parts *parts, struct client *client, const struct newcomer *newcomer, int status);

/* Its socket is gone. The client must not be used after it. */
void entry_end(const struct entry_parts *parts, struct client *client);

#endif
