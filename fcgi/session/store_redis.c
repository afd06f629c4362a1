#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "fcgi/session/store.h"
#include "shared/buf.h"
#include "shared/log.h"

/*
 * An entry is a string that expires by itself. A thread takes an idle
 * connection or makes one, so there are never more than threads.
 */

enum { TIMEOUT_MS = 1000 }; /* to connect, and for each answer */

static const char prefix[] = "tina4:session:";

/* A connection that nobody uses. */
struct idle {
	redisContext *redis;
	struct idle *next;
};

struct redis_store {
	struct store store;
	struct redisurl url;
	uint32_t ttl_seconds;
	pthread_mutex_t lock; /* of idle */
	struct idle *idle;
};

static struct redis_store *
redis_store(struct store *store)
{
	return (struct redis_store *)store;
}

/* --- connections ---------------------------------------------------------------------- */

/* Says why Redis does not do it. Its sentence names no secret. */
static int
refused(const redisReply *reply)
{
	log_limited(LOG_LEVEL_ERROR, "redis refuses a session's command why=%s", reply->str);
	return -EREMOTEIO;
}

/* Logs in and chooses the database. */
static int
enter(const struct redis_store *store, redisContext *redis)
{
	const struct redisurl *url = &store->url;
	redisReply *reply = NULL;
	int r = 0;

	if (url->password != NULL && url->user != NULL)
		reply = redisCommand(redis, "AUTH %s %s", url->user, url->password);
	else if (url->password != NULL)
		reply = redisCommand(redis, "AUTH %s", url->password);
	if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
		r = refused(reply);
	freeReplyObject(reply);
	if (r < 0 || redis->err != 0 || url->db == 0)
		return redis->err != 0 ? -EHOSTDOWN : r;

	reply = redisCommand(redis, "SELECT %d", url->db);
	if (reply == NULL)
		return -EHOSTDOWN;
	r = reply->type == REDIS_REPLY_ERROR ? refused(reply) : 0;
	freeReplyObject(reply);
	return r;
}

static int
connect_new(const struct redis_store *store, redisContext **ret)
{
	static const struct timeval timeout = { TIMEOUT_MS / 1000, TIMEOUT_MS % 1000 * 1000 };
	const struct redisurl *url = &store->url;
	redisContext *redis;
	int r;

	if (url->path != NULL)
		redis = redisConnectUnixWithTimeout(url->path, timeout);
	else
		redis = redisConnectWithTimeout(url->host, url->port, timeout);
	if (redis == NULL)
		return -ENOMEM;
	if (redis->err != 0) {
		log_limited(LOG_LEVEL_ERROR, "redis of the sessions cannot be reached error=%s", redis->errstr);
		r = -EHOSTDOWN;
	} else {
		redisSetTimeout(redis, timeout);
		r = enter(store, redis);
	}
	if (r < 0)
		redisFree(redis);
	else
		*ret = redis;
	return r;
}

/* True for one that Redis has not closed, and that owes no answer. */
static bool
is_alive(const redisContext *redis)
{
	char byte;

	return recv(redis->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static redisContext *
take_idle(struct redis_store *store)
{
	redisContext *redis = NULL;
	struct idle *idle;

	pthread_mutex_lock(&store->lock);
	idle = store->idle;
	if (idle != NULL)
		store->idle = idle->next;
	pthread_mutex_unlock(&store->lock);
	if (idle != NULL)
		redis = idle->redis;
	free(idle);
	return redis;
}

/* Connected, and with an answer to wait for: see ask(). */
static int
connection(struct redis_store *store, redisContext **ret)
{
	redisContext *redis;

	while ((redis = take_idle(store)) != NULL) {
		if (is_alive(redis)) {
			*ret = redis;
			return 0;
		}
		redisFree(redis);
	}
	return connect_new(store, ret);
}

/* Keeps a connection for the next; one that failed may have an answer under way to nobody. */
static void
give_back(struct redis_store *store, redisContext *redis)
{
	struct idle *idle = redis->err == 0 ? malloc(sizeof(*idle)) : NULL;

	if (idle == NULL) {
		redisFree(redis);
		return;
	}
	pthread_mutex_lock(&store->lock);
	*idle = (struct idle){ redis, store->idle };
	store->idle = idle;
	pthread_mutex_unlock(&store->lock);
}

/* --- commands ------------------------------------------------------------------------------ */

enum { ARGS_MAX = 8 };

struct command {
	int argc;
	const char *argv[ARGS_MAX];
	size_t lens[ARGS_MAX];
};

static void
add_bytes(struct command *command, const void *data, size_t len)
{
	command->argv[command->argc] = data;
	command->lens[command->argc++] = len;
}

static void
add_text(struct command *command, const char *text)
{
	add_bytes(command, text, strlen(text));
}

/* Asks for all and returns the reply to the last one. */
static int
ask(struct redis_store *store, struct command *commands, size_t n, redisReply **ret)
{
	redisContext *redis = NULL;
	redisReply *reply = NULL;
	int r = connection(store, &redis);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		redisAppendCommandArgv(redis, commands[i].argc, commands[i].argv, commands[i].lens);
	for (size_t i = 0; i < n; i++) {
		freeReplyObject(reply);
		reply = NULL;
		if (redisGetReply(redis, (void **)&reply) != REDIS_OK)
			break;
	}
	if (reply == NULL) {
		log_limited(LOG_LEVEL_ERROR, "redis of the sessions does not answer error=%s", redis->errstr);
		r = -EHOSTDOWN;
	} else if (reply->type == REDIS_REPLY_ERROR) {
		r = refused(reply);
		freeReplyObject(reply);
	} else {
		*ret = reply;
	}
	give_back(store, redis);
	return r;
}

/* Appends the key's full name to name, and the key to the command. */
static void
add_key(struct command *command, const char *key, char name[static sizeof(prefix) + STORE_KEY])
{
	strcpy(stpcpy(name, prefix), key);
	add_text(command, name);
}

static int
redis_load(struct store *base, const char *key, struct buf *ret)
{
	struct redis_store *store = redis_store(base);
	char name[sizeof(prefix) + STORE_KEY], ttl[16];
	struct command commands[2] = { 0 };
	redisReply *reply = NULL;
	int r;

	snprintf(ttl, sizeof(ttl), "%u", store->ttl_seconds);
	add_text(&commands[0], "EXPIRE");
	add_key(&commands[0], key, name);
	add_text(&commands[0], ttl);
	add_text(&commands[1], "GET");
	add_key(&commands[1], key, name);
	r = ask(store, commands, 2, &reply);
	if (r < 0)
		return r;
	if (reply->type == REDIS_REPLY_NIL)
		r = -ENOENT;
	else
		buf_bytes(ret, reply->str, reply->len);
	freeReplyObject(reply);
	return r == 0 && ret->failed ? -ENOMEM : r;
}

static int
set(struct redis_store *store, const char *key, const void *data, size_t len, bool replace)
{
	char name[sizeof(prefix) + STORE_KEY], ttl[16];
	struct command command = { 0 };
	redisReply *reply = NULL;
	int r;

	snprintf(ttl, sizeof(ttl), "%u", store->ttl_seconds);
	add_text(&command, "SET");
	add_key(&command, key, name);
	add_bytes(&command, data, len);
	add_text(&command, "EX");
	add_text(&command, ttl);
	if (replace)
		add_text(&command, "XX");
	r = ask(store, &command, 1, &reply);
	if (r < 0)
		return r;
	r = reply->type == REDIS_REPLY_NIL ? -ENOENT : 0;
	freeReplyObject(reply);
	return r;
}

static int
redis_add(struct store *store, const char *key, const void *data, size_t len)
{
	return set(redis_store(store), key, data, len, false);
}

static int
redis_replace(struct store *store, const char *key, const void *data, size_t len)
{
	return set(redis_store(store), key, data, len, true);
}

static int
redis_remove(struct store *store, const char *key)
{
	char name[sizeof(prefix) + STORE_KEY];
	struct command command = { 0 };
	redisReply *reply = NULL;
	int r;

	add_text(&command, "DEL");
	add_key(&command, key, name);
	r = ask(redis_store(store), &command, 1, &reply);
	freeReplyObject(reply);
	return r;
}

/* --- opening and closing ------------------------------------------------------------------------ */

static void
redis_free(struct store *base)
{
	struct redis_store *store = redis_store(base);
	redisContext *redis;

	while ((redis = take_idle(store)) != NULL)
		redisFree(redis);
	pthread_mutex_destroy(&store->lock);
	redisurl_free(&store->url);
	free(store);
}

int
store_redis_new(struct store **ret, struct redisurl *url, uint32_t ttl_seconds)
{
	struct redis_store *store = calloc(1, sizeof(*store));

	if (store == NULL) {
		redisurl_free(url);
		return -ENOMEM;
	}
	store->store = (struct store){ redis_load, redis_add, redis_replace, redis_remove, redis_free };
	store->ttl_seconds = ttl_seconds;
	store->url = *url;
	*url = (struct redisurl){ 0 };
	pthread_mutex_init(&store->lock, NULL);
	*ret = &store->store;
	return 0;
}
