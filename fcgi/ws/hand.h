/*
 * hand - the event that a worker has in hand, on a page that it shares with its
 * supervisor.
 *
 * The worker writes it with plain stores, without a message or a system call.
 * What stands there when it dies is what it died over.
 */
#ifndef FCGI_HAND_H
#define FCGI_HAND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

/* Names the page's descriptor to the worker: of the library's own. */
#define HAND_VARIABLE "TINA4_WORKER_PAGE"

enum { HAND_VERSION = 1 }; /* of what is on the page: the two programs may be of different age */

struct hand {
	/* written by the supervisor before the worker starts */
	uint32_t version;
	struct wire_watch watch;

	/* written by the worker when it starts: its settings may be newer than the supervisor's */
	uint32_t handler_timeout_s;
	uint32_t worker_timeout_s;

	atomic_bool ready;         /* the sidecar has welcomed it */
	_Atomic int64_t turned_ms; /* when its loop turned last, by clock_ms() */

	/* An event is in hand while it is not 0: it is written last, and looked at first. */
	_Atomic uint64_t event;
	struct wire_id conn;
	uint64_t epoch;
	uint16_t attempt;
	int64_t since_ms;
};

/* Makes a page and a descriptor of it, which an exec closes. Returns 0 or a negative errno. */
int hand_new(struct hand **ret, int *ret_fd, const struct wire_watch *watch);

/* Lets go of the page. NULL is fine. */
void hand_free(struct hand *hand);

/*
 * Adopts the page that the process was started with, and takes its name out of
 * the environment. Returns 0, -ENOENT when there is none, or a negative errno.
 */
int hand_adopt(struct hand **ret);

/* What the worker has in hand, and since when. Returns false when that is nothing, or just changes. */
bool hand_look(const struct hand *hand, struct wire_delivery *ret, int64_t *ret_since_ms);

static inline void
hand_take(struct hand *hand, const struct wire_event *event, int64_t now_ms)
{
	hand->conn = event->conn;
	hand->epoch = event->epoch;
	hand->attempt = event->attempt;
	hand->since_ms = now_ms;
	atomic_store_explicit(&hand->event, event->id, memory_order_release);
}

static inline void
hand_drop(struct hand *hand)
{
	atomic_store_explicit(&hand->event, 0, memory_order_release);
}

#endif
