#include <string.h>

#include "shared/bus.h"
#include "shared/path.h"
#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t other = 0x0a0b0c0d00000001, third = 0x0e0f101100000001;
static const struct bus_peer peer = { 0 };

static bool
begin(struct scene *scene, const char *path, uint64_t id)
{
	const struct wire_command command = { .type = WIRE_COUNT, .key = span_of(path) };

	return inquiry_begin(&scene->relay, &command, &peer, id);
}

/* One asks for a count; the question is out. Returns its token. */
static uint64_t
ask(struct scene *scene)
{
	scene_begin(scene);
	scene_up(scene);
	begin(scene, "/far", 9);
	return scene_word(scene, SCENE_TELLS)->token;
}

static void
test_when(void)
{
	struct scene scene;
	char path[PATH_MAX_BYTES + 2];

	scene_begin(&scene);
	OK(!begin(&scene, "/far", 1), "without a transport nobody is asked");
	scene_up(&scene);
	OK(begin(&scene, "/far", 1), "for a path without connections here, the others are");
	scene_enter(&scene, 0, "/near");
	OK(!begin(&scene, "/near", 2), "not for one that this host knows about");
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	OK(!begin(&scene, path, 3), "nor for one that is too long to have any");
	scene_end(&scene);
	OK(scene.n_counted == 1 && scene.counted == 0, "who still waits at the end is answered");
}

static void
test_answers(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);
	struct envelope said = scene_envelope(scene_word(&scene, SCENE_TELLS));

	OK(said.count == 0 && (said.flags & ENVELOPE_ASKS), "the question tells no count of ours");
	scene_told(&scene, token, 2);
	scene_hear_count(&scene, other, 1, "/far", 2, token);
	OK(scene.n_counted == 0, "every host that got the question is waited for");
	scene_hear_count(&scene, third, 1, "/far", 3, token);
	OK(scene.n_counted == 1 && scene.counted_id == 9 && scene.counted == 5, "the answers are added up");
	scene_hear_count(&scene, other, 2, "/far", 7, token);
	OK(scene.n_counted == 1, "one that comes afterwards changes nothing");
	scene_end(&scene);

	scene_told(&scene, ask(&scene), 0);
	OK(scene.n_counted == 1 && scene.counted == 0, "nobody got it: the count is 0 at once");
	scene_end(&scene);
}

static void
test_late(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_told(&scene, token, 2);
	scene_hear_count(&scene, other, 1, "/far", 2, token);
	scene_pass(&scene, RELAY_HOLD_MS - 1);
	OK(scene.n_counted == 0 && scene.relay.waits, "an answer has its time");
	scene_pass(&scene, 1);
	OK(scene.n_counted == 1 && scene.counted == 2 && !scene.relay.waits, "then what is known is the answer");
	scene_end(&scene);

	ask(&scene);
	scene_down(&scene);
	OK(scene.n_counted == 1, "nobody waits for a transport that is gone");
	scene_end(&scene);
}

static void
test_many(void)
{
	struct scene scene;
	bool all = true;

	scene_begin(&scene);
	scene_up(&scene);
	for (unsigned i = 0; i < RELAY_INQUIRIES; i++) {
		all = all && begin(&scene, "/far", i);
		scene_forget(&scene);
	}
	OK(all && !begin(&scene, "/far", RELAY_INQUIRIES), "only so many wait at once");
	scene_pass(&scene, RELAY_HOLD_MS);
	OK(scene.n_counted == RELAY_INQUIRIES && scene.counted_id == RELAY_INQUIRIES - 1,
	    "all of them are answered, the oldest first");
	OK(begin(&scene, "/far", 1), "then there is room again");
	scene_end(&scene);
}

/* A connection comes to the path while the others are asked. */
static void
test_comes(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_enter(&scene, 0, "/far");
	scene_told(&scene, token, 1);
	scene_hear_count(&scene, other, 1, "/far", 2, token);
	OK(scene.n_counted == 1 && scene.counted == 3, "one that comes here meanwhile counts");
	scene_end(&scene);
}

int
main(void)
{
	test_when();
	test_answers();
	test_late();
	test_many();
	test_comes();
	return tap_done();
}
