/*
 * redis - one connection to Redis, on the loop.
 *
 * A redisContext and its reader, driven by uv_poll: hiredis' own asynchronous
 * half does not say when a connection is refused, and cannot do all that Redis
 * does. Nothing here waits. What is asked is gathered and leaves in one write
 * with redis_flush(); answers come in the order of the questions.
 */
#ifndef SIDECAR_REDIS_H
#define SIDECAR_REDIS_H

#include <hiredis/hiredis.h>
#include <stdint.h>
#include <uv.h>

#include "shared/span.h"

struct redis; /* opaque */

/* Chosen by who asks, and given back with the answer. */
struct redis_question {
	int kind;
	uint64_t token;
};

struct redis_events {
	/* reply is borrowed. question is NULL for what comes without a question: messages of channels. */
	void (*reply)(void *context, const struct redis_question *question, const redisReply *reply);
	/* It is of no use any more; said once, and not after redis_close(). */
	void (*ended)(void *context, const char *why);
};

struct redis_address {
	const char *host; /* a numeric address; NULL: path counts */
	int port;
	const char *path;
	const char *tls_name; /* of the certificate; NULL: no TLS */
};

enum { REDIS_WHY_BYTES = 160 };

/* Begins to connect. events is borrowed. On failure ret_why says why: -EIO or -ENOMEM. */
int redis_open(struct redis **ret, uv_loop_t *loop, const struct redis_address *address,
    const struct redis_events *events, void *context, char ret_why[static REDIS_WHY_BYTES]);

/* Closes it; its memory goes once the loop has run again. NULL is fine. */
void redis_close(struct redis *redis);

/* Asks. With kind 0 no answer is expected: for what is answered as a message of channels is. */
void redis_ask(struct redis *redis, struct redis_question question, size_t n, const struct span *words);

/* Hands over n questions that are encoded already. */
void redis_ask_encoded(struct redis *redis, struct redis_question question, uint32_t n, struct span bytes);

/* Writes as much as the kernel takes; the rest follows by itself. */
void redis_flush(struct redis *redis);

/* Bytes that the kernel has not taken. */
size_t redis_unsent(const struct redis *redis);

/* Takes all that has arrived, as far as the kernel has it. */
void redis_drain(struct redis *redis);

/* For how long an answer has been due while nothing came; 0 when none is due. */
uint64_t redis_silent_ms(const struct redis *redis);

/* When it last heard something, in the loop's time. */
uint64_t redis_heard_ms(const struct redis *redis);

#endif
