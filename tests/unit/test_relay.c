#include <errno.h>
#include <string.h>

#include "sidecar/hub/client.h"
#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t other = 0x0a0b0c0d00000001;
static const char room[] = "/room";

static bool
is_on(const struct scene_word *word, const char *channel)
{
	return word != NULL && strcmp(word->channel, channel) == 0;
}

static void
begin(struct scene *scene)
{
	scene_begin(scene);
	scene_up(scene);
}

/* What an app's command becomes, after it was applied with this outcome. */
static struct wire_reply
hand_on(struct scene *scene, const struct client *sender, struct wire_command command, enum wire_status status)
{
	struct wire_reply reply = { .status = status };

	relay_command(&scene->relay, sender, &command, &reply);
	return reply;
}

static struct wire_command
push_of(const char *text)
{
	return (struct wire_command){ .type = WIRE_PUSH, .key = span_of(room), .data = span_of(text) };
}

static void
test_commands_out(void)
{
	struct scene scene;
	struct wire_command broadcast = { .type = WIRE_BROADCAST, .flags = WIRE_BINARY, .data = span_of("b") };
	struct wire_reply reply;
	struct envelope said;

	begin(&scene);
	reply = hand_on(&scene, NULL, push_of("a"), WIRE_OK);
	said = scene_envelope(scene_word(&scene, SCENE_PUBLISHES));
	OK(reply.status == WIRE_OK && reply.relayed, "a push is handed on, and says so");
	OK(is_on(scene_word(&scene, SCENE_PUBLISHES), "t:ws:/room") && said.origin == scene_origin &&
		said.sequence == 1,
	    "on the channel of its path, with a sequence");
	hand_on(&scene, scene_enter(&scene, 0, room), broadcast, WIRE_OK);
	said = scene_envelope(scene_word(&scene, SCENE_PUBLISHES));
	OK(said.command.type == WIRE_PUSH && said.command.flags == WIRE_BINARY && said.sequence == 2,
	    "a broadcast goes as a push to its sender's path");
	scene_forget(&scene);
	reply = hand_on(&scene, NULL, push_of("c"), WIRE_TOO_LARGE);
	OK(reply.status == WIRE_TOO_LARGE && !reply.relayed && scene.n_words == 0, "what was refused here is not");
	hand_on(&scene, NULL, (struct wire_command){ .type = WIRE_COUNT, .key = span_of(room) }, WIRE_OK);
	OK(scene.n_words == 0, "nor is what concerns this host alone");
	scene_end(&scene);
}

static void
test_full(void)
{
	struct scene scene;
	struct wire_reply reply;

	begin(&scene);
	scene.publish_result = -ENOBUFS;
	reply = hand_on(&scene, NULL, push_of("a"), WIRE_OK);
	OK(reply.status == WIRE_NOT_RELAYED && !reply.relayed && scene.relay.n_refused == 1,
	    "a push that finds no room says that it is not relayed");
	scene.publish_result = 0;
	hand_on(&scene, NULL, push_of("a"), WIRE_OK);
	OK(scene_envelope(scene_word(&scene, SCENE_PUBLISHES)).previous == 0,
	    "those who hear the next one miss nothing");
	scene_end(&scene);
}

/* A connection's id begins with the instance of its host. */
static void
test_to_host(void)
{
	struct scene scene;
	struct wire_command send = { .type = WIRE_SEND,
		.flags = WIRE_OTHER_CONN,
		.conn = { { 0x0a, 0x0b, 0x0c, 0x0d } },
		.data = span_of("a") };

	begin(&scene);
	OK(hand_on(&scene, NULL, send, WIRE_NO_CONN).status == WIRE_NO_CONN,
	    "a host that is not known has no connection");
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	OK(scene.n_beats == 1, "a host that is new is greeted");
	OK(hand_on(&scene, NULL, send, WIRE_NO_CONN).relayed &&
		is_on(scene_word(&scene, SCENE_PUBLISHES), "t:host:0a0b0c0d"),
	    "what is for its connection goes to it");
	scene_forget(&scene);
	hand_on(&scene, NULL, send, WIRE_OK);
	OK(scene.n_words == 0, "what a connection here has got does not");
	scene_end(&scene);
}

static void
test_commands_in(void)
{
	struct scene scene;
	struct envelope envelope = {
		.type = ENVELOPE_COMMAND, .origin = other, .sequence = 1, .command = push_of("a")
	};

	begin(&scene);
	scene_enter(&scene, 0, room);
	scene_hear(&scene, &envelope);
	OK(scene.hub.batches.delivered == 1 && scene.relay.n_received == 1,
	    "what another host hands on is applied here");
	OK(scene_count(&scene, SCENE_PUBLISHES) == 0, "and not handed on again");
	scene_hear(&scene, &envelope);
	OK(scene.hub.batches.delivered == 1 && scene.relay.n_duplicates == 1, "what comes twice is applied once");
	envelope.origin = scene_origin;
	envelope.sequence = 2;
	scene_hear(&scene, &envelope);
	OK(scene.hub.batches.delivered == 1, "our own words are not applied");
	scene.transport.events->message(&scene.relay, span_of("t:any"), span_of("nonsense"));
	OK(scene.relay.n_malformed == 1, "nonsense is counted");
	scene_end(&scene);
}

/* How long commands wait for others who may not hear them yet. */
static void
test_release(void)
{
	struct scene scene;

	begin(&scene);
	OK(scene.transport.released, "with nothing that waits, commands go out at once");
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	scene_down(&scene);
	OK(strcmp(relay_trouble(&scene.relay), "redis is away") == 0, "a transport that is away is trouble");
	scene_up(&scene);
	OK(!scene.transport.released && relay_trouble(&scene.relay) != NULL, "hosts that were there are waited for");
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	OK(scene.transport.released && relay_trouble(&scene.relay) == NULL, "until they have said that they hear");
	scene_down(&scene);
	scene_up(&scene);
	scene_pass(&scene, RELAY_AWAIT_MS - 1);
	scene.transport.events->beat(&scene.relay);
	OK(!scene.transport.released, "they have their time");
	scene_pass(&scene, 1);
	scene.transport.events->beat(&scene.relay);
	OK(scene.transport.released, "and no more");
	scene_end(&scene);

	scene_begin(&scene);
	scene.waiting_bytes = 1;
	scene_up(&scene);
	OK(!scene.transport.released, "who knows nobody waits too, while something is to be said");
	scene_pass(&scene, RELAY_AWAIT_MS);
	scene.transport.events->beat(&scene.relay);
	OK(scene.transport.released, "as long as for others");
	scene_end(&scene);
}

static void
test_answers(void)
{
	struct scene scene;
	struct envelope question = {
		.type = ENVELOPE_COUNT, .origin = other, .sequence = 8, .flags = ENVELOPE_ASKS, .path = span_of(room)
	};
	struct envelope said;

	begin(&scene);
	scene_enter(&scene, 0, room);
	scene_enter(&scene, 1, room);
	scene_hear(&scene, &question);
	said = scene_envelope(scene_word(&scene, SCENE_TELLS));
	OK(is_on(scene_word(&scene, SCENE_TELLS), "t:host:0a0b0c0d") && said.count == 2 && said.question == 8,
	    "who asks for a count is told ours");
	scene_end(&scene);
}

static void
test_end(void)
{
	struct scene scene;

	begin(&scene);
	relay_close(&scene.relay);
	OK(scene_envelope(scene_word(&scene, SCENE_TELLS_ALL)).flags == ENVELOPE_LEAVES,
	    "who goes tells all that it leaves");
	scene_end(&scene);
}

int
main(void)
{
	test_commands_out();
	test_full();
	test_to_host();
	test_commands_in();
	test_release();
	test_answers();
	test_end();
	return tap_done();
}
