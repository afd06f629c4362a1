/*
 * relay_redis - carries the relay's messages through Redis.
 *
 * Two connections, one to subscribe and one to publish, live and die together.
 * A canary tells whether they do: every RELAY_REDIS_BEAT_MS a message goes to
 * a channel that is subscribed too, and has to come back. When Redis does not
 * answer or the canary stays away, both are replaced: after a pause that grows
 * and is random, everything is subscribed again, and only then, and when the
 * owner says so, does what has waited in the outbox go out.
 */
#ifndef SIDECAR_RELAY_REDIS_H
#define SIDECAR_RELAY_REDIS_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "shared/buf.h"
#include "shared/redisurl.h"
#include "shared/span.h"
#include "sidecar/relay/outbox.h"
#include "sidecar/relay/transport.h"

struct conf;
struct redis;

enum relay_redis_times {
	RELAY_REDIS_BEAT_MS = 500,
	RELAY_REDIS_SILENT_MS = 2000,    /* of silence, then it is gone */
	RELAY_REDIS_FIRST_PAUSE_MS = 50, /* at most, before the first new attempt; doubles */
	RELAY_REDIS_LAST_PAUSE_MS = 2000,
};

enum relay_redis_state {
	RELAY_REDIS_AWAY,     /* between two attempts */
	RELAY_REDIS_ENTERING, /* until everything is subscribed */
	RELAY_REDIS_PROVING,  /* until the first canary is back */
	RELAY_REDIS_UP,
};

struct relay_redis {
	struct transport transport; /* how the relay sees it: comes first */
	const struct conf *conf;
	uv_loop_t *loop;
	struct redisurl url;
	char host_key[128]; /* in Redis while we live, with our name */
	char host_name[65];
	char canary[128];     /* the channel */
	struct buf beat;      /* what the canary says: the owner's choice */
	struct outbox outbox; /* of commands */

	enum relay_redis_state state;
	struct redis *sub, *pub;
	unsigned attempts;     /* since it was up */
	char last_why[128];    /* of the latest failure that was logged */
	uint64_t n_subscribes; /* sent */
	uint64_t n_confirmed;
	uint64_t n_said;            /* canaries */
	uint64_t n_beats, n_echoes; /* those that Redis has confirmed, and those that came back */
	uint64_t proof;             /* the canary that settles what stands before the mark; 0 for none */
	uint64_t mark;
	uint64_t echo_due_ms; /* since when one is due */
	uint64_t last_beat_ms;
	uint64_t begun_ms; /* of this attempt */
	bool let_in;       /* the connection to publish has entered */

	uv_timer_t tick, retry;
	uv_getaddrinfo_t lookup;
	bool looking;
	bool closing;
};

/*
 * Opens it, and begins to connect when the loop runs; what it tells is for who
 * has taken its transport by then. Returns 0 or a negative errno.
 */
int relay_redis_open(struct relay_redis *redis, const struct conf *conf, uv_loop_t *loop, uint32_t instance);

/*
 * Writes what can be written at once. Its memory must stay until the loop has run
 * out. One that was never opened is fine.
 */
void relay_redis_close(struct relay_redis *redis);

/* How long to wait before an attempt, given 32 random bits: full jitter. Pure. */
uint32_t relay_redis_pause_ms(unsigned attempts, uint32_t random);

#endif
