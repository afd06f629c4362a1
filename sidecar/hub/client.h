/*
 * client - one browser: who it is, where it stands, and the only way to write
 * to it.
 *
 * Its socket belongs to libwebsockets, its place on a path to the hub, its
 * events to the feed. It outlives its socket until its last event has been
 * acknowledged.
 */
#ifndef SIDECAR_CLIENT_H
#define SIDECAR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/buf.h"
#include "shared/hash.h"
#include "shared/wire.h"
#include "sidecar/hub/outq.h"

struct event;
struct coming;
struct frame;
struct lws;
struct member;
struct names;
struct once_client;
struct path;
struct quota;
struct user;

enum client_limits {
	CLIENT_ALIGNMENT = 64, /* bytes of a cache line */
};

enum client_state {
	CLIENT_OPENING, /* counted on its path, but no target and not read: its open event is not acknowledged */
	CLIENT_JOINED,
	CLIENT_CLOSING, /* has left its path: what it was sent goes out, then the close frame */
	CLIENT_GONE,    /* has no socket any more */
};

/* A frame for this client only, and how much of its path's batch goes before it. */
struct own_frame {
	struct frame *frame;
	uint32_t at;
};

/*
 * Each nested struct belongs to one part of the sidecar, which is named above it.
 * What a broadcast looks at comes first and fills one cache line, and each
 * client begins on a line of its own: with thousands of them, memory is what a
 * fan-out waits for.
 */
struct client {
	/* where it is written to: client.c */
	struct {
		struct lws *wsi; /* NULL once the socket is gone */
		struct outq outq;
		int fd;
		bool broken;       /* shut down by us, its close is on the way: nothing is written any more */
		bool write_closed; /* a close frame went either way: nothing may follow it */
		bool deflate : 1;  /* has agreed on permessage-deflate: see deflate.h */
		bool stream : 1;   /* it only listens, to an event stream: see stream.h */
		bool special;      /* gets a sequence of its own in this turn: batch.c says so */
	} socket;
	/* where it stands: hub.c */
	struct {
		struct path *path;
		enum client_state state;
		uint32_t member; /* index in the path's members */
	} place;

	struct wire_id id;
	UT_hash_handle hh; /* by id */
	/* what of this turn is for it: batch.c */
	struct {
		struct own_frame *own;
		uint32_t n_own, cap_own;
		uint32_t n_reserved; /* of own, while a record is prepared: reserve.h */
		uint32_t from, to;   /* the part of the path's batch */
	} batch;
	/* whose it is, while it counts: users.c */
	struct {
		struct user *of; /* NULL for nobody's */
		bool waits;      /* to open, because he is held: feed.c */
		struct client *prev, *next;
	} user;
	/* how it ends: hub.c, and who cuts it off or hears its close frame */
	struct {
		const char *why;            /* the sidecar's reason; NULL when it was not the sidecar's will */
		char *reason;               /* ours, or NULL */
		uint64_t by_ms;             /* when to cut it off, in loop ms */
		struct client *prev, *next; /* prev is NULL outside the list */
		uint16_t code;              /* RFC 6455 section 7.4: what either side sent; 0 while nobody did */
		bool by_app;                /* that code is the app's will */
		bool said;                  /* a stream has been told */
		bool parting;               /* its closing handshake has begun */
	} ending;
	/* what it makes us hold, beside its queue: memory.h */
	struct {
		size_t counted; /* of it there, as of client_recount() */
		size_t partial; /* that libwebsockets still has to send */
	} memory;
	/* where it stands among all: slots.c, and what is told of it: roll.c */
	struct {
		uint64_t since_ms; /* Unix time at which it came */
		uint32_t slot;
	} listed;
	struct coming *coming; /* where it was before, until it joins: coming.h; NULL for a new one */
	/* what others may see of it: presence.c */
	struct {
		struct member *member; /* NULL before its handler presents it */
		uint64_t was;          /* with what key it has come, or 0 */
	} presence;
	struct names *names; /* what it was called before, from then on: names.h; NULL for nothing */
	/* what it says: ws.c, and reading.c */
	struct {
		struct buf message;         /* fragments so far, as they came */
		struct client *prev, *next; /* of those with a message; prev is NULL outside the list */
		uint32_t seconds;           /* since the message began, as far as we were reading */
		uint64_t n_messages;        /* that have come */
		bool first_frame;           /* of a message is what is being read */
		bool deflated;              /* the message is compressed */
		bool unread;                /* its socket most likely holds more than was read */
		bool paused;                /* not read, because its worker is behind or away: client_pause() */
	} reading;
	/* what it is to a worker: feed.c */
	struct {
		struct buf meta;                          /* encoded struct wire_meta */
		struct buf attributes;                    /* encoded pairs */
		uint64_t attached;                        /* serial of the worker that knows it, 0 for none */
		struct event *events;                     /* unacknowledged, oldest first */
		struct event *close_event;                /* reserved when it opens */
		struct client *prev_paused, *next_paused; /* prev is NULL outside the list */
		bool opening;                             /* the commands of its open event are being applied */
		bool dismissed; /* closed by a handler: no further message of it reaches one */
	} feed;
	/* what it asks: asks.c */
	struct {
		struct once_client *asker; /* what is remembered of its requests; or NULL */
		uint64_t number;           /* of the request whose data is the next binary message; 0 for none */
		uint64_t lowest;           /* of that one: see control.h */
	} asks;
	/* whether it is still there: pings.c */
	struct {
		struct client *prev, *next; /* same slot; prev is NULL outside the wheel */
		uint32_t slot;              /* of the wheel */
		bool quiet;                 /* nothing heard since the last ping */
		bool frond;                 /* speaks the subprotocol frond.1 */
	} ping;
	/* how long it may stay: expiry.c */
	struct {
		int64_t at;                 /* Unix time, when its token ends */
		struct client *prev, *next; /* prev is NULL outside the list */
	} expiry;
	/* how much it may ask for: quotas.c */
	struct {
		struct quota *address; /* of its address, or NULL */
		uint64_t paid_us;      /* its messages: see quota_take() */
	} quota;
};

/* Returns NULL when out of memory. */
struct client *client_new(const struct wire_id *id);

/* Its socket, path and events must be gone. NULL is fine. */
void client_free(struct client *client);

/*
 * Writes whole frames: at once if nothing waits, else when the client can take
 * them. One that cannot be written to, or whose queue passes max_queue bytes,
 * is dropped: it sees 1006. Does nothing when the socket is closing.
 */
void client_write(struct client *client, struct frame *frame, size_t max_queue);

/* Writes what waits. libwebsockets says that the socket can take more. */
void client_writable(struct client *client);

/* The same for one that is client_ready(). */
void client_write_now(struct client *client, struct frame *frame, size_t max_queue);

/* True when nothing stands between a frame and the kernel. */
bool client_ready(const struct client *client);

/* True when all that was written has been handed to the kernel. */
bool client_drained(const struct client *client);

/* Cuts the connection; its end arrives as an event of the loop. */
void client_drop(struct client *client, const char *why);

/* The code of the close frame that libwebsockets sends, for us or of its own accord; 0 while it does not, or cannot. */
uint16_t client_close_code(const struct client *client);

/* Begins the closing handshake. Not to be called within the client's own libwebsockets callbacks. */
void client_send_close(struct client *client);

/* Does not wait any longer for the client's answer to the close frame that it has got. */
void client_hang_up(struct client *client);

/* For a stream that has been told its end: it sees that nothing follows. */
void client_finish(struct client *client);

/* Stops or resumes reading. A stream, which has nothing to say, is always read: so its end is seen. */
void client_pause(struct client *client, bool pause);

/*
 * Sets an attribute, or removes it when value.data is NULL. Returns 0, -ENOSPC
 * when names and values would pass max_bytes, or -ENOMEM.
 */
int client_set_attribute(struct client *client, struct span name, struct span value, size_t max_bytes);

/* Sets whose it is in its metadata, if it has any. Returns 0 or -ENOMEM. */
int client_set_meta_user(struct client *client, struct span user);

/* What it holds by not reading, or by not ending a message. */
size_t client_held(const struct client *client);

/* Tells memory what it takes now: after its metadata, attributes, message or partial have changed. */
void client_recount(struct client *client);

/* Its socket is gone, and with it what was to be sent. */
void client_socket_gone(struct client *client);

/* What messages are kept with that the client of this id did not get: half of it, which is random. */
uint64_t client_except(const struct wire_id *id);

/* Its id in hexadecimal, for the log: valid until the next call. */
const char *client_name(const struct client *client);

#endif
