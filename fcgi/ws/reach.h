/*
 * reach - does the sidecar answer? What one thread has learned, all know.
 *
 * A request waits for a sidecar that restarts. Once requests have waited in
 * vain for long enough the sidecar is away: further ones fail at once, but for
 * one each REACH_PROBE_EVERY_MS, which finds out whether it is back. It reads
 * no clock: times are clock_ms() of who asks.
 */
#ifndef FCGI_REACH_H
#define FCGI_REACH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum reach_limits {
	REACH_PATIENCE_MS = 1000,    /* without an answer, then it is away */
	REACH_PROBE_EVERY_MS = 1000, /* at most, in all threads together */
	REACH_PROBE_MS = 100,        /* that a probe waits for its answer */
};

/* Zeroed it is one that answers. */
struct reach {
	_Atomic int64_t answered_ms;     /* when it answered last */
	_Atomic int64_t silent_since_ms; /* the first wait in vain since then; 0: none */
	_Atomic int64_t next_probe_ms;
	atomic_bool away;
};

enum reach_advice {
	REACH_ASK,   /* it answers, as far as we know */
	REACH_PROBE, /* it is away, and it is your turn to look */
	REACH_FAIL,  /* it is away */
};

/* What a request should do now. */
enum reach_advice reach_advise(struct reach *reach, int64_t now_ms);

/* Something came from it. */
void reach_answered(struct reach *reach, int64_t now_ms);

/* A request has waited from begun_ms until now_ms, and nothing came. */
void reach_failed(struct reach *reach, int64_t begun_ms, int64_t now_ms);

#endif
