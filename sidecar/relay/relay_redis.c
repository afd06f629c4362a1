#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/conf.h"
#include "shared/log.h"
#include "sidecar/relay/redis.h"
#include "sidecar/relay/relay_redis.h"
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
};

static void fail(struct relay_redis *redis, const char *why);

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
ask(struct redis *connection, enum question kind, size_t n, const struct span *words)
{
	redis_ask(connection, (struct redis_question){ (int)kind, 0 }, n, words);
}

static void
put_publish(struct relay_redis *redis, struct span channel, struct span message, struct redis_question question)
{
	const struct span words[] = { span_of("PUBLISH"), channel, message };

	if (redis->pub != NULL)
		redis_ask(redis->pub, question, 3, words);
}

static uint64_t
subscribe(struct transport *transport, struct span channel)
{
	const struct span words[] = { span_of("SUBSCRIBE"), channel };
	struct relay_redis *redis = redis_of(transport);

	if (redis->sub == NULL)
		return 0;
	redis_ask(redis->sub, (struct redis_question){ 0 }, 2, words);
	return ++redis->n_subscribes;
}

static void
unsubscribe(struct transport *transport, struct span channel)
{
	const struct span words[] = { span_of("UNSUBSCRIBE"), channel };
	struct relay_redis *redis = redis_of(transport);

	if (redis->sub != NULL)
		redis_ask(redis->sub, (struct redis_question){ 0 }, 2, words);
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

static int
publish(struct transport *transport, struct span channel, struct span message)
{
	return outbox_push(&redis_of(transport)->outbox, channel, message);
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

	ask(redis->pub, HOST_KEY, sizeof(words) / sizeof(words[0]), words);
}

static void
set_beat(struct transport *transport, struct span message)
{
	struct relay_redis *redis = redis_of(transport);

	buf_clear(&redis->beat);
	buf_bytes(&redis->beat, message.data, message.len);
}

static void
say_beat(struct relay_redis *redis)
{
	redis->last_beat_ms = uv_now(redis->loop);
	redis->n_said++;
	if (redis->proof == 0) {
		redis->proof = redis->n_said;
		redis->mark = outbox_mark(&redis->outbox);
	}
	ask_host_key(redis);
	put_publish(redis, span_of(redis->canary), span_of_buf(&redis->beat), (struct redis_question){ BEAT, 0 });
}

static void
beat(struct transport *transport)
{
	struct relay_redis *redis = redis_of(transport);

	if (redis->state >= RELAY_REDIS_PROVING)
		say_beat(redis);
}

/* Redis has confirmed a beat: from now on it is due on the other connection. */
static void
beat_confirmed(struct relay_redis *redis)
{
	if (++redis->n_beats > redis->n_echoes && redis->echo_due_ms == 0)
		redis->echo_due_ms = uv_now(redis->loop);
}

static void
come_up(struct relay_redis *redis)
{
	redis->state = RELAY_REDIS_UP;
	redis->transport.up = true;
	redis->attempts = 0;
	redis->last_why[0] = '\0';
	log_info("relay connected channels=%llu", (unsigned long long)redis->n_confirmed);
	redis->transport.events->up(redis->transport.context);
}

static void
echo_came(struct relay_redis *redis)
{
	if (++redis->n_echoes >= redis->proof && redis->proof != 0) {
		outbox_settle(&redis->outbox, redis->mark);
		redis->proof = 0;
	}
	redis->echo_due_ms = redis->n_beats > redis->n_echoes ? uv_now(redis->loop) : 0;
	if (redis->state == RELAY_REDIS_PROVING)
		come_up(redis);
	redis->transport.events->beat(redis->transport.context);
}

/* True when a canary that Redis has sent does not arrive, and nothing else does. */
static bool
is_deaf(const struct relay_redis *redis)
{
	uint64_t heard = redis_heard_ms(redis->sub);
	uint64_t since = heard > redis->echo_due_ms ? heard : redis->echo_due_ms;

	return redis->echo_due_ms != 0 && uv_now(redis->loop) - since > RELAY_REDIS_SILENT_MS;
}

/* --- what Redis answers ------------------------------------------------------------------ */

/* Everything is subscribed, and we may publish: a first canary is to prove it. */
static void
prove_if_entered(struct relay_redis *redis)
{
	if (redis->state != RELAY_REDIS_ENTERING || !redis->let_in || redis->n_confirmed < redis->n_subscribes)
		return;
	redis->state = RELAY_REDIS_PROVING;
	say_beat(redis);
}

static bool
begins(const redisReply *reply, const char *with)
{
	return strncmp(reply->str, with, strlen(with)) == 0;
}

static void
refused(struct relay_redis *redis, const redisReply *reply)
{
	char why[REDIS_WHY_BYTES];

	snprintf(why, sizeof(why), "redis refuses: %s", reply->str);
	fail(redis, why);
}

/* It may be forbidden; but when Redis does not want us at all, this is where it says so. */
static void
check_name(struct relay_redis *redis, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR && !begins(reply, "NOPERM") && !begins(reply, "ERR unknown"))
		refused(redis, reply);
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
		check_name(redis, reply);
		return;
	case HOST_KEY:
		/* Messages of a replica do not reach those at its master. Other errors do not matter to us. */
		if (error && begins(reply, "READONLY"))
			refused(redis, reply);
		else if (!redis->let_in) {
			redis->let_in = true;
			prove_if_entered(redis);
		}
		return;
	case ENTER:
		if (error)
			refused(redis, reply);
		return;
	case COMMAND:
		if (error)
			refused(redis, reply);
		else
			outbox_confirm(&redis->outbox);
		return;
	case TOLD:
		if (error)
			refused(redis, reply);
		else if (question->token != 0)
			redis->transport.events->told(
			    redis->transport.context, question->token, (uint32_t)reply->integer);
		return;
	case BEAT:
		if (error)
			refused(redis, reply);
		else
			beat_confirmed(redis);
		return;
	}
}

static void
take_message(struct relay_redis *redis, struct span channel, struct span data)
{
	if (data.len == redis->beat.len && memcmp(data.data, redis->beat.data, data.len) == 0)
		echo_came(redis);
	else
		redis->transport.events->message(redis->transport.context, channel, data);
}

static void
on_sub_reply(void *context, const struct redis_question *question, const redisReply *reply)
{
	struct relay_redis *redis = context;
	struct span channel;

	if (question != NULL) {
		if (question->kind == NAME)
			check_name(redis, reply);
		else if (reply->type == REDIS_REPLY_ERROR)
			refused(redis, reply);
		return;
	}
	channel = (struct span){ reply->element[1]->str, reply->element[1]->len };
	if (reply->element[2]->type == REDIS_REPLY_STRING) {
		take_message(redis, channel, (struct span){ reply->element[2]->str, reply->element[2]->len });
	} else if (reply->element[0]->str[0] == 's') {
		redis->transport.events->subscribed(redis->transport.context, channel, ++redis->n_confirmed);
		prove_if_entered(redis);
	}
}

static void
on_sub_ended(void *context, const char *why)
{
	char text[REDIS_WHY_BYTES];

	snprintf(text, sizeof(text), "subscription ended: %s", why);
	fail(context, text);
}

static void
on_pub_ended(void *context, const char *why)
{
	char text[REDIS_WHY_BYTES];

	snprintf(text, sizeof(text), "connection ended: %s", why);
	fail(context, text);
}

/* --- connecting ----------------------------------------------------------------------------- */

/* Logs in and says who we are. */
static void
enter(struct relay_redis *redis, struct redis *connection)
{
	const struct redisurl *url = &redis->url;
	struct span words[3] = { span_of("AUTH") };
	size_t n = 1;
	char db[16];

	if (url->password != NULL) {
		if (url->user != NULL)
			words[n++] = span_of(url->user);
		words[n++] = span_of(url->password);
		ask(connection, ENTER, n, words);
	}
	if (url->db != 0) {
		snprintf(db, sizeof(db), "%d", url->db);
		ask(connection, ENTER, 2, (const struct span[]){ span_of("SELECT"), span_of(db) });
	}
	ask(connection, NAME, 3,
	    (const struct span[]){ span_of("CLIENT"), span_of("SETNAME"), span_of("tina4-sidecar") });
}

static int
open_both(struct relay_redis *redis, const char *numeric, char ret_why[static REDIS_WHY_BYTES])
{
	static const struct redis_events sub_events = { on_sub_reply, on_sub_ended };
	static const struct redis_events pub_events = { on_pub_reply, on_pub_ended };
	const struct redis_address address = { .host = numeric,
		.port = redis->url.port,
		.path = redis->url.path,
		.tls_name = redis->url.tls ? redis->url.host : NULL };
	int r;

	r = redis_open(&redis->sub, redis->loop, &address, &sub_events, redis, ret_why);
	if (r == 0)
		r = redis_open(&redis->pub, redis->loop, &address, &pub_events, redis, ret_why);
	return r;
}

static void
connect_to(struct relay_redis *redis, const char *numeric)
{
	char why[REDIS_WHY_BYTES];

	redis->state = RELAY_REDIS_ENTERING;
	redis->begun_ms = uv_now(redis->loop);
	redis->n_subscribes = redis->n_confirmed = 0;
	redis->n_said = redis->n_beats = redis->n_echoes = redis->echo_due_ms = redis->proof = 0;
	redis->let_in = false;
	if (open_both(redis, numeric, why) < 0) {
		fail(redis, why);
		return;
	}
	enter(redis, redis->sub);
	enter(redis, redis->pub);
	ask_host_key(redis);
	subscribe(&redis->transport, span_of(redis->canary));
	redis->transport.connected = true;
	redis->transport.events->subscribe_all(redis->transport.context);
}

/* Takes another address each time, in case one of them is dead. */
static void
on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *all)
{
	struct relay_redis *redis = lookup->data;
	struct addrinfo *info = all;
	char numeric[INET6_ADDRSTRLEN];
	unsigned n = 0;

	redis->looking = false;
	if (redis->closing) {
		uv_freeaddrinfo(all);
		return;
	}
	redis->state = RELAY_REDIS_ENTERING;
	for (struct addrinfo *each = all; each != NULL; each = each->ai_next)
		n++;
	if (status < 0 || n == 0) {
		fail(redis, status < 0 ? uv_strerror(status) : "its name has no address");
	} else {
		for (n = redis->attempts % n; n > 0; n--)
			info = info->ai_next;
		if (info->ai_family == AF_INET6)
			uv_ip6_name((struct sockaddr_in6 *)info->ai_addr, numeric, sizeof(numeric));
		else
			uv_ip4_name((struct sockaddr_in *)info->ai_addr, numeric, sizeof(numeric));
		connect_to(redis, numeric);
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
	struct relay_redis *redis = timer->data;
	const char *host = redis->url.host;
	int r;

	if (redis->looking)
		return;
	if (host == NULL || is_numeric(host)) {
		connect_to(redis, host);
		return;
	}
	/* The resolver waits, so another thread asks it. */
	redis->lookup.data = redis;
	r = uv_getaddrinfo(redis->loop, &redis->lookup, on_looked_up, host, NULL, &hints);
	redis->looking = r == 0;
	if (r < 0) {
		redis->state = RELAY_REDIS_ENTERING;
		fail(redis, uv_strerror(r));
	}
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

/* Once for each reason, until it has been up again. */
static void
complain(struct relay_redis *redis, const char *why)
{
	if (strncmp(why, redis->last_why, sizeof(redis->last_why) - 1) == 0)
		return;
	snprintf(redis->last_why, sizeof(redis->last_why), "%s", why);
	log_warn("relay disconnected why=%s waiting_bytes=%zu", why, outbox_bytes(&redis->outbox));
}

static void
fail(struct relay_redis *redis, const char *why)
{
	struct redis *sub = redis->sub, *pub = redis->pub;
	struct wire_id random = { 0 };
	uint32_t bits;

	if (redis->state == RELAY_REDIS_AWAY || redis->closing)
		return;
	complain(redis, why);
	redis->state = RELAY_REDIS_AWAY;
	redis->transport.connected = redis->transport.up = redis->transport.released = false;
	redis->sub = redis->pub = NULL;
	/* What the kernel has already is ours. */
	if (pub != NULL)
		redis_drain(pub);
	if (sub != NULL)
		redis_drain(sub);
	redis_close(pub);
	redis_close(sub);
	outbox_rewind(&redis->outbox);
	redis->transport.events->down(redis->transport.context);
	wire_id_random(&random);
	memcpy(&bits, random.bytes, sizeof(bits));
	uv_timer_start(&redis->retry, on_retry, relay_redis_pause_ms(redis->attempts++, bits), 0);
}

/* --- the loop ------------------------------------------------------------------------------------- */

static void
on_tick(uv_timer_t *timer)
{
	struct relay_redis *redis = timer->data;

	if (redis->state == RELAY_REDIS_AWAY)
		return;
	if (redis_silent_ms(redis->pub) > RELAY_REDIS_SILENT_MS)
		fail(redis, "redis does not answer");
	else if (redis->state == RELAY_REDIS_ENTERING && redis->n_confirmed < redis->n_subscribes &&
	    uv_now(redis->loop) - redis_heard_ms(redis->sub) > RELAY_REDIS_SILENT_MS)
		fail(redis, "redis does not subscribe");
	else if (is_deaf(redis))
		fail(redis, "the subscription is dead");
	else if (redis->state >= RELAY_REDIS_PROVING &&
	    uv_now(redis->loop) - redis->last_beat_ms >= RELAY_REDIS_BEAT_MS)
		say_beat(redis);
}

static void
flush_outbox(struct relay_redis *redis)
{
	struct span bytes;
	uint32_t n;

	while (redis->transport.released && redis_unsent(redis->pub) == 0 &&
	    (n = outbox_hand(&redis->outbox, HAND_BYTES, &bytes)) > 0) {
		redis_ask_encoded(redis->pub, (struct redis_question){ COMMAND, 0 }, n, bytes);
		redis_flush(redis->pub);
	}
}

static void
flush(struct transport *transport)
{
	struct relay_redis *redis = redis_of(transport);

	if (redis->pub != NULL)
		redis_flush(redis->pub);
	if (redis->sub != NULL)
		redis_flush(redis->sub);
	if (redis->pub != NULL)
		flush_outbox(redis);
}

/* --- opening and closing ---------------------------------------------------------------------------- */

int
relay_redis_open(struct relay_redis *redis, const struct conf *conf, uv_loop_t *loop, uint32_t instance)
{
	static const struct transport_calls calls = {
		.subscribe = subscribe,
		.unsubscribe = unsubscribe,
		.publish = publish,
		.tell = tell,
		.tell_all = tell_all,
		.set_beat = set_beat,
		.beat = beat,
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
	uv_timer_init(loop, &redis->retry);
	redis->tick.data = redis->retry.data = redis;
	uv_timer_start(&redis->tick, on_tick, TICK_MS, TICK_MS);
	uv_timer_start(&redis->retry, on_retry, 0, 0);
	return 0;
}

void
relay_redis_close(struct relay_redis *redis)
{
	if (redis->loop == NULL)
		return;
	redis->closing = true;
	flush(&redis->transport);
	redis_close(redis->pub);
	redis_close(redis->sub);
	redis->pub = redis->sub = NULL;
	redis->state = RELAY_REDIS_AWAY;
	uv_close((uv_handle_t *)&redis->tick, NULL);
	uv_close((uv_handle_t *)&redis->retry, NULL);
	outbox_close(&redis->outbox);
	buf_free(&redis->beat);
	redisurl_free(&redis->url);
}
