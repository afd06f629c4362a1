#include <assert.h>
#include <errno.h>
#include <hiredis/sds.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sidecar/hub/ring.h"
#include "sidecar/relay/redis.h"
#include "sidecar/relay/redis_tls.h"
#include "shared/wire.h"

enum {
	ARGS_MAX = 8,
	REPLY_MAX_BYTES = WIRE_MAX_BYTES, /* unread: more is no message of ours */
};

struct redis {
	uv_poll_t poll;
	uv_loop_t *loop;
	redisContext *hiredis; /* NULL once closed */
	const struct redis_events *events;
	void *context;
	struct redis_tls *tls; /* NULL: none */
	bool connected;
	int polled;      /* events that are waited for */
	struct ring due; /* of struct redis_question: those without an answer */
	uint64_t heard_ms;
	uint64_t asked_ms; /* when an answer became due */
};

/* --- questions without an answer ------------------------------------------------ */

static void
end(struct redis *redis, const char *why)
{
	if (redis->hiredis != NULL)
		redis->events->ended(redis->context, why);
}

/* Returns 0, or -ENOMEM when the connection has ended over it. */
static int
add_due(struct redis *redis, struct redis_question question)
{
	if (redis->due.n == 0)
		redis->asked_ms = uv_now(redis->loop);
	if (ring_push(&redis->due, &question, sizeof(question)) < 0) {
		end(redis, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

/* --- reading ---------------------------------------------------------------------- */

static bool
is_push(const redisReply *reply)
{
	static const char *const kinds[] = { "message", "subscribe", "unsubscribe" };

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 || reply->element[0]->type != REDIS_REPLY_STRING)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(reply->element[0]->str, kinds[i]) == 0)
			return true;
	return false;
}

/* Hands one reply on. It may close the connection. */
static void
take(struct redis *redis, const redisReply *reply)
{
	struct redis_question question;

	if (is_push(reply)) {
		redis->events->reply(redis->context, NULL, reply);
		return;
	}
	if (redis->due.n == 0) {
		end(redis, reply->type == REDIS_REPLY_ERROR ? reply->str : "an answer to no question");
		return;
	}
	question = *(struct redis_question *)ring_at(&redis->due, 0);
	ring_pop(&redis->due);
	redis->events->reply(redis->context, &question, reply);
}

/* Why it has failed. Of TLS hiredis would say "Success". */
static const char *
failure(const struct redis *redis)
{
	const char *why = redis_tls_why(redis->tls);

	return why != NULL ? why : redis->hiredis->errstr;
}

/* Reads once, and hands on every whole reply. */
static void
read_once(struct redis *redis)
{
	char why[sizeof(redis->hiredis->errstr)];
	void *reply;
	int r;

	redis_tls_prepare(redis->tls);
	r = redisBufferRead(redis->hiredis);
	if (r == REDIS_OK)
		redis->heard_ms = uv_now(redis->loop);
	else
		snprintf(why, sizeof(why), "%s", failure(redis));
	while (redis->hiredis != NULL) {
		if (redisGetReplyFromReader(redis->hiredis, &reply) != REDIS_OK) {
			end(redis, "it does not speak Redis' protocol");
			return;
		}
		if (reply == NULL)
			break;
		take(redis, reply);
		freeReplyObject(reply);
	}
	if (redis->hiredis != NULL && r != REDIS_OK)
		end(redis, why);
	else if (redis->hiredis != NULL && redis->hiredis->reader->len > REPLY_MAX_BYTES)
		end(redis, "a message is too large");
}

static bool
has_input(const struct redis *redis)
{
	char byte;

	return recv(redis->hiredis->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
redis_drain(struct redis *redis)
{
	while (redis->hiredis != NULL && redis->connected && redis->hiredis->err == 0 && has_input(redis))
		read_once(redis);
}

/*
 * Ends a connection that cannot be written to, once what Redis said before it
 * closed is read: "max number of clients" tells more than "Broken pipe".
 */
static void
fail_to_write(struct redis *redis)
{
	char why[sizeof(redis->hiredis->errstr)];

	snprintf(why, sizeof(why), "%s", failure(redis));
	redis->connected = false; /* nothing more is written */
	redis->hiredis->err = 0;  /* or hiredis reads nothing more */
	while (redis->hiredis != NULL && has_input(redis))
		read_once(redis);
	if (redis->hiredis != NULL)
		end(redis, why);
}

/* --- writing ------------------------------------------------------------------------ */

static void on_poll(uv_poll_t *poll, int status, int events);

static void
wait_for(struct redis *redis, int events)
{
	if (redis->polled == events)
		return;
	redis->polled = events;
	uv_poll_start(&redis->poll, events, on_poll);
}

size_t
redis_unsent(const struct redis *redis)
{
	return redis->hiredis == NULL ? 0 : sdslen(redis->hiredis->obuf);
}

void
redis_flush(struct redis *redis)
{
	int done = 1;

	if (!redis->connected || redis->hiredis == NULL)
		return;
	redis_tls_prepare(redis->tls);
	if (redis_unsent(redis) > 0 && redisBufferWrite(redis->hiredis, &done) != REDIS_OK) {
		fail_to_write(redis);
		return;
	}
	done = done || redis_tls_must_listen(redis->tls);
	wait_for(redis, done ? UV_READABLE : UV_READABLE | UV_WRITABLE);
}

void
redis_ask(struct redis *redis, struct redis_question question, size_t n, const struct span *words)
{
	const char *args[ARGS_MAX];
	size_t lens[ARGS_MAX];

	assert(n <= ARGS_MAX);
	if (redis->hiredis == NULL || (question.kind != 0 && add_due(redis, question) < 0))
		return;
	for (size_t i = 0; i < n; i++) {
		args[i] = words[i].data;
		lens[i] = words[i].len;
	}
	if (redisAppendCommandArgv(redis->hiredis, (int)n, args, lens) != REDIS_OK)
		end(redis, "out of memory");
}

void
redis_ask_encoded(struct redis *redis, struct redis_question question, uint32_t n, struct span bytes)
{
	if (redis->hiredis == NULL)
		return;
	while (n-- > 0)
		if (add_due(redis, question) < 0)
			return;
	if (redisAppendFormattedCommand(redis->hiredis, bytes.data, bytes.len) != REDIS_OK)
		end(redis, "out of memory");
}

/* --- the loop ------------------------------------------------------------------------- */

static int
pending_error(const struct redis *redis)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(redis->hiredis->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

/* The kernel has an answer to connect(2). */
static void
on_connected(struct redis *redis)
{
	int error = pending_error(redis);

	if (error != 0) {
		end(redis, strerror(error));
		return;
	}
	if (redis->tls != NULL && redis_tls_begin(redis->tls, redis->hiredis) < 0) {
		end(redis, failure(redis));
		return;
	}
	redis->connected = true;
	redis->heard_ms = uv_now(redis->loop);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct redis *redis = poll->data;

	if (status < 0 && !redis->connected) {
		int error = pending_error(redis);

		end(redis, error != 0 ? strerror(error) : uv_strerror(status));
		return;
	}
	if (status < 0)
		redis->polled = 0; /* libuv has stopped, but what came before the error is still to be read */
	if (!redis->connected && (events & UV_WRITABLE))
		on_connected(redis);
	else if (status < 0 || (events & UV_READABLE))
		read_once(redis);
	if (redis->hiredis != NULL && redis->connected)
		redis_flush(redis);
}

uint64_t
redis_silent_ms(const struct redis *redis)
{
	uint64_t since = redis->heard_ms > redis->asked_ms ? redis->heard_ms : redis->asked_ms;

	return redis->due.n == 0 ? 0 : uv_now(redis->loop) - since;
}

uint64_t
redis_heard_ms(const struct redis *redis)
{
	return redis->heard_ms;
}

/* --- opening and closing ------------------------------------------------------------------ */

static void
on_closed(uv_handle_t *handle)
{
	struct redis *redis = handle->data;

	ring_free(&redis->due);
	free(redis);
}

int
redis_open(struct redis **ret, uv_loop_t *loop, const struct redis_address *address, const struct redis_events *events,
    void *context, char ret_why[static REDIS_WHY_BYTES])
{
	struct redis *redis = calloc(1, sizeof(*redis));
	int r = -ENOMEM;

	snprintf(ret_why, REDIS_WHY_BYTES, "out of memory");
	if (redis == NULL)
		return -ENOMEM;
	if (address->host != NULL)
		redis->hiredis = redisConnectNonBlock(address->host, address->port);
	else
		redis->hiredis = redisConnectUnixNonBlock(address->path);
	if (redis->hiredis == NULL)
		goto fail;
	if (redis->hiredis->err != 0) {
		snprintf(ret_why, REDIS_WHY_BYTES, "%s", redis->hiredis->errstr);
		r = -EIO;
		goto fail;
	}
	redis->tls = address->tls_name == NULL ? NULL : redis_tls_new(address->tls_name);
	if (address->tls_name != NULL && redis->tls == NULL)
		goto fail;
	redis->loop = loop;
	redis->events = events;
	redis->context = context;
	redis->heard_ms = redis->asked_ms = uv_now(loop);
	r = uv_poll_init(loop, &redis->poll, redis->hiredis->fd);
	if (r < 0)
		goto fail;
	redis->poll.data = redis;
	wait_for(redis, UV_READABLE | UV_WRITABLE);
	*ret = redis;
	return 0;
fail:
	if (redis->hiredis != NULL)
		redisFree(redis->hiredis);
	redis_tls_free(redis->tls);
	free(redis);
	return r;
}

void
redis_close(struct redis *redis)
{
	if (redis == NULL || redis->hiredis == NULL)
		return;
	uv_close((uv_handle_t *)&redis->poll, on_closed); /* stops it at once, so that the descriptor may go */
	redisFree(redis->hiredis);
	redis_tls_free(redis->tls);
	redis->hiredis = NULL;
	redis->tls = NULL;
}
