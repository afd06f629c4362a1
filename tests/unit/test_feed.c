#include <string.h>

#include "tests/tap.h"
#include "tests/unit/scene.h"

/* It may have sent a message together with its handshake. */
static void
test_message_before_open(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	client = scene_come(&scene, 0, "/chat/a");
	feed_client_message(&scene.feed, client, "early", 5, false);
	scene_say_hello(&scene, 1, WIRE_ROLE_WORKER, "other", "/other");
	OK(!scene_is_read(&scene, 0), "whoever spoke before its open was acknowledged is still not read");
	event = scene_next_event(&scene, 0);
	scene_acknowledge(&scene, 0, &event, NULL);
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "early"), "what it said follows its open");
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(scene_is_read(&scene, 0), "then it is read");
	OK(scene_end(&scene), "nothing is left");
}

/* The same before any worker has been chosen. */
static void
test_message_before_worker(void)
{
	struct scene scene;
	struct client *client;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_send_header(&scene, 0, WIRE_BYE);
	client = scene_come(&scene, 0, "/chat/a");
	feed_client_message(&scene.feed, client, "early", 5, false);
	scene_start_worker(&scene, 1);
	OK(client->place.state == CLIENT_OPENING && !scene_is_read(&scene, 0),
	    "a worker that comes does not make it read either");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_close(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_id id;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	client = scene_come_and_join(&scene, 1, "/chat/a", 0);
	id = client->id;
	client->ending.code = 4001;
	scene_go(&scene, 1);
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_CLOSE, "") && event.code == 4001, "a close event tells the code");
	OK(event.count == 1, "the client has left by then");
	scene_answer(&scene, 0, &event, WIRE_BROADCAST, "gone");
	OK(scene_got(&scene, 0, "gone"), "the close event's commands take effect");
	OK(hub_find(&scene.hub, &id) == NULL, "with its acknowledgement the client is forgotten");
	OK(scene_idle(&scene, 0), "it fires once");
	scene_acknowledge(&scene, 0, &event, NULL);
	scene_next_event(&scene, 0);
	OK(scene.peers[0].n_stale == 1, "a second acknowledgement is stale");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_close_without_code(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_go(&scene, 0);
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_CLOSE, "") && event.code == 1006 && event.count == 0,
	    "a cut connection closes with 1006");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_never_delivered(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_send_header(&scene, 0, WIRE_BYE);
	scene_come(&scene, 0, "/chat/a");
	OK(scene.feed.n_waiting == 1 && hub_find_path(&scene.hub, "/chat/a", 7)->count == 1,
	    "an open waits for a worker");
	scene_go(&scene, 0);
	OK(scene.feed.n_waiting == 0 && scene.hub.clients == NULL,
	    "when its client leaves first there is no trace of it");
	scene_start_worker(&scene, 1);
	OK(scene_idle(&scene, 1), "and no worker ever hears of it");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_full_worker(void)
{
	struct scene scene;
	struct wire_event event;
	char text[SCENE_QUEUE_BYTES];

	memset(text, 'x', sizeof(text));
	text[SCENE_QUEUE_BYTES - 1] = '\0';
	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_come_and_join(&scene, 1, "/chat/b", 0);
	scene_say(&scene, 1, "m");
	OK(scene_is_read(&scene, 1), "while the worker's queue has room a client is read");
	event = scene_next_event(&scene, 0);
	scene_acknowledge(&scene, 0, &event, NULL);
	scene_say(&scene, 0, text);
	OK(!scene_is_read(&scene, 0), "a client that fills it is not read on");
	scene_say(&scene, 1, "m");
	OK(!scene_is_read(&scene, 1), "nor is another whose message comes then");
	event = scene_next_event(&scene, 0);
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(scene_is_read(&scene, 0) && scene_is_read(&scene, 1), "when there is room again both are read");
	OK(scene_end(&scene), "nothing is left");
}

/* The room may also come of a path that moves away with what it holds. */
static void
test_full_worker_loses_path(void)
{
	struct scene scene;
	struct wire_event events[SCENE_BROWSERS];
	char text[SCENE_QUEUE_BYTES], path[16];
	unsigned moving = 0, staying = 0;

	memset(text, 'x', sizeof(text));
	text[SCENE_QUEUE_BYTES - 1] = '\0';
	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	for (unsigned i = 0; i < SCENE_BROWSERS; i++) {
		snprintf(path, sizeof(path), "/chat/%u", i);
		scene_come_and_join(&scene, i, path, 0);
		scene_say(&scene, i, "owed");
		events[i] = scene_next_event(&scene, 0);
	}
	scene_start_worker(&scene, 1);
	for (unsigned i = 0; i < SCENE_BROWSERS; i++) {
		const struct path *it = scene.browsers[i].client->place.path;

		*(workers_choose(&scene.workers, it->route, it->hh.hashv)->serial == 1 ? &staying : &moving) = i;
	}
	OK(staying != moving, "one path is to move to a second worker, one stays");
	scene_say(&scene, moving, text);
	scene_say(&scene, staying, "more");
	OK(!scene_is_read(&scene, staying), "the first worker is full");
	for (unsigned i = 0; i < SCENE_BROWSERS; i++)
		scene_acknowledge(&scene, 0, &events[i], NULL);
	OK(scene_is_read(&scene, staying), "when the path with its events has moved, the other's client is read again");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_no_worker(void)
{
	struct scene scene;
	struct wire_event event;
	struct client *client;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_come_and_join(&scene, 1, "/chat/a", 0);
	scene_come_and_join(&scene, 2, "/chat/b", 0);
	scene_send_header(&scene, 0, WIRE_BYE);
	OK(scene.workers.by_peer == NULL, "the only worker goes");
	scene_say(&scene, 0, "m1");
	scene_say(&scene, 0, "m2");
	OK(!scene_is_read(&scene, 0) && scene_is_read(&scene, 2), "a client that has something to say is not read on");
	scene_tick(&scene, 1000);
	scene_tick(&scene, 28000);
	OK(scene_got(&scene, 0, ""), "within the wait it stays");
	scene_start_worker(&scene, 1);
	scene_next_event(&scene, 1);
	event = scene_next_event(&scene, 1);
	scene_acknowledge(&scene, 1, &event, NULL);
	event = scene_next_event(&scene, 1);
	scene_acknowledge(&scene, 1, &event, NULL);
	OK(scene_is_read(&scene, 0), "a worker that comes in time resumes it");

	scene_send_header(&scene, 1, WIRE_BYE);
	scene_say(&scene, 0, "m3");
	client = scene_come(&scene, 3, "/chat/a");
	scene_tick(&scene, 30000);
	OK(scene_got(&scene, 0, "close:1013:") && scene_got(&scene, 3, "close:1013:"),
	    "after the wait those who wait are told to try later");
	OK(scene_got(&scene, 1, "") && scene_got(&scene, 2, ""), "those who do not wait stay");
	OK(client->place.state == CLIENT_CLOSING, "an open that waits is closed too");
	OK(scene_end(&scene), "nothing is left");
}

/* Its messages were acknowledged, its worker went: the next one finds nothing to send on its path. */
static void
test_resume_on_idle_path(void)
{
	struct scene scene;
	struct wire_event small, event;
	char text[SCENE_QUEUE_BYTES];

	memset(text, 'x', sizeof(text));
	text[SCENE_QUEUE_BYTES - 1] = '\0';
	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_come_and_join(&scene, 1, "/chat/b", 0);
	scene_say(&scene, 0, text);
	scene_say(&scene, 1, "m");
	scene_next_event(&scene, 0);
	small = scene_next_event(&scene, 0);
	scene_acknowledge(&scene, 0, &small, NULL);
	OK(!scene_is_read(&scene, 1), "a client is not read, because another fills its worker");
	scene_peer_close(&scene, 0);
	scene_wait_for_workers(&scene, 0);
	scene_start_worker(&scene, 1);
	for (event = scene_next_event(&scene, 1); event.id != 0; event = scene_next_event(&scene, 1))
		if (event.kind == WIRE_MESSAGE)
			scene_acknowledge(&scene, 1, &event, NULL);
	OK(scene_is_read(&scene, 0) && scene_is_read(&scene, 1), "under the next worker it is read again");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_push_only(void)
{
	struct scene scene;
	struct client *client;

	scene_begin(&scene);
	client = scene_come(&scene, 0, "/feed/x");
	OK(client->place.state == CLIENT_JOINED && scene_is_read(&scene, 0), "a push-only path needs no worker");
	scene_say(&scene, 0, "m1");
	OK(scene.feed.n_waiting == 0 && scene_is_read(&scene, 0), "what its clients say goes nowhere");
	scene_go(&scene, 0);
	OK(scene.hub.clients == NULL, "and they leave without an event");
	OK(scene_end(&scene), "nothing is left");
}

enum { SUPERVISOR = 4 }; /* its peer */

/* The next event that is to be acknowledged. */
static struct wire_event
next_owed(struct scene *scene, unsigned worker)
{
	struct wire_event event;

	do
		event = scene_next_event(scene, worker);
	while (event.id != 0 && (event.kind == WIRE_ATTACH || event.kind == WIRE_DETACH));
	return event;
}

/* Worker 0 dies over the event, or NULL; another one takes its place. */
static void
die(struct scene *scene, uint32_t number, const struct wire_event *over)
{
	struct wire_event copy = over != NULL ? *over : (struct wire_event){ 0 };

	scene_peer_close(scene, 0);
	scene_say_death(scene, SUPERVISOR, number, over != NULL ? &copy : NULL);
	scene_wait_for_workers(scene, 0);
	scene_start_watched(scene, 0, 1, number + 1);
}

/* A message that no handler survives, behind an innocent one of the same path. */
static void
test_given_up(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_supervisor(&scene, SUPERVISOR, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_come_and_join(&scene, 1, "/chat/a", 0);
	scene_say(&scene, 1, "harmless");
	scene_say(&scene, 0, "poison");
	scene_say(&scene, 0, "more");
	for (unsigned i = 0; i < FEED_MAX_DEATHS; i++) {
		OK(scene_got(&scene, 0, ""), "workers may die over an event");
		next_owed(&scene, 0);
		event = next_owed(&scene, 0);
		OK(event_is(&event, WIRE_MESSAGE, "poison") && event.attempt == i + 1, "it goes round again");
		die(&scene, i + 1, &event);
	}
	OK(scene_got(&scene, 0, "close:1011:"), "the last one of FEED_MAX_DEATHS costs its client the connection");
	OK(scene.feed.given_up == 1, "which is counted");
	event = next_owed(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "harmless") && scene_got(&scene, 1, ""), "who waited before it stays");
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(scene_idle(&scene, 0), "what its client said after it goes to nobody");
	scene_go(&scene, 0);
	event = next_owed(&scene, 0);
	OK(event_is(&event, WIRE_CLOSE, ""), "its close event comes all the same");
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(scene_end(&scene), "nothing is left");
}

static void
test_open_given_up(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_supervisor(&scene, SUPERVISOR, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come(&scene, 0, "/chat/a");
	for (unsigned i = 0; i < FEED_MAX_DEATHS; i++) {
		event = next_owed(&scene, 0);
		die(&scene, i + 1, &event);
	}
	OK(scene_got(&scene, 0, "close:1011:"), "so is an open that cannot be survived");
	scene_go(&scene, 0);
	for (unsigned i = 0; i < FEED_MAX_DEATHS; i++) {
		event = next_owed(&scene, 0);
		OK(event_is(&event, WIRE_CLOSE, ""), "its close event comes");
		die(&scene, FEED_MAX_DEATHS + i + 1, &event);
	}
	OK(scene_idle(&scene, 0) && scene.hub.clients == NULL, "and is given up, too, when it does the same");
	OK(scene_end(&scene), "nothing is left");
}

/* Whoever does not say over what, or says it wrongly, blames nobody. */
static void
test_nobody_is_blamed(void)
{
	struct scene scene;
	struct wire_event event, wrong;

	scene_begin(&scene);
	scene_start_supervisor(&scene, SUPERVISOR, 1);
	scene_start_supervisor(&scene, 3, 2);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "innocent");
	for (unsigned i = 0; i < 2 * FEED_MAX_DEATHS; i++) {
		event = next_owed(&scene, 0);
		die(&scene, i + 1, NULL);
	}
	for (unsigned i = 0; i < 2 * FEED_MAX_DEATHS; i++) {
		event = next_owed(&scene, 0);
		scene_say_death(&scene, 3, 2 * FEED_MAX_DEATHS + 1, &event);
	}
	event = next_owed(&scene, 0);
	OK(scene.feed.given_up == 0 && event.id == 0, "another supervisor cannot say that it died");
	scene_start_watched(&scene, 0, 1, 100);
	event = wrong = next_owed(&scene, 0);
	wrong.attempt--;
	die(&scene, 100, &wrong);
	event = wrong = next_owed(&scene, 0);
	wrong.epoch--;
	die(&scene, 101, &wrong);
	event = wrong = next_owed(&scene, 0);
	wrong.id--;
	die(&scene, 102, &wrong);
	event = next_owed(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "innocent") && scene_got(&scene, 0, ""),
	    "a death that is not explained, or by another delivery, blames nobody");
	scene_answer(&scene, 0, &event, WIRE_SEND, "served");
	OK(scene_got(&scene, 0, "served"), "and the event is served in the end");
	OK(scene_end(&scene), "nothing is left");
}

int
main(void)
{
	test_message_before_open();
	test_message_before_worker();
	test_close();
	test_close_without_code();
	test_never_delivered();
	test_full_worker();
	test_full_worker_loses_path();
	test_no_worker();
	test_resume_on_idle_path();
	test_push_only();
	test_given_up();
	test_open_given_up();
	test_nobody_is_blamed();
	return tap_done();
}
