/*
 * relay_fetch - asks what other hosts have stored of the paths that this host hears.
 *
 * Once a path is subscribed, all that is said from then on is heard; what was said before
 * is asked of the store. The first time it becomes the path's past. After a break it fills
 * what nobody can tell again: the words of hosts that are there no more.
 */
#ifndef SIDECAR_RELAY_FETCH_H
#define SIDECAR_RELAY_FETCH_H

#include <stdbool.h>
#include <stdint.h>

struct lines;
struct path;
struct relay;
struct transport_past;

enum fetch_limits {
	FETCH_AT_ONCE = 16,    /* paths that are asked for */
	FETCH_BYTES = 8 << 20, /* of one, about: of a path of which more is stored, the latest are asked for */
	FETCH_DEAF_MS = 5000,  /* for which a channel may not be heard before that is noticed */
	FETCH_SKEW_MS = 2000,  /* by which the clocks of hosts and store may differ */
};

enum fetch_state {
	FETCH_IDLE,
	FETCH_WANTED,
	FETCH_MEASURED, /* it is asked how much there is */
	FETCH_ASKED,
};

/* What a channel wants to know of its path. */
struct fetch {
	void (*done)(struct relay *relay, struct path *path); /* it is known, or cannot be */
	struct path *path;
	struct lines *lines;
	enum fetch_state state;
	bool known;             /* it has been told before */
	bool missed;            /* it was not heard for a while */
	uint64_t begun_ms;      /* Unix time when the channel was made */
	uint64_t parted_ms;     /* Unix time since when it may not have been heard, if it has missed something */
	uint64_t subscribed_ms; /* Unix time: since then it is heard */
	uint64_t token;
	struct fetch *prev, *next; /* prev is NULL outside the list */
};

/* Its channel is heard from now on; keeps says whether there is anything to ask. */
void fetch_begin(struct relay *relay, struct fetch *fetch);

/* Its channel is heard no more. */
void fetch_part(struct relay *relay, struct fetch *fetch);

/* Something may be stored of a host that cannot tell it any more. Returns true when that is asked. */
bool fetch_missed(struct relay *relay, struct fetch *fetch);

/* It is waited for no longer: what was heard here is all that is known for now. */
void fetch_give_up(struct relay *relay, struct fetch *fetch);

/* What was asked may be lost. */
void fetches_ask_again(struct relay *relay);

/* Asks as much as may be asked at once. */
void fetches_flush(struct relay *relay);

/* The store has said how much there is; bytes is 0 when it does not know. */
void fetches_measured(struct relay *relay, uint64_t token, uint64_t bytes);

/* The store has answered; past is NULL when it could not. */
void fetches_told(struct relay *relay, uint64_t token, const struct transport_past *past);

#endif
