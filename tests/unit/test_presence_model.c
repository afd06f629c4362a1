#include <stdlib.h>
#include <string.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/resume.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"
#include "tests/unit/people.h"

/*
 * Random comings and goings on a path, and beside them a plain list of who is there.
 * After each turn every client of frond.1 knows that list, and all others have got
 * nothing; past the limit it knows how many there are, a second later. Who comes costs
 * the others one line, and one more when it is in the place of another user.
 */

enum { SLOTS = 24, USERS = 3, STEPS = 30000, SEED = 5, MAX = 10, GRACE = 5, MOST_LINES = 2 };

/* One of whom others may see something. */
struct true_member {
	uint64_t key;      /* 0 for one that was told none */
	struct slot *slot; /* NULL when it is gone, and its place is kept */
	uint64_t until_ms;
	char *text;
	int user;
};

struct slot {
	struct browser browser; /* its client is NULL for nobody */
	struct people people;
	int user;     /* -1 for none */
	uint64_t was; /* the key with which it came */
	struct true_member *member;
};

struct model {
	struct hub hub;
	struct slot slots[SLOTS];
	struct true_member *members[SLOTS * 8];
	unsigned n;
	uint64_t keys[64]; /* that somebody was told */
	unsigned n_keys;
	uint64_t now_ms;
	uint32_t random;
	unsigned n_clients, n_said, n_taken, n_counting, n_changes;
	bool wrong;
};

static const char path[] = "/room";
static const struct conf conf = {
	.ws_queue_bytes = 1 << 30, .ws_max_message = 1 << 20, .ws_presence_max = MAX, .ws_presence_grace = GRACE
};

static unsigned
below(struct model *model, unsigned n)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % n;
}

/* --- the list ------------------------------------------------------------------------------- */

static void
take_out(struct model *model, struct true_member *member)
{
	unsigned i = 0;

	while (model->members[i] != member)
		i++;
	model->members[i] = model->members[--model->n];
	if (member->slot != NULL)
		member->slot->member = NULL;
	free(member->text);
	free(member);
}

static struct true_member *
find_key(const struct model *model, uint64_t key)
{
	for (unsigned i = 0; i < model->n && key != 0; i++)
		if (model->members[i]->key == key)
			return model->members[i];
	return NULL;
}

static void
expire(struct model *model)
{
	for (unsigned i = 0; i < model->n;)
		if (model->members[i]->slot == NULL && model->members[i]->until_ms <= model->now_ms)
			take_out(model, model->members[i]);
		else
			i++;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void
hear(void *context, const void *text, size_t len)
{
	struct people *people = context;
	const struct span words = { (const char *)text + 1, len - 1 };

	if (len > 0 && *(const char *)text == '\0')
		people_hear(people, words);
}

static void
fail(struct model *model, const char *why)
{
	if (!model->wrong)
		printf("# after %u changes: %s\n", model->n_changes, why);
	model->wrong = true;
}

static bool
counts(const struct model *model)
{
	const struct path *it = hub_find_path(&((struct model *)model)->hub, path, strlen(path));

	return it != NULL && it->presence != NULL && it->presence->counts;
}

static void
look_at(struct model *model, struct slot *slot, bool ticked, unsigned most)
{
	struct people *people = &slot->people;
	unsigned before = people->n_lines;
	char *texts[SLOTS * 8];
	const char *got = browser_got(&slot->browser);

	if (!slot->browser.client->ping.frond) {
		if (got[0] != '\0')
			fail(model, "one that does not speak frond.1 got something");
		return;
	}
	model->n_said += people->n_lines - before;
	for (unsigned i = 0; i < model->n; i++)
		texts[i] = model->members[i]->text;
	if (people->wrong != NULL)
		fail(model, people->wrong);
	if (people->counts != counts(model))
		fail(model, "a client is told the wrong form");
	if (people->counts && ticked && people->count != model->n)
		fail(model, "a client knows another number");
	if (!people->counts && !people_are(people, texts, model->n))
		fail(model, "a client knows others");
	if (people->n_lines - before > most)
		fail(model, "a client is told more than it must see");
}

static void
look(struct model *model, bool ticked, unsigned most)
{
	hub_flush(&model->hub);
	if (model->n > MAX && !counts(model))
		fail(model, "all are told, though they are too many");
	if (model->n <= MAX - MAX / 10 && counts(model))
		fail(model, "only the number is told, though they are few");
	model->n_counting += counts(model);
	for (unsigned i = 0; i < SLOTS; i++)
		if (model->slots[i].browser.client != NULL)
			look_at(model, &model->slots[i], ticked, most);
}

/* --- what happens --------------------------------------------------------------------------------- */

static int
set_user(struct model *model, struct client *client, int user)
{
	char name[8];

	snprintf(name, sizeof(name), "u%d", user);
	return user < 0 ? 0 : users_set(&model->hub.users, client, span_of(name));
}

/* With the key of anybody who was ever there, or as one that only has a list, or as a new one. */
static void
say_who_it_was(struct model *model, struct slot *slot, struct client *client)
{
	char text[32];
	const struct true_member *earlier = model->n > 0 ? model->members[below(model, model->n)] : NULL;

	slot->was = model->n_keys > 0 ? model->keys[below(model, model->n_keys)] : 0;
	if (earlier != NULL && below(model, 2) == 0) {
		slot->was = earlier->key;
		slot->user = below(model, 4) > 0 ? earlier->user : slot->user;
	}
	snprintf(text, sizeof(text), "!%016llx", (unsigned long long)slot->was);
	client->coming = coming_new(span_of(text));
}

static void
come(struct model *model, struct slot *slot)
{
	struct client *client;

	if (slot->browser.client != NULL)
		return;
	*slot = (struct slot){ .user = (int)below(model, USERS + 1) - 1 };
	browser_open(&slot->browser, ++model->n_clients);
	slot->browser.hear = hear;
	slot->browser.context = &slot->people;
	client = slot->browser.client;
	client->ping.frond = below(model, 4) > 0;
	if (client->ping.frond && below(model, 2) == 0)
		say_who_it_was(model, slot, client);
	if (hub_enter(&model->hub, client, path, strlen(path)) < 0 || set_user(model, client, slot->user) < 0 ||
	    hub_join(&model->hub, client) < 0 || resume_client(&model->hub, client, 0) < 0)
		fail(model, "one could not come");
}

static void
note_key(struct model *model, struct slot *slot)
{
	uint64_t key = slot->people.key;

	if (slot->member == NULL || slot->member->key == key)
		return;
	slot->member->key = key;
	model->keys[model->n_keys < 64 ? model->n_keys++ : below(model, 64)] = key;
}

static void
apply(struct model *model, struct slot *slot, uint8_t flags, const char *data)
{
	const struct wire_command command = { .type = WIRE_PRESENT, .flags = flags, .data = span_of(data) };
	struct wire_reply reply;

	if (apply_command(&model->hub, slot->browser.client, &command, &reply) != WIRE_OK)
		fail(model, "one could not present itself");
}

/* As another one, somebody else has come in its place. */
static void
take_place(struct model *model, struct slot *slot)
{
	struct true_member *earlier = find_key(model, slot->was);

	if (earlier == NULL)
		return;
	model->n_taken += earlier->user == slot->user;
	take_out(model, earlier);
}

static void
present(struct model *model, struct slot *slot)
{
	char data[64], id[WIRE_ID_HEX], user[8];

	snprintf(data, sizeof(data), "{\"n\":%u}", below(model, 5));
	snprintf(user, sizeof(user), "u%d", slot->user);
	apply(model, slot, 0, data);
	if (slot->member == NULL) {
		take_place(model, slot);
		slot->member = calloc(1, sizeof(*slot->member));
		*slot->member = (struct true_member){ .slot = slot, .user = slot->user, .key = slot->people.key };
		model->members[model->n++] = slot->member;
	}
	free(slot->member->text);
	wire_id_format(&slot->browser.client->id, id);
	slot->member->text = people_text(id, slot->user < 0 ? NULL : user, data);
}

static void
withdraw(struct model *model, struct slot *slot)
{
	apply(model, slot, WIRE_UNSET, "");
	if (slot->member != NULL)
		take_out(model, slot->member);
}

static void
go(struct model *model, struct slot *slot, bool breaks)
{
	struct true_member *member = slot->member;

	slot->browser.client->ending.code = breaks ? 0 : CLOSE_NORMAL;
	browser_leave(&slot->browser, &model->hub);
	people_clear(&slot->people);
	if (member != NULL && breaks) {
		member->slot = NULL;
		member->until_ms = model->now_ms + 1000 * (GRACE + 1);
	} else if (member != NULL) {
		take_out(model, member);
	}
	slot->member = NULL;
}

static void
tick(struct model *model)
{
	model->now_ms += 1000;
	hub_tick(&model->hub, model->now_ms);
	expire(model);
}

static void
step(struct model *model)
{
	struct slot *slot = &model->slots[below(model, SLOTS)];
	unsigned dice = below(model, 100);

	model->n_changes++;
	if (dice < 8) {
		tick(model);
		look(model, false, SLOTS);
		tick(model);
		look(model, true, SLOTS);
		return;
	}
	if (slot->browser.client == NULL)
		come(model, slot);
	else if (dice < 55)
		present(model, slot);
	else if (dice < 65)
		withdraw(model, slot);
	else if (dice < 80)
		go(model, slot, false);
	else
		go(model, slot, true);
	look(model, false, MOST_LINES);
	if (slot->browser.client != NULL)
		note_key(model, slot);
}

int
main(void)
{
	struct model *model = calloc(1, sizeof(*model));
	unsigned n = 0;

	model->random = SEED;
	hub_open(&model->hub, &conf, NULL, 1);
	while (n < STEPS && !model->wrong) {
		step(model);
		n++;
	}
	OK(n == STEPS, "after thousands of random steps each client knows who is there");
	OK(model->n_taken > 100, "many have taken the place that they had before");
	OK(model->n_counting > STEPS / 10 && model->n_counting < STEPS / 10 * 9,
	    "often they were too many, and often not");
	for (unsigned i = 0; i < SLOTS; i++)
		if (model->slots[i].browser.client != NULL)
			go(model, &model->slots[i], true);
	for (int i = 0; i <= GRACE + 2; i++)
		tick(model);
	OK(model->n == 0 && model->hub.paths == NULL, "when the last place is lost, the path goes");
	OK(model->hub.presences.n == 0 && model->hub.presences.kept == NULL && model->hub.presences.late == NULL,
	    "nobody is left");
	hub_close(&model->hub);
	OK(memory.bytes == 0, "nothing counts as held");
	free(model);
	return tap_done();
}
