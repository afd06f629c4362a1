/*
 * pings - a wheel that pings every client once per TINA4_WS_PING_SECONDS.
 *
 * One slot of the wheel is due each second. A client from which nothing has
 * come since its last ping is dead and is dropped, unless it is us who do not
 * read. A client of the subprotocol frond.1 also gets a control frame without a
 * verb, because a script cannot see pings.
 *
 * A stream cannot answer: it gets a heartbeat, and what never acknowledges that is
 * for the kernel to find out.
 */
#ifndef SIDECAR_PINGS_H
#define SIDECAR_PINGS_H

#include <stdint.h>

struct client;
struct conf;
struct frame;
struct hub;

struct pings {
	const struct conf *conf;
	struct hub *hub;
	struct client **slots; /* NULL when pings are off */
	uint32_t now;          /* the slot that was due last */
	uint32_t next;         /* the slot that the next client gets */
	struct frame *ping;
	struct frame *heartbeat; /* ping and control frame */
};

/* Borrows both. Returns 0 or -ENOMEM. */
int pings_open(struct pings *pings, const struct conf *conf, struct hub *hub);
void pings_close(struct pings *pings);

void pings_add(struct pings *pings, struct client *client);
void pings_remove(struct pings *pings, struct client *client);

/* Each second. */
void pings_tick(struct pings *pings);

#endif
