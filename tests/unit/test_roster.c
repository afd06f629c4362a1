#include <zmq.h>

#include "tests/tap.h"
#include "tests/unit/scene.h"

static void
test_bye(void)
{
	struct scene scene;
	struct wire_event event, owed;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	owed = scene_next_event(&scene, 0);
	scene_send_header(&scene, 0, WIRE_BYE);
	OK(scene_idle(&scene, 0) && scene.peers[0].last != WIRE_BYE,
	    "a worker that says BYE is kept while it owes something");
	scene_start_worker(&scene, 1);
	scene_say(&scene, 0, "m2");
	OK(scene_idle(&scene, 0) && scene_idle(&scene, 1), "it gets no new events, and nobody else does out of turn");
	scene_answer(&scene, 0, &owed, WIRE_SEND, "r1");
	event = scene_next_event(&scene, 0);
	OK(event.kind == WIRE_DETACH, "then it is told to forget the connection");
	OK(scene_idle(&scene, 0) && scene.peers[0].last == WIRE_BYE, "and BYE");
	OK(scene_got(&scene, 0, "r1"), "what it acknowledged counts");
	event = scene_next_event(&scene, 1);
	OK(event.kind == WIRE_ATTACH && event.id != 0, "the path moves on");
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m2") && event.attempt == 1, "with the next event");
	scene_acknowledge(&scene, 1, &event, NULL);
	OK(scene_is_read(&scene, 0), "its client is read");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_silent_worker(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_start_worker(&scene, 1);
	scene_come(&scene, 0, "/chat/a");
	scene_tick(&scene, 5000);
	scene_send_header(&scene, 0, WIRE_HEARTBEAT);
	scene_tick(&scene, 5000);
	OK(HASH_COUNT(scene.workers.by_peer) == 1, "a worker that says nothing for its timeout is taken for hung");
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_OPEN, ""), "its events are another's");
	scene.peers[1].last = 0;
	scene_send_header(&scene, 1, WIRE_HEARTBEAT);
	scene_next_event(&scene, 1);
	OK(scene_idle(&scene, 1) && scene.peers[1].last == WIRE_UNKNOWN, "when it speaks again it is unknown");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_route_gone(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_start_worker(&scene, 1);
	scene_come(&scene, 0, "/chat/a");
	for (unsigned i = 0; i < 2; i++) {
		event = scene_next_event(&scene, i);
		if (event.kind == WIRE_OPEN)
			scene_acknowledge(&scene, i, &event, NULL);
	}
	scene_say_hello(&scene, 0, WIRE_ROLE_WORKER, "chat", "/new");
	OK(scene_got(&scene, 0, "") && routes_match(&scene.routes, "/chat/a", 7) != NULL,
	    "a route stays while a worker announces it");
	scene_say_hello(&scene, 1, WIRE_ROLE_WORKER, "chat", "/new");
	OK(routes_match(&scene.routes, "/chat/a", 7) == NULL,
	    "it goes when all workers have announced a table without it");
	OK(scene_got(&scene, 0, "close:1001:"), "its connections are closed with 1001");
	scene_go(&scene, 0);
	OK(scene.hub.clients == NULL && scene.feed.n_waiting == 0,
	    "nobody is there for their close events: none is kept");
	OK(scene_end(&scene), "nothing is left");
}

/* Its close event waits for a worker when its route goes. */
static void
test_route_gone_after_client(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_come_and_join(&scene, 1, "/chat/a", 0);
	scene_come_and_join(&scene, 2, "/chat/b", 0);
	scene_send_header(&scene, 0, WIRE_BYE);
	scene_go(&scene, 0);
	scene_go(&scene, 2);
	OK(scene.feed.n_waiting == 2, "close events wait for a worker");
	scene_say_hello(&scene, 1, WIRE_ROLE_WORKER, "chat", "/new");
	OK(scene.feed.n_waiting == 0 && HASH_COUNT(scene.hub.clients) == 1, "they go with the route");
	OK(scene_got(&scene, 1, "close:1001:"), "a connection of the same path is closed");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_app_of_old_version(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_say_hello(&scene, 0, WIRE_ROLE_APP, "chat", "/old");
	OK(routes_match(&scene.routes, "/old", 4) != NULL, "an app without workers announces its routes");
	OK(routes_match(&scene.routes, "/chat/a", 7) == NULL, "a path that nobody announced has none");
	scene_start_worker(&scene, 1);
	OK(routes_match(&scene.routes, "/old", 4) == NULL && routes_match(&scene.routes, "/chat/a", 7) != NULL,
	    "its workers' table is the one that counts");
	scene_say_hello(&scene, 2, WIRE_ROLE_APP, "chat", "/old");
	OK(routes_match(&scene.routes, "/old", 4) == NULL, "where there are workers, an older process adds nothing");
	OK(roster_ready(&scene.roster), "a route is served");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_malformed_hello(void)
{
	struct scene scene;
	struct wire_hello hello = { WIRE_ROLE_WORKER, span_of("chat"), 3 };
	struct buf message = BUF_INIT;

	scene_begin(&scene);
	scene_peer_open(&scene, 0);
	wire_put_header(&message, WIRE_HELLO, 0);
	wire_put_hello(&message, &hello);
	bus_send(scene.peers[0].bus, NULL, &message);
	scene_turn(&scene);
	scene_next_event(&scene, 0);
	OK(scene.peers[0].last == WIRE_REPLY && scene.peers[0].reply.status == WIRE_MALFORMED,
	    "a HELLO without the routes that it counts is refused");
	OK(scene.workers.by_peer == NULL, "and makes no worker");
	buf_free(&message);
	OK(scene_end(&scene), "nothing is left");
}

/* Its connection breaks before its supervisor has said why. */
static void
test_blame_comes_before_redelivery(void)
{
	struct scene scene;
	struct wire_event event;
	struct worker *worker;

	scene_begin(&scene);
	scene_start_supervisor(&scene, 4, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	event = scene_next_event(&scene, 0);
	worker = scene.workers.by_peer;
	scene_start_watched(&scene, 1, 1, 2);
	scene_peer_close(&scene, 0);
	for (int ms = 0; ms < 5000 && !worker->lost; ms += 10) {
		roster_lost(&scene.roster, worker);
		scene_turn(&scene);
	}
	OK(worker->lost && scene_idle(&scene, 1), "what a watched worker owes waits until its supervisor says why");
	scene_say(&scene, 0, "m2");
	OK(scene_idle(&scene, 1), "as does what comes after it");
	OK(worker_is_at_work(workers_find_watch(&scene.workers, &(struct wire_watch){ { { 1 } }, 2 })) &&
		!worker_is_at_work(worker),
	    "it gets nothing new");
	scene_say_death(&scene, 4, 1, NULL);
	OK(HASH_COUNT(scene.workers.by_peer) == 1, "then it is gone");
	scene_next_event(&scene, 1);
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m1") && event.attempt == 2, "and its events go round");
	scene_acknowledge(&scene, 1, &event, NULL);
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m2"), "in their order");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_blame_that_never_comes(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_start_supervisor(&scene, 4, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	scene.workers.by_peer->lost = true;
	for (int i = 1; i < ROSTER_PROBES; i++)
		roster_probe(&scene.roster);
	OK(scene.workers.by_peer != NULL, "it is waited for");
	roster_probe(&scene.roster);
	OK(scene.workers.by_peer == NULL, "but not for ever");

	scene_start_watched(&scene, 1, 1, 2);
	scene_peer_close(&scene, 4);
	scene_wait_for_workers(&scene, 0);
	for (int ms = 0; ms < 5000 && scene.workers.supervisors.by_peer != NULL; ms += 10) {
		roster_tick(&scene.roster, scene.turn.now_ms);
		zmq_poll(NULL, 0, 10);
	}
	OK(scene.workers.supervisors.by_peer == NULL, "a supervisor that cannot be reached is forgotten");
	scene_peer_close(&scene, 1);
	scene_wait_for_workers(&scene, 0);
	OK(scene.workers.by_peer == NULL, "and its workers are gone at once");
	OK(scene_end(&scene), "nothing is left");
}

/* What it sent before it died counts, whichever of the two is read first. */
static void
test_the_last_words_of_a_worker_count(void)
{
	struct scene scene;
	struct wire_event first, second;

	scene_begin(&scene);
	scene_start_supervisor(&scene, 4, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	scene_say(&scene, 0, "m2");
	first = scene_next_event(&scene, 0);
	second = scene_next_event(&scene, 0);
	scene_say_death(&scene, 4, 1, &second);
	scene_answer(&scene, 0, &first, WIRE_SEND, "r1");
	OK(scene_got(&scene, 0, "r1"), "a record that comes after its sender's death is applied");
	scene_peer_close(&scene, 0);
	scene_wait_for_workers(&scene, 0);
	scene_start_watched(&scene, 1, 1, 2);
	scene_next_event(&scene, 1);
	second = scene_next_event(&scene, 1);
	OK(event_is(&second, WIRE_MESSAGE, "m2") && second.attempt == 2, "only the rest goes round");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_vouched_for(void)
{
	struct scene scene;
	struct buf message = BUF_INIT;

	scene_begin(&scene);
	scene_start_supervisor(&scene, 4, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_start_watched(&scene, 1, 1, 2);
	scene_tick(&scene, 5000);
	wire_put_header(&message, WIRE_HEARTBEAT, 0);
	buf_u32(&message, 2);
	bus_send(scene.peers[4].bus, NULL, &message);
	buf_free(&message);
	scene_turn(&scene);
	scene_tick(&scene, 5000);
	OK(HASH_COUNT(scene.workers.by_peer) == 1 && scene.workers.by_peer->watch.worker == 2,
	    "a worker whose supervisor says that it is at an event is not taken for hung");
	scene_tick(&scene, 5000);
	OK(scene.workers.by_peer == NULL && scene.workers.supervisors.by_peer == NULL,
	    "when that is silent, too, it is");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_same_worker_again(void)
{
	struct scene scene;
	struct wire_event event;

	scene_begin(&scene);
	scene_start_supervisor(&scene, 4, 1);
	scene_start_watched(&scene, 0, 1, 1);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	scene_next_event(&scene, 0);
	scene_start_watched(&scene, 1, 1, 1);
	OK(HASH_COUNT(scene.workers.by_peer) == 1, "who connects anew is the same worker");
	scene_next_event(&scene, 1);
	event = scene_next_event(&scene, 1);
	OK(event_is(&event, WIRE_MESSAGE, "m1") && event.attempt == 2, "and gets its events again");
	OK(scene_end(&scene), "nothing is left");
}

/* Sends a message that has just this body, and tells what came back. */
static enum wire_type
answer_to(struct scene *scene, unsigned i, enum wire_type type, const char *body)
{
	struct buf message = BUF_INIT;

	wire_put_header(&message, type, 0);
	buf_string(&message, body);
	scene->peers[i].last = 0;
	bus_send(scene->peers[i].bus, NULL, &message);
	buf_free(&message);
	scene_turn(scene);
	scene_next_event(scene, i);
	return scene->peers[i].last;
}

static void
test_strange_supervisors(void)
{
	struct scene scene;

	scene_begin(&scene);
	scene_peer_open(&scene, 0);
	OK(answer_to(&scene, 0, WIRE_DEATH, "") == WIRE_UNKNOWN, "who says a death is to say HELLO first");
	scene_say_hello(&scene, 0, WIRE_ROLE_SUPERVISOR, "chat", NULL);
	scene_next_event(&scene, 0);
	OK(scene.peers[0].last == WIRE_REPLY && scene.workers.supervisors.by_peer == NULL,
	    "a supervisor that does not name itself is refused");
	scene_say_hello(&scene, 0, WIRE_ROLE_SUPERVISOR, "chat", "/chat/{room}");
	OK(scene.workers.supervisors.by_peer == NULL && scene.routes.apps->next == NULL,
	    "so is one that announces a route");
	scene_start_supervisor(&scene, 0, 1);
	scene_next_event(&scene, 0);
	OK(scene.peers[0].last == WIRE_WELCOME, "another is welcome");
	OK(answer_to(&scene, 0, WIRE_DEATH, "cut short") == WIRE_REPLY && scene.peers[0].reply.status == WIRE_MALFORMED,
	    "half a death is refused");
	OK(answer_to(&scene, 0, WIRE_HEARTBEAT, "123") == WIRE_REPLY && scene.peers[0].reply.status == WIRE_MALFORMED,
	    "as is half a number");
	OK(answer_to(&scene, 0, WIRE_HEARTBEAT, "1234") == 0,
	    "a worker that nobody knows is none of anybody's business");
	scene_say_death(&scene, 0, 7, NULL);
	OK(scene_idle(&scene, 0), "nor is its death");
	answer_to(&scene, 0, WIRE_BYE, "");
	OK(scene.workers.supervisors.by_peer == NULL, "with BYE it is forgotten");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_ready(void)
{
	struct scene scene;
	uint32_t n;

	scene_begin(&scene);
	OK(roster_ready(&scene.roster) && roster_idle_route(&scene.routes, &scene.workers, &n) == NULL && n == 0,
	    "routes that are push-only need no worker");
	scene_say_hello(&scene, 0, WIRE_ROLE_APP, "chat", "/chat/{room}");
	OK(!roster_ready(&scene.roster) && roster_idle_route(&scene.routes, &scene.workers, &n) != NULL && n == 1,
	    "one with a handler does, and a push-only one does not hide it");
	scene_start_worker(&scene, 1);
	OK(roster_ready(&scene.roster) && roster_idle_route(&scene.routes, &scene.workers, &n) == NULL,
	    "with a worker all is well");
	scene_say_hello(&scene, 2, WIRE_ROLE_APP, "shop", "/shop/{room}");
	OK(roster_ready(&scene.roster) && roster_idle_route(&scene.routes, &scene.workers, &n) != NULL && n == 1,
	    "another app without one is told");
	OK(scene_end(&scene), "nothing is left");
}

int
main(void)
{
	test_bye();
	test_silent_worker();
	test_route_gone();
	test_route_gone_after_client();
	test_app_of_old_version();
	test_malformed_hello();
	test_blame_comes_before_redelivery();
	test_blame_that_never_comes();
	test_the_last_words_of_a_worker_count();
	test_vouched_for();
	test_same_worker_again();
	test_strange_supervisors();
	test_ready();
	return tap_done();
}
