#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t other = 0x0a0b0c0d00000001;
static const char room[] = "/room";

static void
push(struct scene *scene, const char *path, struct span data)
{
	struct wire_command command = { .type = WIRE_PUSH, .key = span_of(path), .data = data };
	struct wire_reply reply = { .status = WIRE_OK };

	relay_command(&scene->relay, NULL, &command, &reply);
}

/* Another host asks; forgets what was said before. */
static void
ask(struct scene *scene, const char *path, uint64_t after, uint32_t age_ms)
{
	scene_forget(scene);
	scene_hear(scene,
	    &(struct envelope){ .type = ENVELOPE_REPAIR,
		.origin = other,
		.sequence = 77,
		.after = after,
		.age_ms = age_ms,
		.path = span_of(path) });
}

static struct envelope
published(const struct scene *scene, uint32_t i)
{
	for (uint32_t at = 0; at < scene->n_words; at++)
		if (scene->words[at].verb == SCENE_PUBLISHES && i-- == 0)
			return scene_envelope(&scene->words[at]);
	return (struct envelope){ 0 };
}

static void
test_previous(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_up(&scene);
	push(&scene, room, span_of("a"));
	push(&scene, "/hall", span_of("b"));
	push(&scene, room, span_of("c"));
	OK(published(&scene, 0).previous == 0 && published(&scene, 1).previous == 0 &&
		published(&scene, 2).previous == 1,
	    "a command names the one before it on its channel");
	scene.publish_result = -1;
	push(&scene, room, span_of("d"));
	scene.publish_result = 0;
	push(&scene, room, span_of("e"));
	OK(published(&scene, 3).previous == 3, "one that found no room was none");
	scene_end(&scene);
}

static void
test_again(void)
{
	struct scene scene;
	struct envelope told, end;

	scene_begin(&scene);
	scene_up(&scene);
	push(&scene, room, span_of("a"));
	push(&scene, "/hall", span_of("b"));
	scene_pass(&scene, 1000);
	push(&scene, room, span_of("c"));
	ask(&scene, room, 1, 0);
	told = published(&scene, 0);
	end = published(&scene, 1);
	OK(scene_count(&scene, SCENE_PUBLISHES) == 2 &&
		strcmp(scene.words[scene.n_words - 1].channel, "t:host:0a0b0c0d") == 0,
	    "who asks is told what it has missed, on its own channel");
	OK(told.type == ENVELOPE_COMMAND && (told.flags & ENVELOPE_AGAIN) && told.sequence == 3 && told.previous == 1 &&
		told.command.data.data[0] == 'c',
	    "as it was, marked as told again");
	OK(end.type == ENVELOPE_REPAIRED && end.question == 77 && end.flags == 0 && end.path.len == strlen(room),
	    "and that this was all");
	ask(&scene, room, 3, 0);
	OK(scene_count(&scene, SCENE_PUBLISHES) == 1 && published(&scene, 0).flags == 0,
	    "who misses nothing hears that");
	ask(&scene, room, 0, 999);
	OK(scene_count(&scene, SCENE_PUBLISHES) == 2 && published(&scene, 0).sequence == 3,
	    "who has nothing yet gets nothing older than it wants");
	ask(&scene, room, 0, 1000);
	OK(scene_count(&scene, SCENE_PUBLISHES) == 3, "and all that is younger");
	ask(&scene, "/never", 0, 1000);
	OK(scene_count(&scene, SCENE_PUBLISHES) == 1 && published(&scene, 0).flags == 0,
	    "where nothing was said, nothing is lost");
	OK(scene.hub.histories.sequence == 3 && scene.relay.n_published == 3, "to tell again takes no sequence");
	scene_end(&scene);
}

static void
test_to_host(void)
{
	struct scene scene;
	struct wire_command send = { .type = WIRE_SEND,
		.flags = WIRE_OTHER_CONN,
		.conn = { { 0x0a, 0x0b, 0x0c, 0x0d } },
		.data = span_of("a") };
	struct wire_reply reply = { .status = WIRE_NO_CONN };

	scene_begin(&scene);
	scene_up(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other });
	relay_command(&scene.relay, NULL, &send, &reply);
	ask(&scene, "", 0, 10);
	OK(published(&scene, 0).command.type == WIRE_SEND && published(&scene, 1).type == ENVELOPE_REPAIRED,
	    "without a path it is asked for what went to its own channel");
	scene_end(&scene);
}

static void
test_window(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_up(&scene);
	push(&scene, room, span_of("a"));
	push(&scene, room, span_of("b"));
	scene_pass(&scene, 1000 * scene.conf.ws_backplane_repair_seconds);
	push(&scene, room, span_of("c"));
	scene_pass(&scene, 1);
	scene.transport.events->beat(scene.transport.context);
	ask(&scene, room, 1, 0);
	OK(published(&scene, 0).sequence == 3 && published(&scene, 0).previous == 0, "what is too old is not told");
	OK(published(&scene, 1).flags == ENVELOPE_LOST, "and said to be lost");
	ask(&scene, room, 2, 0);
	OK(published(&scene, 1).flags == 0, "but not to who has had it");
	scene_end(&scene);

	scene_begin(&scene);
	push(&scene, room, span_of("a"));
	scene_pass(&scene, 2000 * scene.conf.ws_backplane_repair_seconds);
	scene_up(&scene);
	scene.transport.events->beat(scene.transport.context);
	ask(&scene, room, 0, UINT32_MAX);
	OK(published(&scene, 0).sequence == 1, "what had to wait for the transport has its time from then");
	scene_end(&scene);
}

static void
test_limits(void)
{
	struct scene scene;
	char *large = malloc(RELAY_RETELL_BYTES / 2);

	memset(large, 'x', RELAY_RETELL_BYTES / 2);
	scene_begin(&scene);
	scene_up(&scene);
	for (int i = 0; i < 3; i++)
		push(&scene, room, (struct span){ large, RELAY_RETELL_BYTES / 2 });
	ask(&scene, room, 0, 1000);
	OK(scene_count(&scene, SCENE_PUBLISHES) == 3 && published(&scene, 2).flags == ENVELOPE_MORE,
	    "one answer is no larger than it may be, and says that there is more");
	ask(&scene, room, 2, 1000);
	OK(published(&scene, 0).sequence == 3 && published(&scene, 1).flags == 0, "which is told when it is asked for");
	scene.waiting_bytes = scene.conf.ws_backplane_queue_bytes / 4;
	ask(&scene, room, 0, 1000);
	OK(scene.n_words == 0, "while much waits to go out, nothing is told again");
	scene.waiting_bytes = 0;
	scene.publish_result = -1;
	ask(&scene, room, 0, 1000);
	OK(scene.n_words == 0, "nor when there is no room");
	scene_end(&scene);
	free(large);
}

int
main(void)
{
	test_previous();
	test_again();
	test_to_host();
	test_window();
	test_limits();
	return tap_done();
}
