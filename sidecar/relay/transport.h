/*
 * transport - how words travel between hosts, as the relay sees it.
 *
 * The relay says what is said and what it means; a transport carries it to
 * whoever has subscribed the channel. relay_redis is one, a unit test brings
 * another.
 */
#ifndef SIDECAR_TRANSPORT_H
#define SIDECAR_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/hub/position.h"

struct transport;

/* A message that is stored, too, for hosts that come later. */
struct transport_keeping {
	struct span path;
	uint32_t messages; /* that are stored of the path */
	uint32_t seconds;  /* for which it is stored, counted from now; 0: as was said for an earlier one */
	struct mark mark;
	uint64_t before; /* the number of the one before it on the path; 0: there was none */
	uint64_t at_ms;  /* Unix time */
};

/* A message that is stored. */
struct transport_kept {
	struct span message;
	uint64_t before; /* as it was published */
	uint64_t at_ms;  /* Unix time */
};

/* The latest message of an origin that was to be stored. */
struct transport_latest {
	struct mark mark;
	uint64_t at_ms; /* Unix time */
};

/* What is stored of a path. */
struct transport_past {
	const struct transport_kept *kept; /* oldest first */
	uint32_t n_kept;
	const struct transport_latest *latest;
	uint32_t n_latest;
	uint64_t since_ms; /* Unix time: what was stored earlier may be gone; UINT64_MAX when that is not known */
};

/*
 * What it tells who listens to it. Subscribing and publishing come and go each
 * by itself: losing one does not cost the other.
 */
struct transport_events {
	/* What is subscribed can be heard from now on: subscribe everything. */
	void (*subscribe_all)(void *context);
	/* Nothing is heard any more. */
	void (*unsubscribed)(void *context);
	/* What is said goes out again: say what may have been lost with what broke. */
	void (*publishing)(void *context);
	/* Nothing goes out any more; what is published waits. */
	void (*unheard)(void *context);
	/* The channel is subscribed; ticket is what its subscribe() returned. */
	void (*subscribed)(void *context, struct span channel, uint64_t ticket);
	/* Everything is subscribed, and what we say is heard. */
	void (*up)(void *context);
	/*
	 * What the beat of this number says, and whether everything is subscribed: borrowed until the relay says
	 * something else.
	 */
	struct span (*beat_text)(void *context, uint64_t number, bool hears);
	/* A beat of ours has come back. */
	void (*beat)(void *context);
	/* What was told with a token has reached so many hosts, ours too if it has subscribed the channel. */
	void (*told)(void *context, uint64_t token, uint32_t receivers);
	/* Both are borrowed. */
	void (*message)(void *context, struct span channel, struct span data);
	/* The answer to measure(): bytes, or 0 when nobody knows. */
	void (*measured)(void *context, uint64_t token, uint64_t bytes);
	/* The answer to recall(), borrowed; NULL when the store does not answer. */
	void (*recalled)(void *context, uint64_t token, const struct transport_past *past);
};

/* What can be asked of it. */
struct transport_calls {
	/* Subscribes a channel; returns a ticket that is greater than any before it. */
	uint64_t (*subscribe)(struct transport *transport, struct span channel);
	void (*unsubscribe)(struct transport *transport, struct span channel);
	/*
	 * Publishes a command, now or when it is released, and stores it before that; keeping may be NULL. Returns 0,
	 * -ENOBUFS when too much waits already, or -ENOMEM.
	 */
	int (*publish)(struct transport *transport, struct span channel, struct span message,
	    const struct transport_keeping *keeping);
	/* Asks how much is stored of a path; forgotten when it is unheard. */
	void (*measure)(struct transport *transport, struct span path, uint64_t token);
	/* Asks for so many of the messages that are stored of a path; forgotten when it is unheard. */
	void (*recall)(struct transport *transport, struct span path, uint32_t messages, uint64_t token);
	/* Publishes what is only worth saying now; with a token other than 0 the event `told` follows. */
	void (*tell)(struct transport *transport, struct span channel, struct span message, uint64_t token);
	/* The same for every host. */
	void (*tell_all)(struct transport *transport, struct span message);
	/* Says a beat to every host at once; it does so by itself now and then. */
	void (*beat)(struct transport *transport);
	/* The beat of this number has come back. */
	void (*beat_heard)(struct transport *transport, uint64_t number);
	/* Lets go out what was published, until the next time that it is unheard. */
	void (*release)(struct transport *transport);
	/* At the end of the loop's turn: writes what was said in it. */
	void (*flush)(struct transport *transport);
	/* Of what was published and has not gone out for certain. */
	size_t (*waiting_bytes)(const struct transport *transport);
	/* The time by which others are late. */
	uint64_t (*now_ms)(const struct transport *transport);
};

/* Its own state lies behind this. */
struct transport {
	const struct transport_calls *calls;
	const struct transport_events *events;
	void *context;   /* of the events */
	bool connected;  /* from subscribe_all until unsubscribed */
	bool publishing; /* until unheard */
	bool up;         /* both, and it is proven; until either ends */
	bool released;
	uint64_t n_unstored; /* messages that the store did not take */
	uint64_t n_emptied;  /* times that the store was found to have forgotten all, also for how long */
};

#endif
