#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/relay/redis.h"
#include "sidecar/relay/relay_redis.h"
#include "sidecar/relay/store.h"
#include "shared/wire.h"

enum {
	TICK_MS = 250,
	HAND_BYTES = 64 << 10, /* of the outbox in one write */
};

static const char host_key_seconds[] = "10"; /* after which Redis forgets a host */

enum question {
	COMMAND = 1, /* of the outbox */
	TOLD,
	BEAT,
	ENTER,    /* must succeed */
	HOST_KEY, /* tells a replica that cannot be written to */
	NAME,     /* may fail */
	PING,     /* may be forbidden: an answer is an answer */
	INFO,     /* the same */
	SINCE,
	QUEUED, /* of a transaction: its last answer says whether it has failed */
	RECALL,
	MEASURE,
};

static void fail(struct relay_link *link, const char *why);

static struct relay_redis *
redis_of(struct transport *transport)
{
	return (struct relay_redis *)transport;
}

static const struct relay_redis *
const_redis_of(const struct transport *transport)
{
	return (const struct relay_redis *)transport;
}

/* --- asking ------------------------------------------------------------------------ */

static void
ask(struct relay_link *link, enum question kind, size_t n, const struct span *words)
{
	if (link->redis != NULL)
		redis_ask(link->redis, (struct redis_question){ (int)kind, 0 }, n, words);
}

static void
put_publish(struct relay_redis *redis, struct span channel, struct span message, struct redis_question question)
{
	const struct span words[] = { span_of("PUBLISH"), channel, message };

	if (redis->pub.redis != NULL)
		redis_ask(redis->pub.redis, question, 3, words);
}

static uint64_t
subscribe(struct transport *transport, struct span channel)
{
	const struct span words[] = { span_of("SUBSCRIBE"), channel };
	struct relay_redis *redis = redis_of(transport);

	if (redis->sub.redis == NULL)
		return 0;
	redis_ask(redis->sub.redis, (struct redis_question){ 0 }, 2, words);
	redis->n_subscribes++;
	return ++redis->ticket;
}

static void
unsubscribe(struct transport *transport, struct span channel)
{
	const struct span words[] = { span_of("UNSUBSCRIBE"), channel };
	struct relay_redis *redis = redis_of(transport);

	if (redis->sub.redis != NULL)
		redis_ask(redis->sub.redis, (struct redis_question){ 0 }, 2, words);
}

static void
tell(struct transport *transport, struct span channel, struct span message, uint64_t token)
{
	put_publish(redis_of(transport), channel, message, (struct redis_question){ TOLD, token });
}

static void
tell_all(struct transport *transport, struct span message)
{
	tell(transport, span_of(redis_of(transport)->canary), message, 0);
}

/* It is stored first: who subscribes too late to hear it finds it there. */
static int
publish(struct transport *transport, struct span channel, struct span message, const struct transport_keeping *keeping)
{
	struct relay_redis *redis = redis_of(transport);
	const struct span words[] = { span_of("PUBLISH"), channel, message };
	struct outbox_command commands[STORE_COMMANDS + 1];
	struct store_words stored;
	size_t n = 0;
	int r = 0;

	if (keeping != NULL) {
		r = store_put(&stored, redis->conf->ws_backplane_prefix, keeping, message);
		memcpy(commands, stored.commands, stored.n * sizeof(*commands));
		n = stored.n;
	}
	commands[n++] = (struct outbox_command){ .n = 3, .words = words };
	if (r == 0)
		r = outbox_push(&redis->outbox, commands, n);
	if (keeping != NULL)
		store_free(&stored);
	return r;
}

/* What Redis does not tell counts as little. */
static void
measure(struct transport *transport, struct span path, uint64_t token)
{
	struct relay_redis *redis = redis_of(transport);
	struct store_words asked;

	if (redis->pub.redis == NULL)
		return;
	if (store_measure(&asked, redis->conf->ws_backplane_prefix, path) == 0)
		redis_ask(redis->pub.redis, (struct redis_question){ MEASURE, token }, asked.commands[0].n,
		    asked.commands[0].words);
	store_free(&asked);
}

static void
take_measured(struct relay_redis *redis, uint64_t token, const redisReply *reply)
{
	bool known = reply->type == REDIS_REPLY_INTEGER && reply->integer > 0;

	redis->transport.events->measured(redis->transport.context, token, known ? (uint64_t)reply->integer : 0);
}

/* What changes between its questions would not fit together: so they are one transaction. */
static void
recall(struct transport *transport, struct span path, uint32_t messages, uint64_t token)
{
	struct relay_redis *redis = redis_of(transport);
	struct store_words asked;

	if (redis->pub.redis == NULL)
		return;
	if (store_ask(&asked, redis->conf->ws_backplane_prefix, path, messages) == 0) {
		ask(&redis->pub, QUEUED, 1, (const struct span[]){ span_of("MULTI") });
		for (size_t i = 0; i < STORE_QUESTIONS; i++)
			ask(&redis->pub, QUEUED, asked.commands[i].n, asked.commands[i].words);
	}
	/* Without a transaction Redis answers that there is none. */
	if (redis->pub.redis != NULL)
		redis_ask(redis->pub.redis, (struct redis_question){ RECALL, token }, 1,
		    (const struct span[]){ span_of("EXEC") });
	store_free(&asked);
}

static void
release(struct transport *transport)
{
	transport->released = transport->up;
}

static size_t
waiting_bytes(const struct transport *transport)
{
	return outbox_bytes(&const_redis_of(transport)->outbox);
}

static uint64_t
now_ms(const struct transport *transport)
{
	return uv_now(const_redis_of(transport)->loop);
}

/* --- the canary ----------------------------------------------------------------------- */

/* Writes a key that goes by itself: administrators see the hosts by it, and we see a replica. */
static void
ask_host_key(struct relay_redis *redis)
{
	const struct span words[] = { span_of("SET"), span_of(redis->host_key), span_of(redis->host_name),
		span_of("EX"), span_of(host_key_seconds) };

	ask(&redis->pub, HOST_KEY, sizeof(words) / sizeof(words[0]), words);
}

/* Whether what was stored is still there. */
static void
ask_since(struct relay_redis *redis)
{
	struct buf key = BUF_INIT;

	store_since_key(redis->conf->ws_backplane_prefix, &key);
	if (!key.failed)
		ask(&redis->pub, SINCE, 2, (const struct span[]){ span_of("GET"), span_of_buf(&key) });
	buf_free(&key);
}

/* It is not, or Redis has none yet: from now on it is. */
static void
say_since(struct relay_redis *redis)
{
	struct buf key = BUF_INIT, value = BUF_INIT;

	store_since_key(redis->conf->ws_backplane_prefix, &key);
	store_put_since(redis->run, clock_unix_ms(), &value);
	if (!key.failed && !value.failed)
		ask(&redis->pub, PING, 3,
		    (const struct span[]){ span_of("SET"), span_of_buf(&key), span_of_buf(&value) });
	buf_free(&key);
	buf_free(&value);
}

static void
take_since(struct relay_redis *redis, const redisReply *reply)
{
	struct span value = SPAN_EMPTY;

	if (reply->type == REDIS_REPLY_ERROR)
		return;
	if (reply->type == REDIS_REPLY_STRING)
		value = (struct span){ reply->str, reply->len };
	if (store_get_since(value, redis->run) != UINT64_MAX)
		return;
	redis->transport.n_emptied++;
	say_since(redis);
}

static void
take_info(struct relay_redis *redis, const redisReply *reply)
{
	bool is_text = reply->type == REDIS_REPLY_STRING;

	store_get_run(is_text ? (struct span){ reply->str, reply->len } : SPAN_EMPTY, redis->run);
}

static void
take_recalled(struct relay_redis *redis, uint64_t token, const redisReply *reply)
{
	struct store_past past;
	int r = store_read(reply, redis->run, &past);

	redis->transport.events->recalled(redis->transport.context, token, r == 0 ? &past.past : NULL);
	store_past_free(&past);
}

static void
say_beat(struct relay_redis *redis)
{
	uint64_t number = ++redis->said;

	redis->last_beat_ms = uv_now(redis->loop);
	if (redis->proof == 0) {
		redis->proof = number;
		redis->mark = outbox_mark(&redis->outbox);
	}
	ask_host_key(redis);
	ask_since(redis);
	put_publish(redis, span_of(redis->canary),
	    redis->transport.events->beat_text(redis->transport.context, number, redis->proving),
	    (struct redis_question){ BEAT, number });
}

static void
beat(struct transport *transport)
{
	struct relay_redis *redis = redis_of(transport);

	if (redis->let_in)
		say_beat(redis);
}

/* Of those that were said so far none is waited for. */
static void
forget_beats(struct relay_redis *redis)
{
	redis->confirmed = redis->heard = redis->said;
	redis->echo_due_ms = redis->proof = 0;
}

/* Redis has confirmed a beat: from now on it is due on the other connection. */
static void
beat_confirmed(struct relay_redis *redis, uint64_t number)
{
	if (number > redis->confirmed)
		redis->confirmed = number;
	if (redis->confirmed > redis->heard && redis->echo_due_ms == 0 && redis->proving)
		redis->echo_due_ms = uv_now(redis->loop);
}

static void
come_up(struct relay_redis *redis)
{
	redis->transport.up = true;
	redis->sub.attempts = redis->pub.attempts = 0;
	redis->sub.last_why[0] = redis->pub.last_why[0] = '\0';
	log_info("relay connected channels=%llu", (unsigned long long)redis->n_confirmed);
	redis->transport.events->up(redis->transport.context);
}

static void
beat_heard(struct transport *transport, uint64_t number)
{
	struct relay_redis *redis = redis_of(transport);

	if (number <= redis->heard || !redis->proving)
		return; /* of a connection before */
	redis->heard = number;
	if (redis->proof != 0 && number >= redis->proof) {
		outbox_settle(&redis->outbox, redis->mark);
		redis->proof = 0;
	}
	redis->echo_due_ms = redis->confirmed > redis->heard ? uv_now(redis->loop) : 0;
	if (!redis->transport.up)
		come_up(redis);
	redis->transport.events->beat(redis->transport.context);
}

/* True when a canary that Redis has sent does not arrive, and nothing else does. */
static bool
is_deaf(const struct relay_redis *redis)
{
	uint64_t heard = redis_heard_ms(redis->sub.redis);
	uint64_t since = heard > redis->echo_due_ms ? heard : redis->echo_due_ms;

	return redis->echo_due_ms != 0 && uv_now(redis->loop) - since > RELAY_REDIS_SILENT_MS;
}

/* --- what Redis answers ------------------------------------------------------------------ */

/* Everything is subscribed, and we may publish: a canary is to prove it. */
static void
prove_if_entered(struct relay_redis *redis)
{
	if (redis->proving || redis->sub.redis == NULL || redis->pub.redis == NULL || !redis->let_in ||
	    redis->n_confirmed < redis->n_subscribes)
		return;
	forget_beats(redis);
	redis->proving = true;
	say_beat(redis);
}

static bool
begins(const redisReply *reply, const char *with)
{
	return strncmp(reply->str, with, strlen(with)) == 0;
}

static void
refused(struct relay_link *link, const redisReply *reply)
{
	char why[REDIS_WHY_BYTES];

	snprintf(why, sizeof(why), "redis refuses: %s", reply->str);
	fail(link, why);
}

/* Messages of a replica do not reach those at its master, and not all of the master's reach us there. */
static void
refused_by_replica(struct relay_redis *redis, const redisReply *reply)
{
	refused(&redis->pub, reply);
	refused(&redis->sub, reply);
}

/* It may be forbidden; but when Redis does not want us at all, this is where it says so. */
static void
check_name(struct relay_link *link, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR && !begins(reply, "NOPERM") && !begins(reply, "ERR unknown"))
		refused(link, reply);
}

static void
let_in(struct relay_redis *redis)
{
	redis->let_in = true;
	redis->transport.publishing = redis->pub.redis != NULL;
	if (redis->transport.publishing)
		redis->transport.events->publishing(redis->transport.context);
	prove_if_entered(redis);
	if (!redis->proving)
		beat(&redis->transport); /* others hear us, though we do not */
}

/* True when storing is forbidden or there is no room, and everything else goes on. */
static bool
is_unstored(const struct relay_redis *redis, const redisReply *reply)
{
	static const char *const errors[] = { "OOM", "NOPERM", "WRONGTYPE", "MISCONF", "NOREPLICAS", "ERR" };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (begins(reply, errors[i]))
			return outbox_may_fail(&redis->outbox);
	return false;
}

static void
command_failed(struct relay_redis *redis, const redisReply *reply)
{
	if (!is_unstored(redis, reply)) {
		refused(&redis->pub, reply);
		return;
	}
	redis->transport.n_unstored++;
	log_limited(LOG_LEVEL_WARN, "history not stored in redis why=%s", reply->str);
	outbox_confirm(&redis->outbox);
}

static void
on_pub_reply(void *context, const struct redis_question *question, const redisReply *reply)
{
	struct relay_redis *redis = context;
	bool error = reply->type == REDIS_REPLY_ERROR;

	if (question == NULL)
		return;
	switch ((enum question)question->kind) {
	case NAME:
		check_name(&redis->pub, reply);
		return;
	case PING:
		return;
	case HOST_KEY:
		/* Other errors do not matter to us. */
		if (error && begins(reply, "READONLY"))
			refused_by_replica(redis, reply);
		else if (!redis->let_in)
			let_in(redis);
		return;
	case ENTER:
		if (error)
			refused(&redis->pub, reply);
		return;
	case COMMAND:
		if (error)
			command_failed(redis, reply);
		else
			outbox_confirm(&redis->outbox);
		return;
	case INFO:
		take_info(redis, reply);
		return;
	case SINCE:
		take_since(redis, reply);
		return;
	case QUEUED:
		return;
	case MEASURE:
		take_measured(redis, question->token, reply);
		return;
	case RECALL:
		take_recalled(redis, question->token, reply);
		return;
	case TOLD:
		if (error)
			refused(&redis->pub, reply);
		else if (question->token != 0)
			redis->transport.events->told(
			    redis->transport.context, question->token, (uint32_t)reply->integer);
		return;
	case BEAT:
		if (error)
			refused(&redis->pub, reply);
		else
			beat_confirmed(redis, question->token);
		return;
	}
}

static void
on_sub_reply(void *context, const struct redis_question *question, const redisReply *reply)
{
	struct relay_redis *redis = context;
	struct span channel;

	if (question != NULL) {
		if (question->kind == NAME)
			check_name(&redis->sub, reply);
		else if (question->kind != PING && reply->type == REDIS_REPLY_ERROR)
			refused(&redis->sub, reply);
		return;
	}
	channel = (struct span){ reply->element[1]->str, reply->element[1]->len };
	if (reply->element[2]->type == REDIS_REPLY_STRING) {
		redis->transport.events->message(
		    redis->transport.context, channel, (struct span){ reply->element[2]->str, reply->element[2]->len });
	} else if (reply->element[0]->str[0] == 's') {
		redis->n_confirmed++;
		redis->transport.events->subscribed(
		    redis->transport.context, channel, redis->ticket - redis->n_subscribes + redis->n_confirmed);
		prove_if_entered(redis);
	}
}

static void
ended(struct relay_link *link, const char *why)
{
	char text[REDIS_WHY_BYTES];

	snprintf(text, sizeof(text), "%s ended: %s", link->name, why);
	fail(link, text);
}

static void
on_sub_ended(void *context, const char *why)
{
	struct relay_redis *redis = context;

	ended(&redis->sub, why);
}

static void
on_pub_ended(void *context, const char *why)
{
	struct relay_redis *redis = context;

	ended(&redis->pub, why);
}

/* --- connecting ----------------------------------------------------------------------------- */

/* Logs in and says who we are. */
static void
enter(struct relay_link *link)
{
	const struct redisurl *url = &link->owner->url;
	struct span words[3] = { span_of("AUTH") };
	size_t n = 1;
	char db[16];

	if (url->password != NULL) {
		if (url->user != NULL)
			words[n++] = span_of(url->user);
		words[n++] = span_of(url->password);
		ask(link, ENTER, n, words);
	}
	if (url->db != 0) {
		snprintf(db, sizeof(db), "%d", url->db);
		ask(link, ENTER, 2, (const struct span[]){ span_of("SELECT"), span_of(db) });
	}
	ask(link, NAME, 3, (const struct span[]){ span_of("CLIENT"), span_of("SETNAME"), span_of("tina4-sidecar") });
}

static int
open_link(struct relay_link *link, const char *numeric, char ret_why[static REDIS_WHY_BYTES])
{
	static const struct redis_events sub_events = { on_sub_reply, on_sub_ended };
	static const struct redis_events pub_events = { on_pub_reply, on_pub_ended };
	struct relay_redis *redis = link->owner;
	const struct redis_address address = { .host = numeric,
		.port = redis->url.port,
		.path = redis->url.path,
		.tls_name = redis->url.tls ? redis->url.host : NULL };
	const struct redis_events *events = link == &redis->sub ? &sub_events : &pub_events;

	return redis_open(&link->redis, redis->loop, &address, events, redis, ret_why);
}

static void
begin_to_subscribe(struct relay_redis *redis)
{
	redis->n_subscribes = redis->n_confirmed = 0;
	subscribe(&redis->transport, span_of(redis->canary));
	redis->transport.connected = true;
	redis->transport.events->subscribe_all(redis->transport.context);
}

static void
begin_to_publish(struct relay_redis *redis)
{
	ask(&redis->pub, INFO, 2, (const struct span[]){ span_of("INFO"), span_of("server") });
	ask_host_key(redis);
}

static void
connect_to(struct relay_link *link, const char *numeric)
{
	struct relay_redis *redis = link->owner;
	char why[REDIS_WHY_BYTES];

	if (open_link(link, numeric, why) < 0) {
		fail(link, why);
		return;
	}
	enter(link);
	if (link == &redis->sub)
		begin_to_subscribe(redis);
	else
		begin_to_publish(redis);
}

/* Takes another address each time, in case one of them is dead. */
static void
on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *all)
{
	struct relay_link *link = lookup->data;
	struct addrinfo *info = all;
	char numeric[INET6_ADDRSTRLEN];
	unsigned n = 0;

	link->looking = false;
	if (link->owner->closing) {
		uv_freeaddrinfo(all);
		return;
	}
	for (struct addrinfo *each = all; each != NULL; each = each->ai_next)
		n++;
	if (status < 0 || n == 0) {
		fail(link, status < 0 ? uv_strerror(status) : "its name has no address");
	} else {
		for (n = link->attempts % n; n > 0; n--)
			info = info->ai_next;
		if (info->ai_family == AF_INET6)
			uv_ip6_name((struct sockaddr_in6 *)info->ai_addr, numeric, sizeof(numeric));
		else
			uv_ip4_name((struct sockaddr_in *)info->ai_addr, numeric, sizeof(numeric));
		connect_to(link, numeric);
	}
	uv_freeaddrinfo(all);
}

static bool
is_numeric(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static void
on_retry(uv_timer_t *timer)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct relay_link *link = timer->data;
	const char *host = link->owner->url.host;
	int r;

	if (link->looking || link->redis != NULL)
		return;
	if (host == NULL || is_numeric(host)) {
		connect_to(link, host);
		return;
	}
	/* The resolver waits, so another thread asks it. */
	link->lookup.data = link;
	r = uv_getaddrinfo(link->owner->loop, &link->lookup, on_looked_up, host, NULL, &hints);
	link->looking = r == 0;
	if (r < 0)
		fail(link, uv_strerror(r));
}

/* --- losing it --------------------------------------------------------------------------------- */

uint32_t
relay_redis_pause_ms(unsigned attempts, uint32_t random)
{
	uint32_t most = RELAY_REDIS_LAST_PAUSE_MS;

	if (attempts < 16 && (uint32_t)RELAY_REDIS_FIRST_PAUSE_MS << attempts < most)
		most = (uint32_t)RELAY_REDIS_FIRST_PAUSE_MS << attempts;
	return (uint32_t)(((uint64_t)random * most) >> 32);
}

static bool
said_so(const struct relay_link *link, const char *why)
{
	return strncmp(why, link->last_why, sizeof(link->last_why) - 1) == 0;
}

/* Once for each reason, until both are up again. */
static void
complain(struct relay_link *link, const char *why)
{
	struct relay_redis *redis = link->owner;
	bool again = said_so(&redis->sub, why) || said_so(&redis->pub, why);

	snprintf(link->last_why, sizeof(link->last_why), "%s", why);
	if (!again)
		log_warn("relay disconnected why=%s waiting_bytes=%zu", why, outbox_bytes(&redis->outbox));
}

/* What the kernel has already is ours. */
static void
drain_and_close(struct relay_link *link)
{
	struct redis *connection = link->redis;

	link->redis = NULL;
	if (connection != NULL)
		redis_drain(connection);
	redis_close(connection);
}

static void
lose_subscription(struct relay_redis *redis)
{
	bool was = redis->transport.connected;

	redis->transport.connected = false;
	if (was)
		redis->transport.events->unsubscribed(redis->transport.context);
}

static void
lose_publishing(struct relay_redis *redis)
{
	bool was = redis->transport.publishing;

	redis->let_in = redis->transport.publishing = redis->transport.released = false;
	outbox_rewind(&redis->outbox);
	if (was)
		redis->transport.events->unheard(redis->transport.context);
}

static void
fail(struct relay_link *link, const char *why)
{
	struct relay_redis *redis = link->owner;
	struct wire_id random = { 0 };
	uint32_t bits;

	if (redis->closing || uv_is_active((uv_handle_t *)&link->retry))
		return;
	complain(link, why);
	redis->proving = redis->transport.up = false;
	wire_id_random(&random);
	memcpy(&bits, random.bytes, sizeof(bits));
	uv_timer_start(&link->retry, on_retry, relay_redis_pause_ms(link->attempts++, bits), 0);
	drain_and_close(link);
	forget_beats(redis);
	if (link == &redis->sub)
		lose_subscription(redis);
	else
		lose_publishing(redis);
}

/* --- the loop ------------------------------------------------------------------------------------- */

static void
check_sub(struct relay_redis *redis)
{
	struct redis *sub = redis->sub.redis;

	if (redis_silent_ms(sub) > RELAY_REDIS_SILENT_MS)
		fail(&redis->sub, "redis does not answer");
	else if (redis->n_confirmed < redis->n_subscribes &&
	    uv_now(redis->loop) - redis_heard_ms(sub) > RELAY_REDIS_SILENT_MS)
		fail(&redis->sub, "redis does not subscribe");
	else if (is_deaf(redis))
		fail(&redis->sub, "the subscription is dead");
	else if (redis_silent_ms(sub) == 0)
		ask(&redis->sub, PING, 1, (const struct span[]){ span_of("PING") });
}

static void
on_tick(uv_timer_t *timer)
{
	struct relay_redis *redis = timer->data;

	if (redis->pub.redis != NULL && redis_silent_ms(redis->pub.redis) > RELAY_REDIS_SILENT_MS)
		fail(&redis->pub, "redis does not answer");
	if (redis->sub.redis != NULL)
		check_sub(redis);
	if (redis->let_in && uv_now(redis->loop) - redis->last_beat_ms >= RELAY_REDIS_BEAT_MS)
		say_beat(redis);
}

static void
flush_outbox(struct relay_redis *redis)
{
	struct span bytes;
	uint32_t n;

	while (redis->pub.redis != NULL && redis->transport.released && redis_unsent(redis->pub.redis) == 0 &&
	    (n = outbox_hand(&redis->outbox, HAND_BYTES, &bytes)) > 0) {
		redis_ask_encoded(redis->pub.redis, (struct redis_question){ COMMAND, 0 }, n, bytes);
		if (redis->pub.redis != NULL)
			redis_flush(redis->pub.redis);
	}
}

static void
flush(struct transport *transport)
{
	struct relay_redis *redis = redis_of(transport);

	if (redis->pub.redis != NULL)
		redis_flush(redis->pub.redis);
	if (redis->sub.redis != NULL)
		redis_flush(redis->sub.redis);
	flush_outbox(redis);
}

/* --- opening and closing ---------------------------------------------------------------------------- */

/* The first attempt is made when the loop runs. */
static void
open_retry(struct relay_redis *redis, struct relay_link *link, const char *name)
{
	link->owner = redis;
	link->name = name;
	uv_timer_init(redis->loop, &link->retry);
	link->retry.data = link;
	uv_timer_start(&link->retry, on_retry, 0, 0);
}

int
relay_redis_open(struct relay_redis *redis, const struct conf *conf, uv_loop_t *loop, uint32_t instance)
{
	static const struct transport_calls calls = {
		.subscribe = subscribe,
		.unsubscribe = unsubscribe,
		.publish = publish,
		.measure = measure,
		.recall = recall,
		.tell = tell,
		.tell_all = tell_all,
		.beat = beat,
		.beat_heard = beat_heard,
		.release = release,
		.flush = flush,
		.waiting_bytes = waiting_bytes,
		.now_ms = now_ms,
	};
	int r;

	*redis = (struct relay_redis){ .transport.calls = &calls, .conf = conf };
	r = redisurl_parse(conf->ws_backplane_url, strlen(conf->ws_backplane_url), &redis->url);
	if (r < 0)
		return r;
	snprintf(redis->canary, sizeof(redis->canary), "%s:hosts", conf->ws_backplane_prefix);
	snprintf(redis->host_key, sizeof(redis->host_key), "%s:host:%08x", conf->ws_backplane_prefix, instance);
	gethostname(redis->host_name, sizeof(redis->host_name) - 1);
	outbox_open(&redis->outbox, conf->ws_backplane_queue_bytes);
	redis->loop = loop;
	uv_timer_init(loop, &redis->tick);
	redis->tick.data = redis;
	uv_timer_start(&redis->tick, on_tick, TICK_MS, TICK_MS);
	open_retry(redis, &redis->sub, "subscription");
	open_retry(redis, &redis->pub, "connection");
	return 0;
}

void
relay_redis_close(struct relay_redis *redis)
{
	if (redis->loop == NULL)
		return;
	redis->closing = true;
	flush(&redis->transport);
	redis_close(redis->pub.redis);
	redis_close(redis->sub.redis);
	redis->pub.redis = redis->sub.redis = NULL;
	uv_close((uv_handle_t *)&redis->tick, NULL);
	uv_close((uv_handle_t *)&redis->sub.retry, NULL);
	uv_close((uv_handle_t *)&redis->pub.retry, NULL);
	outbox_close(&redis->outbox);
	redisurl_free(&redis->url);
}
