/*
 * reply - an HTTP answer of ours, whole, or the head of one; the connection ends with it.
 *
 * Pure: the bytes go into a buf, and time is an argument.
 */
#ifndef SIDECAR_REPLY_H
#define SIDECAR_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/span.h"
#include "sidecar/edge/refusal.h"

struct buf;

struct reply {
	int status;
	const char *type; /* of the body */
	struct span body;
	const char *allow; /* methods: with 405, and as an answer to OPTIONS; NULL is none */
	bool bodiless;     /* HEAD was asked: all but the body */
};

/* now is Unix time. What a status asks for beside its number is added: RFC 9110, RFC 6455. */
void reply_put(const struct reply *reply, int64_t now, struct buf *ret);

/* The head of an event stream, which ends with the connection. origin is a page's that may read it, or has no data. */
void reply_put_stream(struct span origin, int64_t now, struct buf *ret);

/* {"error": text}, or with 401 {"error": "Unauthorized", "reason": text}. text has nothing to escape. */
void reply_put_error(int status, const char *text, const char *allow, bool bodiless, int64_t now, struct buf *ret);

/* The same for a refusal, in its own words. */
void reply_put_refusal(enum refusal refusal, bool bodiless, int64_t now, struct buf *ret);

#endif
