#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "sidecar/hub/client.h"
#include "tests/unit/relay_scene.h"

const uint64_t scene_origin = (uint64_t)SCENE_INSTANCE << 32 | 7;

static struct scene *
scene_of(struct transport *transport)
{
	return (struct scene *)transport;
}

/* --- the transport ------------------------------------------------------------- */

static struct scene_word *
note(struct transport *transport, enum scene_verb verb, struct span channel, struct span message)
{
	struct scene *scene = scene_of(transport);
	struct scene_word *word = &scene->words[scene->n_words];

	assert(scene->n_words < SCENE_WORDS && channel.len < sizeof(word->channel));
	scene->n_words++;
	*word = (struct scene_word){ .verb = verb };
	memcpy(word->channel, channel.data, channel.len);
	buf_bytes(&word->bytes, message.data, message.len);
	return word;
}

static uint64_t
subscribe(struct transport *transport, struct span channel)
{
	struct scene_word *word = note(transport, SCENE_SUBSCRIBES, channel, (struct span){ 0 });

	word->ticket = ++scene_of(transport)->tickets;
	return word->ticket;
}

static void
unsubscribe(struct transport *transport, struct span channel)
{
	note(transport, SCENE_UNSUBSCRIBES, channel, (struct span){ 0 });
}

static int
publish(struct transport *transport, struct span channel, struct span message, const struct transport_keeping *keeping)
{
	struct scene *scene = scene_of(transport);

	scene->n_stored += keeping != NULL;
	if (keeping != NULL)
		scene->keeping = *keeping;
	if (scene->publish_result == 0)
		note(transport, SCENE_PUBLISHES, channel, message);
	return scene->publish_result;
}

static void
measure(struct transport *transport, struct span path, uint64_t token)
{
	struct scene *scene = scene_of(transport);

	(void)path;
	transport->events->measured(transport->context, token, scene->stored_bytes);
}

static void
recall(struct transport *transport, struct span path, uint32_t messages, uint64_t token)
{
	struct scene_word *word = note(transport, SCENE_RECALLS, path, SPAN_EMPTY);

	word->token = token;
	word->messages = messages;
}

static void
tell(struct transport *transport, struct span channel, struct span message, uint64_t token)
{
	note(transport, SCENE_TELLS, channel, message)->token = token;
}

static void
tell_all(struct transport *transport, struct span message)
{
	note(transport, SCENE_TELLS_ALL, span_of("all"), message);
}

static void
beat(struct transport *transport)
{
	scene_of(transport)->n_beats++;
}

static void
beat_heard(struct transport *transport, uint64_t number)
{
	scene_of(transport)->beat_heard = number;
}

static void
release(struct transport *transport)
{
	transport->released = true;
}

static void
flush(struct transport *transport)
{
	scene_of(transport)->n_flushes++;
}

static size_t
waiting_bytes(const struct transport *transport)
{
	return ((const struct scene *)transport)->waiting_bytes;
}

static uint64_t
now_ms(const struct transport *transport)
{
	return ((const struct scene *)transport)->now_ms;
}

/* --- who listens ----------------------------------------------------------------- */

static void
on_count_changed(void *context, struct path *path)
{
	channel_count_changed(context, path);
}

static void
on_path_gone(void *context, struct path *path)
{
	channel_path_gone(context, path);
}

static void
on_released(void *context, struct path *path)
{
	struct scene *scene = context;

	path->held = false;
	scene->released = path;
	scene->n_released++;
}

static void
on_counted(void *context, const struct bus_peer *peer, uint64_t id, uint32_t count)
{
	struct scene *scene = context;

	(void)peer;
	scene->counted_id = id;
	scene->counted = count;
	scene->n_counted++;
}

/* Says what it was asked. */
static void
on_asked(void *context, const struct wire_command *question, struct buf *text, struct wire_reply *ret)
{
	(void)context;
	buf_printf(text, "asked %.*s", (int)question->key.len, question->key.data);
	*ret = (struct wire_reply){ .text = span_of_buf(text) };
}

static void
on_heard_for(void *context, struct user *user)
{
	(void)context;
	user->held = false;
}

/* --- the scene ---------------------------------------------------------------------- */

void
scene_begin(struct scene *scene)
{
	static const struct transport_calls calls = { subscribe, unsubscribe, publish, measure, recall, tell, tell_all,
		beat, beat_heard, release, flush, waiting_bytes, now_ms };
	static const struct hub_events hub_events = { .count_changed = on_count_changed, .path_gone = on_path_gone };
	static const struct relay_events relay_events = {
		.released = on_released, .heard_for = on_heard_for, .counted = on_counted, .asked = on_asked
	};
	static char prefix[] = "t";

	*scene = (struct scene){ .transport.calls = &calls, .now_ms = 1000 };
	scene->conf = (struct conf){ .ws_backplane_prefix = prefix,
		.ws_max_message = 1 << 20,
		.ws_queue_bytes = 1 << 20,
		.ws_backplane_queue_bytes = 1 << 20,
		.ws_backplane_repair_seconds = 30,
		.ws_backplane_repair_bytes = 1 << 20 };
	hub_open(&scene->hub, &scene->conf, NULL, 1);
	relay_open(&scene->relay, &scene->conf, &scene->hub, &scene->transport, scene_origin);
	relay_listen(&scene->relay, &relay_events, scene);
	hub_listen(&scene->hub, &hub_events, &scene->relay);
}

void
scene_end(struct scene *scene)
{
	relay_close(&scene->relay);
	hub_listen(&scene->hub, NULL, NULL);
	for (unsigned i = 0; i < SCENE_CLIENTS; i++)
		if (scene->clients[i] != NULL)
			scene_leave(scene, i);
	hub_close(&scene->hub);
	scene_forget(scene);
}

void
scene_up(struct scene *scene)
{
	scene_subscribe(scene);
	scene_publish(scene);
	scene_prove(scene);
}

void
scene_subscribe(struct scene *scene)
{
	scene->transport.connected = true;
	scene->transport.events->subscribe_all(scene->transport.context);
}

void
scene_publish(struct scene *scene)
{
	scene->transport.publishing = true;
	scene->transport.events->publishing(scene->transport.context);
}

void
scene_prove(struct scene *scene)
{
	const struct scene_word *word;

	for (uint32_t i = 0; i < scene->n_words; i++) {
		word = &scene->words[i];
		if (word->verb == SCENE_SUBSCRIBES && strncmp(word->channel, "t:host:", 7) == 0)
			scene->transport.events->subscribed(
			    scene->transport.context, span_of(word->channel), word->ticket);
	}
	scene->transport.up = true;
	scene->transport.events->up(scene->transport.context);
}

void
scene_down(struct scene *scene)
{
	scene_unsubscribe(scene);
	scene_unhear(scene);
}

void
scene_unsubscribe(struct scene *scene)
{
	scene->transport.connected = scene->transport.up = false;
	scene->transport.events->unsubscribed(scene->transport.context);
}

void
scene_unhear(struct scene *scene)
{
	scene->transport.publishing = scene->transport.up = scene->transport.released = false;
	scene->transport.events->unheard(scene->transport.context);
}

struct client *
scene_enter(struct scene *scene, unsigned i, const char *path)
{
	struct wire_id id = { { 0 } };
	uint32_t instance = htobe32(SCENE_INSTANCE);

	memcpy(id.bytes, &instance, sizeof(instance));
	id.bytes[sizeof(id.bytes) - 1] = (uint8_t)i;
	scene->clients[i] = client_new(&id);
	assert(scene->clients[i] != NULL);
	hub_enter(&scene->hub, scene->clients[i], path, strlen(path));
	hub_join(&scene->hub, scene->clients[i]);
	return scene->clients[i];
}

void
scene_leave(struct scene *scene, unsigned i)
{
	hub_leave(&scene->hub, scene->clients[i]);
	scene->clients[i]->place.state = CLIENT_GONE;
	hub_remove(&scene->hub, scene->clients[i]);
	client_free(scene->clients[i]);
	scene->clients[i] = NULL;
}

struct path *
scene_path(struct scene *scene, const char *path)
{
	return hub_find_path(&scene->hub, path, strlen(path));
}

void
scene_forget(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->n_words; i++)
		buf_free(&scene->words[i].bytes);
	scene->n_words = 0;
}

void
scene_flush(struct scene *scene)
{
	scene_forget(scene);
	hub_flush(&scene->hub);
	relay_flush(&scene->relay);
}

void
scene_pass(struct scene *scene, uint64_t ms)
{
	scene->now_ms += ms;
	if (scene->relay.waits)
		relay_tick(&scene->relay);
}

const struct scene_word *
scene_word(const struct scene *scene, enum scene_verb verb)
{
	for (uint32_t i = scene->n_words; i > 0; i--)
		if (scene->words[i - 1].verb == verb)
			return &scene->words[i - 1];
	return NULL;
}

uint32_t
scene_count(const struct scene *scene, enum scene_verb verb)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < scene->n_words; i++)
		n += scene->words[i].verb == verb;
	return n;
}

struct envelope
scene_envelope(const struct scene_word *word)
{
	struct envelope envelope = { 0 };

	if (word == NULL || envelope_get(word->bytes.data, word->bytes.len, &envelope) < 0)
		envelope.type = 0;
	return envelope;
}

uint64_t
scene_confirm(struct scene *scene)
{
	const struct scene_word *word = scene_word(scene, SCENE_SUBSCRIBES);
	uint32_t before = scene->n_words;

	scene->transport.events->subscribed(scene->transport.context, span_of(word->channel), word->ticket);
	return scene->n_words > before ? scene_word(scene, SCENE_TELLS)->token : 0;
}

void
scene_recalled(struct scene *scene, const struct transport_past *past)
{
	scene->transport.events->recalled(scene->transport.context, scene_word(scene, SCENE_RECALLS)->token, past);
}

void
scene_told(struct scene *scene, uint64_t token, uint32_t receivers)
{
	scene->transport.events->told(scene->transport.context, token, receivers);
}

void
scene_hear(struct scene *scene, const struct envelope *envelope)
{
	struct buf bytes = BUF_INIT;

	envelope_put(&bytes, envelope);
	scene->transport.events->message(scene->transport.context, span_of("t:any"), span_of_buf(&bytes));
	buf_free(&bytes);
}

void
scene_hear_count(
    struct scene *scene, uint64_t origin, uint64_t sequence, const char *path, uint32_t count, uint64_t question)
{
	const struct envelope envelope = { .type = ENVELOPE_COUNT,
		.origin = origin,
		.sequence = sequence,
		.path = span_of(path),
		.count = count,
		.question = question };

	scene_hear(scene, &envelope);
}
