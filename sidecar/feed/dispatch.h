/*
 * dispatch - which worker gets a lane's events, and their way to it.
 *
 * A lane is served by one worker, chosen by rendezvous hashing over those that
 * announced the path's route; it moves to another only when nothing is
 * outstanding or its worker is gone.
 */
#ifndef SIDECAR_DISPATCH_H
#define SIDECAR_DISPATCH_H

struct bus;
struct feed;
struct roster;
struct turn;
struct workers;

/* All borrowed. */
struct dispatch {
	struct feed *feed;
	struct workers *workers;
	struct roster *roster;
	struct bus *bus;
	const struct turn *turn;
};

void dispatch_open(struct dispatch *dispatch, struct feed *feed, struct workers *workers, struct roster *roster,
    struct bus *bus, const struct turn *turn);

/* Sends what the turn has gathered, then lets clients be read for whose messages there is room. */
void dispatch_flush(struct dispatch *dispatch);

#endif
