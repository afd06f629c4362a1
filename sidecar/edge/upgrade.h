/*
 * upgrade - may this request become a WebSocket, or an event stream of the same path,
 * and what libwebsockets is told.
 *
 * The verdict is about a head that has been read and a path that has been
 * decoded. libwebsockets never sees what the client wrote: for an accepted one
 * it gets a head of ours, in which only the key is the client's. Pure.
 */
#ifndef SIDECAR_UPGRADE_H
#define SIDECAR_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "shared/token.h"
#include "sidecar/edge/refusal.h"

struct buf;
struct head;
struct keys;
struct route;
struct routes;
struct target;

enum upgrade_limits {
	UPGRADE_HEAD_BYTES = 256,   /* at most, of the head that we write */
	UPGRADE_OFFER_BYTES = 2048, /* of a position that is offered alone: more than the longest has */
	UPGRADE_MAX_OFFERS = 64,    /* subprotocols of a client that are looked at */
};

/* What is asked of it. */
struct upgrade_rules {
	const struct routes *routes;
	const char *allowed_origins; /* TINA4_WS_ALLOWED_ORIGINS */
	bool proxied;                /* by a trusted peer, whose X-Forwarded-Proto counts */
	bool deflate;                /* TINA4_WS_DEFLATE */
	bool stopping;
	bool full; /* at TINA4_WS_MAX_CONNECTIONS */
};

/* What an accepted one comes to. It borrows from the head's bytes and the rules. */
struct upgrade {
	const struct route *route;
	struct span key;
	struct span query;    /* as it came, without '?' */
	struct span protocol; /* the subprotocol that is answered; data is NULL when none was offered */
	struct span spoken;   /* the first of the route's that was offered, which handlers see; data is NULL for none */
	struct span token;    /* behind bearer; data is NULL for none */
	struct span
	    position;       /* where it was before, see coming.h: behind frond.at.; data is NULL when it does not say */
	struct span origin; /* of the page; data is NULL when there is none */
	bool stream;        /* it asks for an event stream; the position may be percent-encoded then */
	bool frond;         /* frond.1 was chosen */
	bool deflate;       /* permessage-deflate has been agreed on */
};

/* RFC 6455 section 4.2.1; WHATWG HTML section 9.2 for one that accepts text/event-stream instead. Returns why not, or
 * REFUSAL_NONE and *ret. */
enum refusal upgrade_judge(
    const struct head *head, const struct target *target, const struct upgrade_rules *rules, struct upgrade *ret);

/*
 * The same for the token of a secure route, which is in *ret when it is valid
 * and then freed with token_free(). cookie is TINA4_TOKEN_COOKIE, now Unix time.
 */
enum token_verdict upgrade_token(const struct head *head, const struct upgrade *upgrade, const struct keys *keys,
    const char *cookie, int64_t now, struct token *ret);

/* The refusal that a verdict about a token means. */
enum refusal upgrade_refusal(enum token_verdict verdict);

/* Appends the head for libwebsockets; what the client sent behind its own may follow. */
void upgrade_put_head(const struct upgrade *upgrade, struct buf *ret);

#endif
