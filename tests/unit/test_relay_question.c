#include <errno.h>
#include <string.h>

#include "sidecar/relay/question.h"
#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t other = 0x0a0b0c0d00000001, third = 0x0e0f101100000001;
static const struct wire_command conns = { .type = WIRE_CONNS, .key = { "/a", 2 }, .data = { "asked", 5 } };

/* What came of a question. */
struct outcome {
	unsigned n, n_lost;
	uint64_t token;
	enum wire_status status;
	char text[32];
};

static void
answered(void *context, uint64_t token, const struct wire_reply *reply)
{
	struct outcome *outcome = context;

	outcome->n++;
	outcome->token = token;
	outcome->n_lost += reply == NULL;
	if (reply == NULL)
		return;
	outcome->status = reply->status;
	snprintf(outcome->text, sizeof(outcome->text), "%.*s", (int)reply->text.len, reply->text.data);
}

static int
ask(struct scene *scene, struct outcome *outcome, uint64_t token)
{
	const struct question_asker asker = { answered, outcome, token };

	return question_ask(&scene->relay, envelope_instance(other), &conns, &asker);
}

/* Both hosts are there. */
static void
begin(struct scene *scene)
{
	scene_begin(scene);
	scene_up(scene);
	scene_hear(scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other, .sequence = 1 });
	scene_hear(scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = third, .sequence = 1 });
}

static void
hear_answer(struct scene *scene, uint64_t origin, uint64_t question, const char *text)
{
	scene_hear(scene,
	    &(struct envelope){ .type = ENVELOPE_ANSWER,
		.origin = origin,
		.sequence = 2,
		.question = question,
		.status = WIRE_BUSY,
		.text = span_of(text) });
}

static void
test_asking(void)
{
	struct scene scene;
	struct outcome outcome = { 0 };
	const struct scene_word *word;
	struct envelope said;
	uint64_t token;

	begin(&scene);
	OK(ask(&scene, &outcome, 77) == 0, "a host that is there can be asked");
	word = scene_word(&scene, SCENE_TELLS);
	said = scene_envelope(word);
	token = word->token;
	OK(strcmp(word->channel, "t:host:0a0b0c0d") == 0 && said.type == ENVELOPE_QUESTION &&
		(said.flags & ENVELOPE_ASKS) && token == said.sequence,
	    "on its channel");
	OK(said.command.type == WIRE_CONNS && span_is(said.command.key, "/a") && span_is(said.command.data, "asked"),
	    "with the command");
	scene_told(&scene, token, 1);
	hear_answer(&scene, third, token, "forged");
	hear_answer(&scene, other, token + 1, "of another");
	OK(outcome.n == 0, "another host does not answer it, nor is the answer to another question its own");
	hear_answer(&scene, other, token, "here");
	OK(outcome.n == 1 && outcome.token == 77 && outcome.status == WIRE_BUSY && strcmp(outcome.text, "here") == 0,
	    "its answer goes to who asked");
	hear_answer(&scene, other, token, "again");
	OK(outcome.n == 1, "once");
	scene_end(&scene);
	OK(outcome.n == 1, "then nobody waits any more");
}

static void
test_lost(void)
{
	struct scene scene;
	struct outcome outcome = { 0 };

	scene_begin(&scene);
	OK(ask(&scene, &outcome, 1) == -ENOTCONN, "without a transport nobody can be asked");
	scene_end(&scene);

	scene_begin(&scene);
	scene_up(&scene);
	OK(ask(&scene, &outcome, 1) == -ENOTCONN, "nor a host that is not there");
	scene_end(&scene);

	begin(&scene);
	ask(&scene, &outcome, 1);
	scene_pass(&scene, RELAY_QUESTION_MS - 1);
	OK(outcome.n == 0 && scene.relay.waits, "an answer has its time");
	scene_pass(&scene, 1);
	OK(outcome.n == 1 && outcome.n_lost == 1 && !scene.relay.waits, "then there is none");
	ask(&scene, &outcome, 2);
	scene_told(&scene, scene_word(&scene, SCENE_TELLS)->token, 0);
	OK(outcome.n == 2 && outcome.n_lost == 2, "where nobody has got the question, there is none at once");
	ask(&scene, &outcome, 3);
	scene_hear(&scene,
	    &(struct envelope){ .type = ENVELOPE_ALIVE, .flags = ENVELOPE_LEAVES, .origin = third, .sequence = 3 });
	OK(outcome.n == 2, "that another host goes is no matter");
	scene_hear(&scene,
	    &(struct envelope){ .type = ENVELOPE_ALIVE, .flags = ENVELOPE_LEAVES, .origin = other, .sequence = 3 });
	OK(outcome.n == 3 && outcome.n_lost == 3, "when it goes itself nobody waits for it");
	scene_end(&scene);

	begin(&scene);
	ask(&scene, &outcome, 4);
	scene_down(&scene);
	OK(outcome.n == 4 && outcome.n_lost == 4, "nor for a transport that is gone");
	scene_end(&scene);

	begin(&scene);
	ask(&scene, &outcome, 5);
	scene_end(&scene);
	OK(outcome.n == 5 && outcome.n_lost == 5, "nor in the end");
}

static void
test_many(void)
{
	struct scene scene;
	struct outcome outcome = { 0 };
	bool all = true;

	begin(&scene);
	for (unsigned i = 0; i < RELAY_QUESTIONS; i++) {
		all = all && ask(&scene, &outcome, i) == 0;
		scene_forget(&scene);
	}
	OK(all && ask(&scene, &outcome, 0) == -EBUSY, "only so many wait at once");
	scene_pass(&scene, RELAY_QUESTION_MS);
	OK(outcome.n == RELAY_QUESTIONS && outcome.token == RELAY_QUESTIONS - 1, "all of them end, the oldest first");
	OK(ask(&scene, &outcome, 1) == 0, "then there is room again");
	scene_end(&scene);
}

static void
test_being_asked(void)
{
	struct scene scene;
	const struct envelope question = {
		.type = ENVELOPE_QUESTION, .flags = ENVELOPE_ASKS, .origin = other, .sequence = 9, .command = conns
	};
	struct envelope said;

	begin(&scene);
	scene_hear(&scene, &question);
	said = scene_envelope(scene_word(&scene, SCENE_TELLS));
	OK(strcmp(scene_word(&scene, SCENE_TELLS)->channel, "t:host:0a0b0c0d") == 0 && said.type == ENVELOPE_ANSWER &&
		said.question == 9,
	    "a host that asks is answered on its channel");
	OK(said.status == WIRE_OK && span_is(said.text, "asked /a"), "with what this host has to say");
	scene_end(&scene);
}

int
main(void)
{
	test_asking();
	test_lost();
	test_many();
	test_being_asked();
	return tap_done();
}
