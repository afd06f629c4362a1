/*
 * hosts - the other sidecars that the relay has heard of.
 *
 * A host is there as long as it is heard. Its silence is measured in our own
 * canaries that came back, so that a slow Redis, or a sidecar that was stopped
 * for a while, makes nobody absent. One that is gone is remembered: what it said
 * may come again.
 */
#ifndef SIDECAR_HOSTS_H
#define SIDECAR_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

enum hosts_limits {
	HOSTS_MAX = 256, /* there, or remembered */
	HOSTS_BEATS = 9, /* of ours without a word: then it is gone */
	HOSTS_LATE = 6,  /* the same: so late is none that lives, but for a stop or a break of its own */
};

struct line;

struct host {
	uint64_t origin;
	uint64_t command_sequence, state_sequence; /* the latest */
	uint64_t since;                            /* its counts of an earlier sequence hold no more */
	uint64_t heard;                            /* our count of beats at its latest word */
	bool here;
	bool forgotten; /* it was gone for so long that what it missed and said is not remembered any more */
	bool awaited;   /* it was there before Redis was away, and has not said since that it hears us */
	/* its commands that have not arrived: repair.c */
	struct line *wanting, *asked;
	uint32_t n_asked, n_apart;
};

struct hosts {
	struct host *all[HOSTS_MAX];
	uint32_t n;
	uint32_t n_here, n_awaited;
	uint64_t beats;
	/* A host's memory is about to go: nothing may point to it any more. NULL for nobody. */
	void (*forget)(void *context, struct host *host);
	void *context;
};

void hosts_close(struct hosts *hosts);

/*
 * A host has said something. Returns it, and in *ret_new whether it was not
 * there before; NULL when there are too many, or when out of memory.
 */
struct host *hosts_heard(struct hosts *hosts, uint64_t origin, bool *ret_new);

/* The host that is there and holds connections of this instance; NULL when there is none. */
struct host *hosts_find(const struct hosts *hosts, uint32_t instance);

/* The least instance of a host that is there, from this one on. False when there is none. */
bool hosts_next(const struct hosts *hosts, uint64_t from, uint32_t *ret);

/* It leaves. */
void hosts_leave(struct hosts *hosts, struct host *host);

/* A canary of ours came back. */
void hosts_beat(struct hosts *hosts);

/* True for one that is gone, or whose beats are late. */
bool hosts_is_silent(const struct hosts *hosts, const struct host *host);

/* A host that has been silent for too long, or NULL. */
struct host *hosts_silent(const struct hosts *hosts);

/* One that is gone, silent for so many beats, and not forgotten; or NULL. */
struct host *hosts_long_gone(const struct hosts *hosts, uint64_t beats);

/* The host, or all that are there, may not hear for a while: each is awaited until it has arrived. */
void hosts_await(struct hosts *hosts, struct host *host);
void hosts_await_all(struct hosts *hosts);
void hosts_arrived(struct hosts *hosts, struct host *host);

#endif
