/*
 * relay_redis - carries the relay's messages through Redis.
 *
 * Two connections, one to subscribe and one to publish. A canary tells whether
 * they do: every RELAY_REDIS_BEAT_MS a message goes to a channel that is
 * subscribed too, and has to come back. A connection on which Redis does not
 * answer, or the canary stays away, is replaced, and only that one: after a
 * pause that grows and is random. When it is the one to subscribe, everything is
 * subscribed again; when it is the one to publish, what has waited in the outbox
 * goes out once a canary is back, and the owner says so.
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
#include "sidecar/relay/store.h"
#include "sidecar/relay/transport.h"

struct conf;
struct redis;

enum relay_redis_times {
	RELAY_REDIS_BEAT_MS = 500,
	RELAY_REDIS_SILENT_MS = 2000,    /* of silence, then it is gone */
	RELAY_REDIS_FIRST_PAUSE_MS = 50, /* at most, before the first new attempt; doubles */
	RELAY_REDIS_LAST_PAUSE_MS = 2000,
};

/* One of the two connections. */
struct relay_link {
	struct relay_redis *owner;
	const char *name;    /* in the log */
	struct redis *redis; /* NULL between two attempts */
	unsigned attempts;   /* since both were up */
	char last_why[128];  /* of the latest failure */
	uv_timer_t retry;
	uv_getaddrinfo_t lookup;
	bool looking;
};

struct relay_redis {
	struct transport transport; /* how the relay sees it: comes first */
	const struct conf *conf;
	uv_loop_t *loop;
	struct redisurl url;
	char host_key[128]; /* in Redis while we live, with our name */
	char host_name[65];
	char canary[128];       /* the channel */
	char run[STORE_RUN_ID]; /* the name of the run of Redis, to publish */
	struct outbox outbox;   /* of commands */

	struct relay_link sub, pub;
	bool let_in;           /* by Redis, to publish */
	bool proving;          /* everything is subscribed and we are let in: a canary is on its way */
	uint64_t n_subscribes; /* sent on this connection */
	uint64_t n_confirmed;
	uint64_t ticket; /* of the latest subscription of all connections */
	/* canaries, by their numbers: the latest that was said, that Redis has confirmed, and that came back */
	uint64_t said, confirmed, heard;
	uint64_t proof; /* the canary that settles what stands before the mark; 0 for none */
	uint64_t mark;
	uint64_t echo_due_ms; /* since when one is due; 0 when none is */
	uint64_t last_beat_ms;

	uv_timer_t tick;
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
