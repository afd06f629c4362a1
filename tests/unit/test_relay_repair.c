#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t other = 0x0a0b0c0d00000001, third = 0x0e0f101100000001;
static const char room[] = "/room", hall[] = "/hall";

/* What the path's members have got in this turn, with a blank between messages. */
static const char *
got(struct scene *scene, const char *path_name)
{
	static char all[1024];
	const struct path *path = scene_path(scene, path_name);

	all[0] = '\0';
	for (uint32_t i = 0; i < path->batch.n; i++) {
		const struct frame *frame = path->batch.entries[i].frame;

		if (i > 0)
			strcat(all, " ");
		strncat(all, (const char *)frame->data + 2, frame->len - 2);
	}
	return all;
}

static bool
has_got(struct scene *scene, const char *path, const char *texts)
{
	return strcmp(got(scene, path), texts) == 0;
}

/* A host says something on a path; its text is the sequence. */
static void
say_as(struct scene *scene, uint64_t origin, const char *path, uint64_t sequence, uint64_t previous, uint16_t flags)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)sequence);
	scene_hear(scene,
	    &(struct envelope){ .type = ENVELOPE_COMMAND,
		.flags = flags,
		.origin = origin,
		.sequence = sequence,
		.previous = previous,
		.command = { .type = WIRE_PUSH, .key = span_of(path), .data = span_of(text) } });
}

static void
say(struct scene *scene, uint64_t sequence, uint64_t previous)
{
	say_as(scene, other, room, sequence, previous, 0);
}

static void
say_again(struct scene *scene, uint64_t sequence, uint64_t previous)
{
	say_as(scene, other, room, sequence, previous, ENVELOPE_AGAIN);
}

static void
answer_on(struct scene *scene, const char *path, uint64_t question, uint16_t flags)
{
	scene_hear(scene,
	    &(struct envelope){ .type = ENVELOPE_REPAIRED,
		.flags = flags,
		.origin = other,
		.question = question,
		.path = span_of(path) });
}

/* The turn ends for the relay. Returns what it has asked for in it: its type is 0 when it has not. */
static struct envelope
asked(struct scene *scene)
{
	struct envelope envelope;

	scene_forget(scene);
	relay_flush(&scene->relay);
	envelope = scene_envelope(scene_word(scene, SCENE_TELLS));
	return envelope.type == ENVELOPE_REPAIR ? envelope : (struct envelope){ 0 };
}

static void
answer(struct scene *scene, uint16_t flags)
{
	answer_on(scene, room, asked(scene).sequence, flags);
}

/* A path with a client, who speaks frond.1. */
static struct client *
begin(struct scene *scene)
{
	struct client *client;

	scene_begin(scene);
	scene_up(scene);
	client = scene_enter(scene, 0, room);
	client->ping.frond = true;
	scene_told(scene, scene_confirm(scene), 1);
	return client;
}

/* Nothing is held, and nothing missing on the path. */
static bool
is_whole(struct scene *scene)
{
	const struct path *path = scene_path(scene, room);

	if (path != NULL)
		for (struct line *line = path->lines->first; line != NULL; line = line->sibling)
			if (line->state != LINE_WHOLE)
				return false;
	return scene->relay.n_held == 0 && scene->relay.held_bytes == 0;
}

/* It breaks, and comes back. */
static void
miss(struct scene *scene)
{
	scene_unsubscribe(scene);
	scene_forget(scene);
	scene_subscribe(scene);
	scene_prove(scene);
	scene_confirm(scene);
}

static void
test_order(void)
{
	struct scene scene;

	begin(&scene);
	say(&scene, 7, 0);
	say(&scene, 9, 7);
	OK(has_got(&scene, room, "7 9") && asked(&scene).type == 0, "what names what was there before it is taken");
	say(&scene, 9, 7);
	OK(has_got(&scene, room, "7 9") && scene.relay.n_duplicates == 1, "what comes twice is not");
	say_as(&scene, third, room, 3, 2, 0);
	OK(has_got(&scene, room, "7 9 3") && asked(&scene).type == 0,
	    "of the first command of a host nothing is missing");
	scene_end(&scene);
}

static void
test_gap(void)
{
	struct scene scene;
	struct envelope question;

	begin(&scene);
	say(&scene, 1, 0);
	say(&scene, 4, 3);
	OK(has_got(&scene, room, "1") && scene.relay.n_held == 1, "what comes after something missing is held back");
	question = asked(&scene);
	OK(question.type == ENVELOPE_REPAIR && question.after == 1 && question.path.len == strlen(room) &&
		strcmp(scene_word(&scene, SCENE_TELLS)->channel, "t:host:0a0b0c0d") == 0,
	    "and its origin is asked for what was before");
	OK(asked(&scene).type == 0, "once");
	say(&scene, 5, 4);
	say(&scene, 4, 3);
	OK(has_got(&scene, room, "1") && scene.relay.n_duplicates == 1, "what is held is held once");
	say_again(&scene, 2, 1);
	OK(has_got(&scene, room, "1 2"), "what is told again comes first");
	say_again(&scene, 3, 2);
	OK(has_got(&scene, room, "1 2 3 4 5") && is_whole(&scene), "then what was held, in the order of its origin");
	say_again(&scene, 4, 3);
	answer_on(&scene, room, question.sequence, 0);
	OK(has_got(&scene, room, "1 2 3 4 5"), "and nothing twice");
	OK(scene.relay.n_repaired == 2 && scene.relay.n_gaps == 0, "what was repaired is counted");
	scene_end(&scene);
}

/* One path waits, the other does not. */
static void
test_two_channels(void)
{
	struct scene scene;

	begin(&scene);
	scene_enter(&scene, 1, hall);
	scene_told(&scene, scene_confirm(&scene), 1);
	say(&scene, 1, 0);
	say_as(&scene, other, hall, 2, 0, 0);
	say(&scene, 5, 3);
	say_as(&scene, other, hall, 6, 2, 0);
	OK(has_got(&scene, room, "1") && has_got(&scene, hall, "2 6"), "only the channel that misses something waits");
	say_as(&scene, other, hall, 8, 7, 0);
	relay_flush(&scene.relay);
	OK(scene.relay.n_asked == 2, "two may");
	say_as(&scene, other, hall, 7, 6, ENVELOPE_AGAIN);
	say_again(&scene, 3, 1);
	OK(has_got(&scene, room, "1 3 5") && has_got(&scene, hall, "2 6 7 8") && is_whole(&scene),
	    "and each is repaired by itself");
	scene_end(&scene);
}

static bool
was_told_of_gap(const struct client *client, uint32_t at)
{
	const struct own_frame *own = client->batch.own;

	return client->batch.n_own == 1 && own->at == at && own->frame->len == 6 &&
	    memcmp(own->frame->data + 2, "\0r 0", 4) == 0;
}

static void
test_lost(void)
{
	struct scene scene;
	struct client *client = begin(&scene);

	say(&scene, 1, 0);
	say(&scene, 9, 8);
	relay_flush(&scene.relay);
	say_again(&scene, 8, 0);
	OK(has_got(&scene, room, "1 8 9"), "what the origin has kept is told, though something before it is gone");
	scene_end(&scene);

	client = begin(&scene);
	say(&scene, 1, 0);
	say(&scene, 9, 8);
	answer(&scene, ENVELOPE_LOST);
	OK(has_got(&scene, room, "1 9") && is_whole(&scene), "what is gone is not waited for");
	OK(scene.relay.n_gaps == 1 && was_told_of_gap(client, 1),
	    "it is counted, and clients of frond.1 are told, in order");
	say(&scene, 10, 9);
	OK(has_got(&scene, room, "1 9 10") && scene.relay.n_gaps == 1, "and all goes on");
	scene_end(&scene);
}

static void
test_more(void)
{
	struct scene scene;
	struct envelope question;

	begin(&scene);
	say(&scene, 1, 0);
	say(&scene, 9, 8);
	question = asked(&scene);
	say_again(&scene, 2, 1);
	answer_on(&scene, room, question.sequence, ENVELOPE_MORE);
	question = asked(&scene);
	OK(question.after == 2, "of an answer with more to come, the rest is asked for");
	for (int i = 0; i < 2 * RELAY_REPAIR_TRIES; i++) {
		answer_on(&scene, room, question.sequence, ENVELOPE_MORE);
		question = asked(&scene);
	}
	OK(question.type == 0 && has_got(&scene, room, "1 2 9") && scene.relay.n_gaps == 1,
	    "but not for ever from who tells nothing");
	scene_end(&scene);
}

static void
test_no_answer(void)
{
	struct scene scene;
	struct client *client = begin(&scene);

	say(&scene, 1, 0);
	say(&scene, 9, 8);
	OK(asked(&scene).after == 1 && scene.relay.waits, "while an answer is due, the relay waits");
	for (int i = 1; i < RELAY_REPAIR_TRIES; i++) {
		scene_pass(&scene, RELAY_REPAIR_MS);
		OK(asked(&scene).after == 1, "who does not answer is asked again");
	}
	OK(has_got(&scene, room, "1"), "for so long all is held");
	scene_pass(&scene, RELAY_REPAIR_MS);
	OK(has_got(&scene, room, "1 9") && scene.relay.n_gaps == 1 && was_told_of_gap(client, 1), "then it is a gap");
	OK(is_whole(&scene) && asked(&scene).type == 0, "and no more is asked");
	scene_end(&scene);
}

/* Nobody is to blame for what the way to Redis does. */
static void
test_no_way(void)
{
	struct scene scene;

	begin(&scene);
	say(&scene, 1, 0);
	say(&scene, 9, 8);
	relay_flush(&scene.relay);
	scene_unhear(&scene);
	for (int i = 0; i < 3 * RELAY_REPAIR_TRIES; i++)
		scene_pass(&scene, RELAY_REPAIR_MS);
	OK(scene.relay.n_gaps == 0 && asked(&scene).type == 0, "without a way to ask nobody is asked, or given up");
	scene_publish(&scene);
	OK(asked(&scene).after == 1, "with one again it is asked at once");
	scene_end(&scene);
}

static void
test_subscribed_again(void)
{
	struct scene scene;

	begin(&scene);
	say(&scene, 1, 0);
	miss(&scene);
	OK(asked(&scene).after == 1, "after a break each host is asked for what came after its latest");
	say(&scene, 3, 2);
	OK(has_got(&scene, room, "1"), "what comes before the answer is held");
	say_again(&scene, 2, 1);
	OK(has_got(&scene, room, "1 2 3") && is_whole(&scene), "until it fits");
	miss(&scene);
	OK(asked(&scene).after == 3, "after the next break it is asked again");
	say(&scene, 4, 3);
	OK(has_got(&scene, room, "1 2 3 4") && is_whole(&scene), "what names the latest shows that nothing is missing");
	miss(&scene);
	answer(&scene, 0);
	OK(is_whole(&scene) && scene.relay.n_gaps == 0, "or the answer says so");
	scene_end(&scene);
}

static void
test_no_older(void)
{
	struct scene scene;
	struct envelope question;

	begin(&scene);
	OK(asked(&scene).type == 0, "a path that is new asks for nothing");
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	OK(asked(&scene).type == 0, "nor does a host that is new");
	scene_pass(&scene, 5000);
	miss(&scene);
	question = asked(&scene);
	OK(question.type == ENVELOPE_REPAIR && question.after == 0 && question.age_ms == 5000 + RELAY_REPAIR_WAY_MS,
	    "of who has said nothing yet it wants nothing older than its subscription");
	say(&scene, 8, 7);
	OK(has_got(&scene, room, ""), "and holds what comes before it is known whether there was something");
	say_again(&scene, 7, 6);
	OK(has_got(&scene, room, "7 8") && is_whole(&scene), "which it knows then");
	scene_end(&scene);

	scene_begin(&scene);
	scene_enter(&scene, 0, room);
	scene_pass(&scene, 700);
	scene_up(&scene);
	scene_confirm(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	question = asked(&scene);
	OK(question.after == 0 && question.age_ms == 700 + RELAY_REPAIR_WAY_MS,
	    "a path that opened while nothing was heard wants what was said since");
	scene_end(&scene);
}

static void
beats(struct scene *scene, int n)
{
	while (n-- > 0)
		scene->transport.events->beat(scene->transport.context);
}

static void
test_origin_gone(void)
{
	struct scene scene;
	struct client *client = begin(&scene);
	int window = 2 * (int)scene.conf.ws_backplane_repair_seconds;

	say(&scene, 1, 0);
	miss(&scene);
	relay_flush(&scene.relay);
	beats(&scene, HOSTS_BEATS + 1);
	OK(scene.relay.n_gaps == 0 && asked(&scene).type == 0, "a host that is gone is not asked");
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	OK(asked(&scene).after == 1, "but when it is back");
	beats(&scene, HOSTS_BEATS + 1);
	beats(&scene, window);
	OK(scene.relay.n_gaps == 1 && was_told_of_gap(client, 1), "when it does not come back for long, it is a gap");
	say(&scene, 3, 2);
	OK(has_got(&scene, room, "1 3") && scene.relay.n_gaps == 1, "what it says later is taken as it is");
	scene_end(&scene);

	begin(&scene);
	say(&scene, 1, 0);
	miss(&scene);
	say(&scene, 5, 4);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other, .flags = ENVELOPE_LEAVES });
	OK(has_got(&scene, room, "1 5") && scene.relay.n_gaps == 1, "one that leaves tells nothing again");
	scene_end(&scene);

	begin(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	miss(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other, .flags = ENVELOPE_LEAVES });
	OK(scene.relay.n_gaps == 0, "who has never said anything here leaves no gap");
	scene_end(&scene);
}

/* So long that nothing of a host is remembered. */
static void
outlive(struct scene *scene)
{
	beats(scene, 2 * HOSTS_BEATS + 2 * (int)scene->conf.ws_backplane_repair_seconds + 2);
}

/* Killed, and then Redis is away, twice: the first fault says that the others cost nothing. */
static bool
is_whole_after_death(int silence)
{
	struct scene scene;
	bool whole;

	begin(&scene);
	say(&scene, 1, 0);
	beats(&scene, silence);
	miss(&scene);
	miss(&scene);
	outlive(&scene);
	whole = is_whole(&scene) && scene.relay.n_gaps == 0;
	scene_end(&scene);
	return whole;
}

static void
test_origin_dead_before(void)
{
	struct scene scene;

	OK(is_whole_after_death(HOSTS_BEATS + 1), "who was gone before a break has said nothing in it");
	OK(is_whole_after_death(HOSTS_LATE + 1), "nor has who had died, but was not taken for gone yet");

	begin(&scene);
	say(&scene, 1, 0);
	beats(&scene, HOSTS_LATE + 1);
	miss(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	outlive(&scene);
	OK(scene.relay.n_gaps == 1, "one that was late, and is heard again, may have");
	scene_end(&scene);

	begin(&scene);
	say(&scene, 1, 0);
	miss(&scene);
	beats(&scene, HOSTS_LATE + 1);
	miss(&scene);
	outlive(&scene);
	OK(scene.relay.n_gaps == 1, "and who died after a break may have said something in that one");
	scene_end(&scene);
}

static void
test_limits(void)
{
	struct scene scene;
	char *large = malloc(400 << 10);
	struct envelope envelope = { .type = ENVELOPE_COMMAND,
		.origin = other,
		.command = { .type = WIRE_PUSH, .key = span_of(room), .data = { large, 400 << 10 } } };

	memset(large, 'x', 400 << 10);
	begin(&scene);
	say(&scene, 1, 0);
	for (uint64_t n = 10; n < 12; n++) {
		envelope.sequence = n;
		envelope.previous = n - 1;
		scene_hear(&scene, &envelope);
	}
	OK(scene.relay.n_held == 2 && scene.relay.n_gaps == 0, "as many bytes are held as may be");
	envelope.sequence = 12;
	envelope.previous = 11;
	scene_hear(&scene, &envelope);
	OK(is_whole(&scene) && scene.relay.n_gaps == 1 && scene.relay.n_received == 4,
	    "more are a gap, and all goes on");
	scene_end(&scene);

	begin(&scene);
	scene_forget(&scene);
	say(&scene, 1, 0);
	say(&scene, 9, 8);
	answer_on(&scene, room, 12345, ENVELOPE_LOST);
	answer_on(&scene, "/nowhere", 1, ENVELOPE_LOST);
	answer_on(&scene, "", 1, ENVELOPE_LOST);
	OK(scene.relay.n_held == 1 && scene.relay.n_gaps == 0, "an answer to no question costs nothing");
	scene_leave(&scene, 0);
	OK(is_whole(&scene), "a path that goes takes with it what was held");
	scene_end(&scene);
	free(large);
}

/* Many paths miss something of one host: it is not asked for all of them at once. */
static void
test_at_once(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_up(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	scene_unsubscribe(&scene);
	for (unsigned i = 0; i < SCENE_CLIENTS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "/%u", i);
		scene_enter(&scene, i, name);
	}
	scene_forget(&scene);
	scene_subscribe(&scene);
	for (uint32_t i = 0, n = scene.n_words; i < n; i++)
		scene.transport.events->subscribed(
		    scene.transport.context, span_of(scene.words[i].channel), scene.words[i].ticket);
	scene_forget(&scene);
	OK(scene.relay.n_wanting == SCENE_CLIENTS + 1, "each path, and the channel of this host, wants to ask");
	scene.relay.hosts.all[0]->n_asked = RELAY_REPAIRS - 2;
	relay_flush(&scene.relay);
	OK(scene.relay.n_asked == 2, "no more than may are asked at once");
	scene.relay.hosts.all[0]->n_asked = 2;
	relay_flush(&scene.relay);
	OK(scene.relay.n_wanting == 0, "the others follow");
	scene_end(&scene);
}

/* What is for one connection has a line of its own. */
static void
test_to_host(void)
{
	struct scene scene;
	struct client *client = begin(&scene);
	struct envelope question,
	    send = { .type = ENVELOPE_COMMAND,
		    .origin = other,
		    .sequence = 1,
		    .command = {
			.type = WIRE_SEND, .flags = WIRE_OTHER_CONN, .conn = client->id, .data = span_of("a") } };

	scene_hear(&scene, &send);
	send.sequence = 3;
	send.previous = 2;
	scene_hear(&scene, &send);
	OK(client->batch.n_own == 1, "what is for a connection is held back too");
	question = asked(&scene);
	OK(question.after == 1 && question.path.len == 0, "and asked for, without a path");
	send.sequence = 2;
	send.previous = 1;
	send.flags = ENVELOPE_AGAIN;
	scene_hear(&scene, &send);
	OK(client->batch.n_own == 3 && is_whole(&scene), "and comes");
	scene_end(&scene);
}

int
main(void)
{
	test_order();
	test_gap();
	test_two_channels();
	test_lost();
	test_more();
	test_no_answer();
	test_no_way();
	test_subscribed_again();
	test_no_older();
	test_origin_gone();
	test_origin_dead_before();
	test_limits();
	test_at_once();
	test_to_host();
	return tap_done();
}
