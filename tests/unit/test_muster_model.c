#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/resume.h"
#include "sidecar/relay/channel.h"
#include "sidecar/relay/envelope.h"
#include "sidecar/relay/relay.h"
#include "sidecar/relay/muster.h"
#include "sidecar/relay/transport.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"
#include "tests/unit/people.h"

/*
 * Several hosts, and between them a transport of the test's that loses words, says
 * them twice, and is cut off from a host. Clients come, present themselves, leave and
 * come back elsewhere; hosts die, leave and start anew. At every quiet moment each host
 * and each client of frond.1 knows who is there, on all hosts, and what it was told in
 * between made sense.
 */

enum {
	HOSTS = 3,
	SLOTS = 6,
	PATHS = 2,
	CHANNELS = 8, /* that a host has subscribed */
	WORDS = 65536,
	GRACE = 5,
	BEATS = 90, /* of half a second, to a quiet moment */
	ROUNDS = 120,
	STEPS = 40, /* from one quiet moment to the next */
	LOST = 3,   /* of 100 words */
	DOUBLED = 3,
};

struct slot {
	struct browser browser; /* its client is NULL for nobody */
	struct people people;
	unsigned path;
	char *text; /* what others are to see of it, or NULL */
	int user;
};

struct machine {
	struct transport transport; /* comes first */
	struct model *model;
	struct hub hub;
	struct relay relay;
	struct slot slots[SLOTS];
	char *subscribed[CHANNELS];
	uint64_t ticket, number;
	bool cut;
};

struct word {
	struct machine *to;
	char *channel;
	struct buf bytes;
};

struct model {
	struct machine hosts[HOSTS];
	struct conf conf;
	struct word words[WORDS];
	unsigned first, last;
	uint64_t left_keys[16]; /* of those who have gone */
	int left_users[16];
	unsigned n_left;
	uint64_t now_ms;
	uint32_t random, origins, n_clients;
	unsigned n_called, n_taken, n_kills;
	bool calm; /* nothing is lost, and nothing said twice */
	bool wrong;
};

static const char *const names[PATHS] = { "/a", "/b" };

static unsigned
below(struct model *model, unsigned n)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % n;
}

static void
fail(struct model *model, const char *why)
{
	if (!model->wrong)
		printf("# %s\n", why);
	model->wrong = true;
}

/* --- the transport ------------------------------------------------------------------------------ */

static struct machine *
host_of(struct transport *transport)
{
	return (struct machine *)transport;
}

static void
put(struct machine *to, const char *channel, struct span bytes)
{
	struct model *model = to->model;
	struct word *word = &model->words[model->last % WORDS];

	if (model->last - model->first == WORDS) {
		fail(model, "they do not stop talking");
		return;
	}
	*word = (struct word){ .to = to, .channel = strdup(channel) };
	buf_bytes(&word->bytes, bytes.data, bytes.len);
	model->last++;
}

static bool
hears(const struct machine *host, const char *channel)
{
	for (unsigned i = 0; i < CHANNELS; i++)
		if (host->subscribed[i] != NULL && strcmp(host->subscribed[i], channel) == 0)
			return !host->cut;
	return false;
}

/* To all who hear the channel, NULL for every host that is there. Returns how many. */
static uint32_t
say(struct machine *host, const char *channel, struct span bytes)
{
	struct model *model = host->model;
	uint32_t n = 0;

	for (unsigned i = 0; i < HOSTS; i++) {
		struct machine *to = &model->hosts[i];

		if (to->relay.hub == NULL || to->cut || (channel != NULL && !hears(to, channel)))
			continue;
		n++;
		if (!model->calm && below(model, 100) < LOST)
			continue;
		put(to, channel == NULL ? "all" : channel, bytes);
		if (!model->calm && below(model, 100) < DOUBLED)
			put(to, channel == NULL ? "all" : channel, bytes);
	}
	return n;
}

static uint64_t
subscribe(struct transport *transport, struct span channel)
{
	struct machine *host = host_of(transport);
	char *name = strndup(channel.data, channel.len);
	unsigned i = 0;

	if (hears(host, name)) {
		free(name);
		return ++host->ticket;
	}
	while (host->subscribed[i] != NULL)
		i++;
	host->subscribed[i] = name;
	return ++host->ticket;
}

static void
unsubscribe(struct transport *transport, struct span channel)
{
	struct machine *host = host_of(transport);

	for (unsigned i = 0; i < CHANNELS; i++)
		if (host->subscribed[i] != NULL && span_is(channel, host->subscribed[i])) {
			free(host->subscribed[i]);
			host->subscribed[i] = NULL;
		}
}

static int
publish(struct transport *transport, struct span channel, struct span message, const struct transport_keeping *keeping)
{
	(void)transport;
	(void)channel;
	(void)message;
	(void)keeping;
	return 0;
}

static void
measure(struct transport *transport, struct span path, uint64_t token)
{
	(void)path;
	transport->events->measured(transport->context, token, 0);
}

static void
recall(struct transport *transport, struct span path, uint32_t messages, uint64_t token)
{
	(void)path;
	(void)messages;
	transport->events->recalled(transport->context, token, NULL);
}

static void
tell(struct transport *transport, struct span channel, struct span message, uint64_t token)
{
	struct machine *host = host_of(transport);
	char *name = strndup(channel.data, channel.len);
	uint32_t n;

	if (!host->cut) {
		n = say(host, name, message);
		if (token != 0) {
			struct buf told = BUF_INIT;

			buf_u64(&told, token);
			buf_u32(&told, n);
			put(host, "told", span_of_buf(&told));
			buf_free(&told);
		}
	}
	free(name);
}

static void
tell_all(struct transport *transport, struct span message)
{
	if (!host_of(transport)->cut)
		say(host_of(transport), NULL, message);
}

static void
beat(struct transport *transport)
{
	struct machine *host = host_of(transport);

	if (!host->cut)
		say(host, NULL, transport->events->beat_text(transport->context, ++host->number, true));
}

/* Its own has come back. */
static void
beat_heard(struct transport *transport, uint64_t number)
{
	(void)number;
	transport->events->beat(transport->context);
}

static void
release(struct transport *transport)
{
	transport->released = true;
}

static void
flush(struct transport *transport)
{
	(void)transport;
}

static size_t
waiting_bytes(const struct transport *transport)
{
	(void)transport;
	return 0;
}

static uint64_t
now_ms(const struct transport *transport)
{
	return ((const struct machine *)transport)->model->now_ms;
}

static void
deliver(struct word *word)
{
	struct machine *host = word->to;
	const struct transport_events *events;

	if (host == NULL || host->relay.hub == NULL || host->cut)
		return;
	events = host->transport.events;
	if (strcmp(word->channel, "told") == 0) {
		uint64_t token;
		uint32_t n;

		memcpy(&token, word->bytes.data, sizeof(token));
		memcpy(&n, word->bytes.data + sizeof(token), sizeof(n));
		events->told(host->transport.context, be64toh(token), be32toh(n));
	} else if (strcmp(word->channel, "subscribed") == 0) {
		uint64_t ticket;

		memcpy(&ticket, word->bytes.data, sizeof(ticket));
		events->subscribed(host->transport.context,
		    (struct span){ (char *)word->bytes.data + 8, word->bytes.len - 8 }, be64toh(ticket));
	} else {
		events->message(host->transport.context, span_of(word->channel), span_of_buf(&word->bytes));
	}
}

/* --- the turn ------------------------------------------------------------------------------------- */

static void
flush_all(struct model *model)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		hub_flush(&model->hosts[i].hub);
		relay_flush(&model->hosts[i].relay);
	}
}

static void
hear(void *context, const void *text, size_t len)
{
	struct people *people = context;
	const struct span words = { (const char *)text + 1, len - 1 };

	if (len > 0 && *(const char *)text == '\0')
		people_hear(people, words);
}

static void
read_all(struct model *model)
{
	for (unsigned i = 0; i < HOSTS; i++)
		for (unsigned j = 0; j < SLOTS; j++) {
			struct slot *slot = &model->hosts[i].slots[j];

			if (slot->browser.client == NULL)
				continue;
			browser_got(&slot->browser);
			if (slot->people.wrong != NULL)
				fail(model, slot->people.wrong);
		}
}

static void
pump(struct model *model)
{
	flush_all(model);
	while (model->first != model->last && !model->wrong) {
		struct word word = model->words[model->first++ % WORDS];

		deliver(&word);
		free(word.channel);
		buf_free(&word.bytes);
		if (model->first == model->last)
			flush_all(model);
	}
	read_all(model);
}

static void
pass_half_a_second(struct model *model)
{
	model->now_ms += 500;
	for (unsigned i = 0; i < HOSTS; i++) {
		struct machine *host = &model->hosts[i];

		if (host->relay.hub == NULL)
			continue;
		beat(&host->transport);
		if (host->relay.waits)
			relay_tick(&host->relay);
		if (model->now_ms % 1000 == 0)
			hub_tick(&host->hub, model->now_ms);
	}
	pump(model);
}

/* --- hosts ------------------------------------------------------------------------------------------ */

static void
confirm(struct machine *host)
{
	for (unsigned i = 0; i < CHANNELS; i++) {
		struct buf bytes = BUF_INIT;

		if (host->subscribed[i] == NULL)
			continue;
		buf_u64(&bytes, host->ticket);
		buf_string(&bytes, host->subscribed[i]);
		put(host, "subscribed", span_of_buf(&bytes));
		buf_free(&bytes);
	}
}

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
on_member_changed(void *context, struct path *path, const struct member *member, bool left)
{
	muster_changed(context, path, member, left);
}

static void
on_released(void *context, struct path *path)
{
	(void)context;
	path->held = false;
}

static void
on_counted(void *context, const struct bus_peer *peer, uint64_t id, uint32_t count)
{
	(void)context;
	(void)peer;
	(void)id;
	(void)count;
}

static void
connect_host(struct machine *host)
{
	struct transport *transport = &host->transport;

	host->cut = false;
	transport->connected = true;
	transport->events->subscribe_all(transport->context);
	transport->publishing = true;
	transport->events->publishing(transport->context);
	confirm(host);
	transport->up = true;
	transport->events->up(transport->context);
}

static void
cut(struct machine *host)
{
	struct transport *transport = &host->transport;

	if (host->cut)
		return;
	host->cut = true;
	for (unsigned i = 0; i < CHANNELS; i++) {
		free(host->subscribed[i]);
		host->subscribed[i] = NULL;
	}
	transport->connected = transport->up = false;
	transport->events->unsubscribed(transport->context);
	transport->publishing = transport->released = false;
	transport->events->unheard(transport->context);
}

static void
start(struct model *model, struct machine *host)
{
	static const struct transport_calls calls = { subscribe, unsubscribe, publish, measure, recall, tell, tell_all,
		beat, beat_heard, release, flush, waiting_bytes, now_ms };
	static const struct hub_events hub_events = {
		.count_changed = on_count_changed, .path_gone = on_path_gone, .member_changed = on_member_changed
	};
	static const struct relay_events relay_events = { .released = on_released, .counted = on_counted };

	*host = (struct machine){ .transport.calls = &calls, .model = model };
	hub_open(&host->hub, &model->conf, NULL, ++model->origins);
	hub_tick(&host->hub, model->now_ms);
	relay_open(&host->relay, &model->conf, &host->hub, &host->transport, (uint64_t)model->origins << 32 | 1);
	relay_listen(&host->relay, &relay_events, &host->relay);
	hub_listen(&host->hub, &hub_events, &host->relay);
	connect_host(host);
}

static void
forget(struct model *model, struct slot *slot)
{
	if (slot->people.key != 0) {
		unsigned i = model->n_left < 16 ? model->n_left++ : below(model, 16);

		model->left_keys[i] = slot->people.key;
		model->left_users[i] = slot->user;
	}
	people_clear(&slot->people);
	free(slot->text);
	slot->text = NULL;
}

static void
go(struct model *model, struct machine *host, struct slot *slot, unsigned code)
{
	forget(model, slot);
	slot->browser.client->ending.code = (uint16_t)code;
	slot->browser.client->ending.why = code == CLOSE_GOING_AWAY ? "stopping" : NULL;
	browser_leave(&slot->browser, &host->hub);
}

/* Dead without a word, or as one that is stopped. */
static void
stop(struct model *model, struct machine *host, bool dies)
{
	if (dies)
		cut(host);
	for (unsigned i = 0; i < SLOTS; i++)
		if (host->slots[i].browser.client != NULL)
			go(model, host, &host->slots[i], CLOSE_GOING_AWAY);
	if (!dies)
		pump(model);
	host->cut |= dies;
	model->n_called += (unsigned)host->relay.n_muster_calls;
	relay_close(&host->relay);
	hub_listen(&host->hub, NULL, NULL);
	hub_close(&host->hub);
	for (unsigned i = 0; i < CHANNELS; i++)
		free(host->subscribed[i]);
	host->cut = true;
	for (unsigned i = model->first; i != model->last; i++)
		if (model->words[i % WORDS].to == host)
			model->words[i % WORDS].to = NULL;
}

/* --- clients ---------------------------------------------------------------------------------------- */

static void
come(struct model *model, struct machine *host, struct slot *slot)
{
	struct client *client;
	uint32_t instance = htobe32((uint32_t)(host->relay.origin >> 32));
	char user[8], text[32];

	*slot = (struct slot){ .path = below(model, PATHS), .user = (int)below(model, 4) - 1 };
	browser_open(&slot->browser, 0);
	slot->browser.hear = hear;
	slot->browser.context = &slot->people;
	client = slot->browser.client;
	memcpy(client->id.bytes, &instance, sizeof(instance));
	client->id.bytes[15] = (uint8_t)++model->n_clients;
	client->id.bytes[14] = (uint8_t)(model->n_clients >> 8);
	client->ping.frond = true;
	if (model->n_left > 0 && below(model, 2) == 0) {
		unsigned i = below(model, model->n_left);

		snprintf(text, sizeof(text), "!%016llx", (unsigned long long)model->left_keys[i]);
		client->coming = coming_new(span_of(text));
		slot->user = model->left_users[i];
		model->n_taken++;
	}
	hub_enter(&host->hub, client, names[slot->path], strlen(names[slot->path]));
	snprintf(user, sizeof(user), "u%d", slot->user);
	if (slot->user >= 0)
		users_set(&host->hub.users, client, span_of(user));
	confirm(host);
	hub_join(&host->hub, client);
	resume_client(&host->hub, client, 0);
}

static void
present(struct model *model, struct machine *host, struct slot *slot, bool any)
{
	char data[32], id[WIRE_ID_HEX], user[8];
	struct wire_reply reply;
	struct wire_command command = { .type = WIRE_PRESENT, .flags = any ? 0 : WIRE_UNSET };

	snprintf(data, sizeof(data), "{\"n\":%u}", below(model, 1000));
	snprintf(user, sizeof(user), "u%d", slot->user);
	command.data = span_of(data);
	apply_command(&host->hub, slot->browser.client, &command, &reply);
	wire_id_format(&slot->browser.client->id, id);
	free(slot->text);
	slot->text = any ? people_text(id, slot->user < 0 ? NULL : user, data) : NULL;
}

/* --- looking ---------------------------------------------------------------------------------------- */

static void
compare(struct model *model, unsigned path)
{
	char *texts[HOSTS * SLOTS];
	unsigned n = 0;

	for (unsigned i = 0; i < HOSTS * SLOTS; i++) {
		struct slot *slot = &model->hosts[i / SLOTS].slots[i % SLOTS];

		if (slot->browser.client != NULL && slot->path == path && slot->text != NULL)
			texts[n++] = slot->text;
	}
	for (unsigned i = 0; i < HOSTS * SLOTS; i++) {
		struct machine *host = &model->hosts[i / SLOTS];
		struct slot *slot = &host->slots[i % SLOTS];
		const struct path *it = hub_find_path(&host->hub, names[path], strlen(names[path]));

		if (it != NULL && presence_count(it->presence) != n)
			fail(model, "a host knows another number");
		if (slot->browser.client == NULL || slot->path != path)
			continue;
		if (slot->people.counts ? slot->people.count != n : !people_are(&slot->people, texts, n))
			fail(model, "a client knows others than are there");
		if (slot->people.counts != (n > model->conf.ws_presence_max) &&
		    (n > model->conf.ws_presence_max ||
			n <= model->conf.ws_presence_max - model->conf.ws_presence_max / 10))
			fail(model, "a client is told the wrong form");
	}
}

static void
become_quiet(struct model *model)
{
	model->calm = true;
	for (unsigned i = 0; i < HOSTS; i++)
		if (model->hosts[i].cut)
			connect_host(&model->hosts[i]);
	for (unsigned i = 0; i < BEATS; i++)
		pass_half_a_second(model);
	for (unsigned i = 0; i < PATHS; i++)
		compare(model, i);
	model->calm = false;
}

static void
step(struct model *model)
{
	struct machine *host = &model->hosts[below(model, HOSTS)];
	struct slot *slot = &host->slots[below(model, SLOTS)];
	unsigned dice = below(model, 1000);

	if (dice < 10) {
		model->n_kills++;
		stop(model, host, dice < 5);
		start(model, host);
	} else if (dice < 30) {
		cut(host);
	} else if (dice < 60) {
		if (host->cut)
			connect_host(host);
	} else if (dice < 150) {
		pass_half_a_second(model);
	} else if (slot->browser.client == NULL) {
		come(model, host, slot);
		present(model, host, slot, true);
	} else if (dice < 500) {
		present(model, host, slot, dice < 450);
	} else {
		go(model, host, slot, dice < 600 ? CLOSE_NORMAL : dice < 650 ? 0 : CLOSE_POLICY);
	}
	pump(model);
}

static bool
run(struct model *model, uint32_t max, uint32_t seed)
{
	static char prefix[] = "t";
	unsigned n = 0;

	*model = (struct model){ .random = seed, .now_ms = 1000 };
	model->conf = (struct conf){ .ws_backplane_prefix = prefix,
		.ws_max_message = 1 << 20,
		.ws_queue_bytes = 1 << 20,
		.ws_backplane_queue_bytes = 1 << 20,
		.ws_backplane_repair_seconds = 30,
		.ws_backplane_repair_bytes = 1 << 20,
		.ws_presence_max = max,
		.ws_presence_grace = GRACE };
	for (unsigned i = 0; i < HOSTS; i++)
		start(model, &model->hosts[i]);
	while (n < ROUNDS && !model->wrong) {
		for (unsigned i = 0; i < STEPS && !model->wrong; i++)
			step(model);
		become_quiet(model);
		n++;
	}
	for (unsigned i = 0; i < HOSTS; i++)
		stop(model, &model->hosts[i], true);
	for (; model->first != model->last; model->first++) {
		free(model->words[model->first % WORDS].channel);
		buf_free(&model->words[model->first % WORDS].bytes);
	}
	if (model->wrong)
		printf("# in round %u of seed %u\n", n, seed);
	return !model->wrong;
}

int
main(void)
{
	struct model *model = calloc(1, sizeof(*model));

	OK(run(model, 100, 1), "at every quiet moment each host and each client knows who is there");
	OK(model->n_called > 50 && model->n_taken > 50 && model->n_kills > 20, "much was lost, and many moved");
	OK(memory.bytes == 0, "nothing counts as held");
	OK(run(model, 3, 2), "and how many, where they are too many");
	OK(memory.bytes == 0, "nothing counts as held then");
	free(model);
	return tap_done();
}
