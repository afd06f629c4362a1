#include <string.h>

#include "tests/tap.h"
#include "tests/unit/scene.h"

static void
test_redelivery(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf attribute = BUF_INIT;
	struct wire_command set = { .type = WIRE_SET, .key = span_of("name"), .data = span_of("Alice") };

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	event = scene_next_event(&scene, 0);
	wire_put_command(&attribute, &set);
	scene_acknowledge(&scene, 0, &event, &attribute);
	buf_free(&attribute);
	scene_say(&scene, 0, "m2");
	scene_say(&scene, 0, "m3");
	scene_come(&scene, 1, "/chat/a");
	scene_next_event(&scene, 0);
	scene_peer_close(&scene, 0);
	scene_wait_for_workers(&scene, 0);
	OK(scene.workers.by_peer == NULL, "a worker whose socket is closed is noticed");
	OK(scene.feed.redelivered == 3, "what it owed is counted");

	scene_start_worker(&scene, 1);
	event = scene_next_event(&scene, 1);
	OK(event.kind == WIRE_ATTACH && event.id != 0 && event.meta.len > 0,
	    "the next one is first told about the client");
	OK(event.attributes.len == 4 + 4 + 4 + 5 && memcmp(event.attributes.data + 12, "Alice", 5) == 0,
	    "with its attributes of now");
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m2") && event.attempt == 2,
	    "then come the events again, with a higher attempt");
	scene_answer(&scene, 1, &event, WIRE_SEND, "r2");
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m3") && event.attempt == 2, "in order");
	scene_answer(&scene, 1, &event, WIRE_SEND, "r3");
	OK(scene_got(&scene, 0, "r2|r3"), "their effects happen once");
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_OPEN, "") && event.attempt == 2, "an open needs no ATTACH before it");
	scene_acknowledge(&scene, 1, &event, NULL);
	OK(scene_end(&scene), "nothing is left");
}

/* A path without events has no worker for a while; its clients must not wait for one for ever. */
static void
test_reading_after_restart(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_peer_close(&scene, 0);
	scene_wait_for_workers(&scene, 0);
	scene_start_worker(&scene, 1);
	OK(scene_is_read(&scene, 0), "an idle client is read while its worker restarts");
	scene_say(&scene, 0, "m1");
	scene_next_event(&scene, 1);
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m1"), "its first message afterwards reaches the new worker");
	scene_acknowledge(&scene, 1, &event, NULL);
	OK(scene_is_read(&scene, 0), "and then it is read again");
	OK(scene_end(&scene), "nothing is left");
}

enum { MOVING = 24 }; /* paths: that none of them moves, or all, happens in one run of 8 million */

static void
test_moving(void)
{
	struct scene scene;
	struct wire_event event, owed;
	unsigned n_attached = 0, n_detached = 0;
	char path[16];

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	for (unsigned i = 0; i < MOVING; i++) {
		snprintf(path, sizeof(path), "/chat/%u", i);
		scene_come_and_join(&scene, i, path, 0);
	}
	scene_say(&scene, 0, "m1");
	owed = scene_next_event(&scene, 0);
	scene_start_worker(&scene, 1);
	scene_say(&scene, 0, "m2");
	OK(scene.browsers[0].client->feed.events != NULL && scene_idle(&scene, 1),
	    "a path does not move while an event is outstanding");
	for (unsigned i = 1; i < MOVING; i++)
		scene_say(&scene, i, "m");
	scene_acknowledge(&scene, 0, &owed, NULL);
	for (event = scene_next_event(&scene, 1); event.id != 0; event = scene_next_event(&scene, 1)) {
		n_attached += event.kind == WIRE_ATTACH;
		if (event.kind == WIRE_MESSAGE)
			scene_acknowledge(&scene, 1, &event, NULL);
	}
	OK(n_attached > 0 && n_attached < MOVING, "some paths move to a new worker");
	for (event = scene_next_event(&scene, 0); event.conn.bytes[0] != 0; event = scene_next_event(&scene, 0)) {
		n_detached += event.kind == WIRE_DETACH;
		if (event.kind == WIRE_MESSAGE)
			scene_acknowledge(&scene, 0, &event, NULL);
	}
	OK(n_detached == n_attached, "the old worker is told to forget each connection that moved");
	OK(scene.browsers[0].client->feed.events == NULL, "nothing is outstanding at the end");
	OK(scene_end(&scene), "nothing is left");
}

int
main(void)
{
	test_redelivery();
	test_reading_after_restart();
	test_moving();
	return tap_done();
}
