#include "sidecar/hub/client.h"
#include "tests/tap.h"
#include "tests/unit/relay_scene.h"

static const uint64_t other = 0x0a0b0c0d00000001, third = 0x0e0f101100000001;
static const char room[] = "/room";

/* A path that this host has come to, and whose question is out. Returns its token. */
static uint64_t
ask(struct scene *scene)
{
	scene_begin(scene);
	scene_up(scene);
	scene_enter(scene, 0, room);
	return scene_confirm(scene);
}

static void
test_alone(void)
{
	struct scene scene;
	struct envelope said;
	uint64_t token;

	scene_begin(&scene);
	scene_up(&scene);
	scene_enter(&scene, 0, room);
	OK(scene_path(&scene, room)->held, "the first open on a path is held");
	OK(scene_word(&scene, SCENE_TELLS) == NULL, "nothing is asked before the path is subscribed");
	token = scene_confirm(&scene);
	said = scene_envelope(scene_word(&scene, SCENE_TELLS));
	OK(token != 0 && said.type == ENVELOPE_COUNT && (said.flags & ENVELOPE_ASKS) && said.count == 1,
	    "then the others are asked, and told our count");
	OK(scene.n_released == 0, "until it is known who is to answer, it stays held");
	scene_told(&scene, token, 1);
	OK(scene.n_released == 1 && scene_path(&scene, room)->elsewhere == 0, "nobody else there: it goes on at once");
	scene_enter(&scene, 1, room);
	OK(!scene_path(&scene, room)->held, "a second open on the path is not held");
	scene_end(&scene);
}

static void
test_answers(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_told(&scene, token, 3);
	scene_hear_count(&scene, other, 1, room, 2, token);
	OK(scene.n_released == 0 && scene_path(&scene, room)->elsewhere == 0,
	    "while an answer is missing, others count as nothing");
	scene_hear_count(&scene, third, 1, room, 0, token);
	OK(scene.n_released == 1 && scene_path(&scene, room)->elsewhere == 2, "with the last one all of it is known");
	scene_hear_count(&scene, third, 2, room, 5, 0);
	OK(scene_path(&scene, room)->elsewhere == 7, "a host says what changes");
	scene_hear_count(&scene, third, 1, room, 1, 0);
	OK(scene_path(&scene, room)->elsewhere == 7 && scene.relay.n_duplicates == 1,
	    "what comes late or twice does not count");
	scene_end(&scene);

	token = ask(&scene);
	scene_hear_count(&scene, other, 1, room, 4, token);
	scene_told(&scene, token, 2);
	OK(scene.n_released == 1 && scene_path(&scene, room)->elsewhere == 4,
	    "an answer may come before it is known who answers");
	scene_end(&scene);
}

static void
test_late(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_told(&scene, token, 2);
	OK(scene.relay.waits, "while an open is held, the relay waits");
	scene_pass(&scene, RELAY_HOLD_MS - 1);
	OK(scene.n_released == 0 && relay_trouble(&scene.relay) == NULL, "an answer has its time");
	scene_pass(&scene, 1);
	OK(scene.n_released == 1 && !scene.relay.waits, "then the open goes without it");
	OK(relay_trouble(&scene.relay) != NULL, "which is told as trouble");
	scene_forget(&scene);
	scene.transport.events->beat(&scene.relay);
	OK(scene_count(&scene, SCENE_TELLS) == 1, "with each beat it is asked again");
	token = scene_word(&scene, SCENE_TELLS)->token;
	scene_told(&scene, token, 2);
	scene_hear_count(&scene, other, 1, room, 3, token);
	OK(scene_path(&scene, room)->elsewhere == 3 && relay_trouble(&scene.relay) == NULL,
	    "an answer ends the trouble");
	scene_end(&scene);
}

/* Redis still counts a subscriber whose host has died. */
static void
test_late_without_host(void)
{
	struct scene scene;

	scene_told(&scene, ask(&scene), 2);
	scene_pass(&scene, RELAY_HOLD_MS);
	scene_forget(&scene);
	scene.transport.events->beat(&scene.relay);
	scene_told(&scene, scene_word(&scene, SCENE_TELLS)->token, 2);
	OK(relay_trouble(&scene.relay) == NULL, "a late path waits for no more answers than there are hosts");
	scene_end(&scene);
}

static void
test_old_tickets(void)
{
	struct scene scene;
	uint64_t ticket, before;

	scene_begin(&scene);
	scene_enter(&scene, 0, room);
	OK(!scene_path(&scene, room)->held && scene.n_words == 0, "without a transport nothing is held or subscribed");
	scene_up(&scene);
	ticket = scene_word(&scene, SCENE_SUBSCRIBES)->ticket;
	OK(!scene_path(&scene, room)->held, "what was open before it came is not held either");
	scene_down(&scene);
	scene_up(&scene);
	before = scene.n_words;
	scene.transport.events->subscribed(&scene.relay, span_of("t:ws:/room"), ticket);
	OK(scene.n_words == before, "a confirmation of an earlier subscription asks nothing");
	OK(scene_confirm(&scene) != 0, "that of the present one does");
	scene_end(&scene);
}

static void
test_down(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_down(&scene);
	OK(scene.n_released == 1 && !scene_path(&scene, room)->held, "when the transport goes, held opens go on");
	scene_up(&scene);
	scene_told(&scene, token, 1);
	OK(scene_word(&scene, SCENE_SUBSCRIBES)->ticket == scene.tickets && scene.relay.asking != NULL,
	    "when it comes, everything is subscribed and asked anew: an old answer does not count");
	scene_told(&scene, scene_confirm(&scene), 1);
	OK(scene.relay.asking == NULL, "a new one does");
	scene_end(&scene);
}

static void
test_told(void)
{
	struct scene scene;
	struct envelope said;

	scene_told(&scene, ask(&scene), 1);
	scene_flush(&scene);
	OK(scene_count(&scene, SCENE_TELLS) == 0, "a count that the question has told already is not told again");
	scene_enter(&scene, 1, room);
	scene_enter(&scene, 2, room);
	scene_flush(&scene);
	said = scene_envelope(scene_word(&scene, SCENE_TELLS));
	OK(scene_count(&scene, SCENE_TELLS) == 1 && said.count == 3 && said.flags == 0,
	    "what changes in a turn is told once");
	scene_leave(&scene, 2);
	scene_enter(&scene, 2, room);
	scene_flush(&scene);
	OK(scene_count(&scene, SCENE_TELLS) == 0, "one that changes back is not told");
	for (unsigned i = 0; i < 3; i++)
		scene_leave(&scene, i);
	said = scene_envelope(scene_word(&scene, SCENE_TELLS));
	OK(said.count == 0 && scene_count(&scene, SCENE_UNSUBSCRIBES) == 1,
	    "a path that goes says so and is unsubscribed");
	OK(scene.relay.changed == NULL && scene.relay.asking == NULL, "and leaves nothing behind");
	scene_end(&scene);
}

/* Two hosts say their counts, then one of them is heard no more. */
static void
test_silence(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_told(&scene, token, 3);
	scene_hear_count(&scene, other, 1, room, 2, token);
	scene_hear_count(&scene, third, 1, room, 3, token);
	for (int i = 0; i < HOSTS_BEATS; i++)
		scene.transport.events->beat(&scene.relay);
	scene_hear_count(&scene, third, 2, room, 3, 0);
	OK(scene_path(&scene, room)->elsewhere == 5, "a silent host is there for a while");
	scene.transport.events->beat(&scene.relay);
	OK(scene_path(&scene, room)->elsewhere == 3, "then it takes its counts with it");
	scene_hear(&scene,
	    &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = third, .sequence = 3, .flags = ENVELOPE_LEAVES });
	OK(scene_path(&scene, room)->elsewhere == 0, "one that leaves takes them at once");
	scene_end(&scene);
}

/* A host was silent for long, and comes back: what it had said is not known any more. */
static void
test_back(void)
{
	struct scene scene;
	uint64_t token = ask(&scene);

	scene_told(&scene, token, 2);
	scene_hear_count(&scene, other, 5, room, 2, token);
	for (int i = 0; i <= HOSTS_BEATS; i++)
		scene.transport.events->beat(&scene.relay);
	scene_forget(&scene);
	scene_hear(&scene, &(struct envelope){ .type = ENVELOPE_ALIVE, .origin = other, .since = 1 });
	OK(scene_count(&scene, SCENE_TELLS) == 1 && scene_word(&scene, SCENE_TELLS)->token != 0,
	    "a host that is back is asked");
	scene_told(&scene, scene_word(&scene, SCENE_TELLS)->token, 2);
	scene_hear_count(&scene, other, 6, room, 2, scene_word(&scene, SCENE_TELLS)->token);
	OK(scene_path(&scene, room)->elsewhere == 2, "and its counts are here again");
	scene_end(&scene);
}

int
main(void)
{
	test_alone();
	test_answers();
	test_late();
	test_late_without_host();
	test_old_tickets();
	test_down();
	test_told();
	test_silence();
	test_back();
	return tap_done();
}
