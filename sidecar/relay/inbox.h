/*
 * relay_inbox - what other hosts have for a user.
 *
 * There is one for each user who has connections here while the relay is open,
 * user->inbox. Its channel is subscribed for as long, so that what is for him goes
 * to hosts where he is, and to no other; what gets lost on it is repaired as on
 * those of paths.
 */
#ifndef SIDECAR_RELAY_INBOX_H
#define SIDECAR_RELAY_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/relay/line.h"

struct relay;
struct user;

struct inbox {
	struct user *user;
	struct lines lines;
	uint64_t ticket;           /* of its subscription */
	uint64_t hold_ms;          /* when his connections are no longer held */
	bool heard;                /* that is confirmed */
	bool missed;               /* nothing was heard here for a while */
	struct inbox *prev, *next; /* of those that hold connections; prev is NULL outside the list */
};

/* --- from the hub ------------------------------------------------------------------- */

/* His first connection has come, or the last one has left. */
void inbox_open(struct relay *relay, struct user *user);
void inbox_close(struct relay *relay, struct user *user);

/* Frees all of them, and says nothing. */
void inboxes_free(struct relay *relay);

/* --- from the transport --------------------------------------------------------------- */

/* It is there: subscribes to all. */
void inboxes_subscribe(struct relay *relay);

/* It has confirmed the subscription that has this ticket. */
void inbox_subscribed(struct relay *relay, struct inbox *inbox, uint64_t ticket);

/* Nothing is heard any more. */
void inboxes_part(struct relay *relay);

/* --- from the loop --------------------------------------------------------------------- */

/* Lets go the connections that were held for too long. Returns true while others are held. */
bool inboxes_tick(struct relay *relay, uint64_t now_ms);

#endif
