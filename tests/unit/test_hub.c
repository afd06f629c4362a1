#include <stdlib.h>
#include <string.h>

#include "shared/conf.h"
#include "sidecar/hub/deflate.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

enum { MANY = 4 };

static const struct conf conf = { .ws_queue_bytes = 1000 + 4 * OUTQ_ENTRY_BYTES, .ws_max_message = 1 << 20 };
static const char room[] = "/room";

struct scene {
	struct hub hub;
	struct browser browsers[MANY];
};

static struct frame *
text(const char *string)
{
	return frame_new(FRAME_TEXT, string, strlen(string));
}

/* A message that shows as its first bytes and has len of them. */
static struct frame *
long_text(const char *start, size_t len)
{
	char *string = malloc(len);
	struct frame *frame;

	memset(string, '.', len);
	memcpy(string, start, strlen(start));
	frame = frame_new(FRAME_TEXT, string, len);
	free(string);
	return frame;
}

static struct path *
path_of(struct scene *scene)
{
	return hub_find_path(&scene->hub, room, strlen(room));
}

static struct client *
enter(struct scene *scene, unsigned i)
{
	browser_open(&scene->browsers[i], i);
	hub_enter(&scene->hub, scene->browsers[i].client, room, strlen(room));
	return scene->browsers[i].client;
}

/* A room with MANY members. */
static void
begin(struct scene *scene)
{
	*scene = (struct scene){ 0 };
	hub_open(&scene->hub, &conf, NULL, 7);
	for (unsigned i = 0; i < MANY; i++)
		hub_join(&scene->hub, enter(scene, i));
}

/* The socket is gone, and with it the client. */
static void
end_client(struct scene *scene, unsigned i)
{
	browser_leave(&scene->browsers[i], &scene->hub);
}

static void
end(struct scene *scene)
{
	for (unsigned i = 0; i < MANY; i++)
		if (scene->browsers[i].client != NULL)
			end_client(scene, i);
	OK(scene->hub.paths == NULL && scene->hub.clients == NULL, "a path goes with its last client");
	hub_close(&scene->hub);
}

static void
broadcast(struct scene *scene, const char *string)
{
	batch_broadcast(&scene->hub.batches, path_of(scene), text(string), NULL);
}

static bool
got(struct scene *scene, unsigned i, const char *what)
{
	const char *it = browser_got(&scene->browsers[i]);

	if (strcmp(it, what) == 0)
		return true;
	printf("# browser %u got \"%s\" instead of \"%s\"\n", i, it, what);
	return false;
}

/* --- tests --------------------------------------------------------------------- */

static void
test_shared(void)
{
	struct scene scene;
	struct frame *one;

	begin(&scene);
	for (unsigned i = 0; i < MANY; i++)
		scene.browsers[i].wsi.partial = true;
	broadcast(&scene, "b1");
	hub_flush(&scene.hub);
	one = outq_peek(&scene.browsers[0].client->socket.outq);
	OK(one->refs == MANY, "all recipients hold one and the same frame");
	for (unsigned i = 1; i < MANY; i++)
		OK(outq_peek(&scene.browsers[i].client->socket.outq) == one, "a recipient has no copy of its own");
	broadcast(&scene, "b2");
	broadcast(&scene, "b3");
	hub_flush(&scene.hub);
	OK((*(struct frame **)ring_at(&scene.browsers[0].client->socket.outq.frames, 1))->refs == MANY,
	    "several messages are laid out once for all");
	end(&scene);
}

static void
test_one_write(void)
{
	struct scene scene;

	begin(&scene);
	broadcast(&scene, "b1");
	broadcast(&scene, "b2");
	OK(got(&scene, 0, ""), "nothing is written within the turn");
	broadcast(&scene, "b3");
	hub_flush(&scene.hub);
	for (unsigned i = 0; i < MANY; i++)
		OK(got(&scene, i, "b1 b2 b3"), "three messages of one turn leave in one write");
	broadcast(&scene, "b4");
	hub_flush(&scene.hub);
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b4"), "a turn begins empty");
	OK(scene.hub.batches.delivered == 4 * MANY, "deliveries are counted per recipient");
	end(&scene);
}

static void
test_own_order(void)
{
	struct scene scene;

	begin(&scene);
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o1"));
	broadcast(&scene, "b1");
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o2"));
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o3"));
	broadcast(&scene, "b2");
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o4"));
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b1 b2"), "others do not see a client's own messages");
	OK(got(&scene, 1, "o1 b1 o2 o3 b2 o4"), "own messages stand where they were sent, in one write");
	batch_send(&scene.hub.batches, scene.browsers[2].client, text("o5"));
	hub_flush(&scene.hub);
	OK(got(&scene, 2, "b1 b2|o5"), "a message of its own needs no broadcast");
	OK(got(&scene, 1, ""), "own messages are written once");
	end(&scene);
}

static void
test_exclude(void)
{
	struct scene scene;

	begin(&scene);
	batch_broadcast(&scene.hub.batches, path_of(&scene), text("b1"), scene.browsers[0].client);
	broadcast(&scene, "b2");
	batch_broadcast(&scene.hub.batches, path_of(&scene), text("b3"), scene.browsers[1].client);
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b2 b3"), "an excluded client misses that message only");
	OK(got(&scene, 1, "b1 b2"), "another exclusion is its own");
	OK(got(&scene, 2, "b1 b2 b3"), "those who are not excluded get all");
	broadcast(&scene, "b4");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b4"), "an exclusion ends with its message");
	end(&scene);
}

static void
test_join_in_mid_turn(void)
{
	struct scene scene;

	begin(&scene);
	end_client(&scene, 3);
	broadcast(&scene, "b1");
	enter(&scene, 3);
	broadcast(&scene, "b2");
	hub_join(&scene.hub, scene.browsers[3].client);
	broadcast(&scene, "b3");
	hub_flush(&scene.hub);
	OK(got(&scene, 3, "b3"), "who joins in mid-turn gets what comes after");
	OK(got(&scene, 2, "b1 b2 b3"), "the others get all");
	broadcast(&scene, "b4");
	hub_flush(&scene.hub);
	OK(got(&scene, 3, "b4"), "in the next turn it is like the others");
	end(&scene);
}

static void
test_leave_in_mid_turn(void)
{
	struct scene scene;

	begin(&scene);
	broadcast(&scene, "b1");
	batch_send(&scene.hub.batches, scene.browsers[0].client, text("o1"));
	hub_disconnect(&scene.hub, scene.browsers[0].client, 1000, "test", span_of("bye"));
	hub_disconnect(&scene.hub, scene.browsers[1].client, 4000, "test", SPAN_EMPTY);
	broadcast(&scene, "b2");
	OK(path_of(&scene)->count == MANY - 2, "who leaves is not counted at once");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b1 o1|close:1000:bye"), "who leaves gets what came before, then the close");
	OK(got(&scene, 1, "b1|close:4000:"), "a close needs no reason");
	OK(got(&scene, 2, "b1 b2"), "who stays gets all");
	hub_disconnect(&scene.hub, scene.browsers[0].client, 1001, "test", SPAN_EMPTY);
	hub_flush(&scene.hub);
	OK(got(&scene, 0, ""), "it is closed once");
	end(&scene);
}

/* Whoever is refused at its open gets its own messages, and never belonged to the path. */
static void
test_disconnect_before_join(void)
{
	struct scene scene;

	begin(&scene);
	end_client(&scene, 3);
	enter(&scene, 3);
	OK(path_of(&scene)->count == MANY && path_of(&scene)->n_members == MANY - 1,
	    "who is opening is counted and is no target");
	broadcast(&scene, "b1");
	batch_send(&scene.hub.batches, scene.browsers[3].client, text("no"));
	hub_disconnect(&scene.hub, scene.browsers[3].client, 4001, "test", SPAN_EMPTY);
	broadcast(&scene, "b2");
	hub_flush(&scene.hub);
	OK(got(&scene, 3, "no|close:4001:"), "it gets its own message and the close");
	end(&scene);
}

static void
test_early_write(void)
{
	struct scene scene;

	begin(&scene);
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o1"));
	batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b1", 20000), scene.browsers[2].client);
	batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b2", 20000), NULL);
	OK(got(&scene, 0, ""), "less than the batch's limit waits");
	batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b3", 20000), NULL);
	OK(got(&scene, 0, "b1.............. b2.............. b3.............."), "the limit writes the batch");
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o2"));
	broadcast(&scene, "b4");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b4"), "the rest of the turn follows");
	OK(got(&scene, 1, "o1 b1.............. b2.............. b3..............|o2 b4"),
	    "own messages keep their places across it");
	OK(got(&scene, 2, "b2.............. b3..............|b4"), "and so do exclusions");
	end(&scene);
}

static void
test_queue(void)
{
	struct scene scene;

	begin(&scene);
	scene.browsers[0].wsi.partial = true;
	broadcast(&scene, "b1");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "") && scene.browsers[0].wsi.writable, "behind a partial write a message waits");
	scene.browsers[0].wsi.partial = false;
	broadcast(&scene, "b2");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, ""), "a later one does not overtake it");
	browser_let_write(&scene.browsers[0]);
	OK(got(&scene, 0, "b1|b2"), "both go out in order when the client can take them");
	OK(scene.browsers[0].client->socket.outq.frames.items == NULL, "the queue's memory is released");
	broadcast(&scene, "b3");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b3") && got(&scene, 1, "b1|b2|b3"), "then it is written to at once again");
	end(&scene);
}

static void
test_full_queue(void)
{
	struct scene scene;

	begin(&scene);
	scene.browsers[0].wsi.partial = true;
	scene.browsers[1].wsi.partial = true;
	for (int i = 0; i < 3; i++) {
		batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b1", 300), NULL);
		hub_flush(&scene.hub);
	}
	batch_send(&scene.hub.batches, scene.browsers[0].client,
	    text("the drop too much, which passes the limit: "
		 "............................................."
		 "............................................."));
	broadcast(&scene, "b2");
	hub_flush(&scene.hub);
	OK(scene.browsers[0].client->socket.broken && browser_sees_end(&scene.browsers[0]),
	    "a full queue drops its client");
	OK(scene.browsers[0].client->socket.outq.frames.n == 0, "what it was to get is forgotten");
	OK(!scene.browsers[1].client->socket.broken && scene.browsers[1].client->socket.outq.frames.n == 4,
	    "another queue goes on");
	OK(got(&scene, 2, "b1..............|b1..............|b1..............|b2"), "a quick reader notices nothing");
	broadcast(&scene, "b3");
	hub_flush(&scene.hub);
	OK(scene.browsers[0].client->socket.outq.frames.n == 0, "nothing more is kept for the one that was dropped");
	end(&scene);
}

/* Some have agreed on permessage-deflate, some have not: all get the same. */
static void
test_deflate(void)
{
	struct deflate *deflate = deflate_new();
	struct frame *frame;
	struct scene scene;

	begin(&scene);
	scene.hub.batches.deflate = deflate;
	for (unsigned i = 0; i < 2; i++) {
		end_client(&scene, i);
		enter(&scene, i)->socket.deflate = true;
		hub_join(&scene.hub, scene.browsers[i].client);
	}
	OK(path_of(&scene)->n_deflate == 2, "a path knows how many want it compressed");
	for (unsigned i = 0; i < MANY; i++)
		scene.browsers[i].wsi.partial = true;
	batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b1", 500), NULL);
	hub_flush(&scene.hub);
	frame = outq_peek(&scene.browsers[0].client->socket.outq);
	OK(frame->len < 100 && outq_peek(&scene.browsers[1].client->socket.outq) == frame,
	    "they share one compressed frame");
	frame = outq_peek(&scene.browsers[2].client->socket.outq);
	OK(frame->len > 500 && outq_peek(&scene.browsers[3].client->socket.outq) == frame,
	    "the others share the plain one");
	for (unsigned i = 0; i < MANY; i++) {
		scene.browsers[i].wsi.partial = false;
		browser_let_write(&scene.browsers[i]);
		OK(got(&scene, i, "b1.............."), "each gets the message");
	}

	batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b2", 500), scene.browsers[0].client);
	broadcast(&scene, "small");
	batch_send(&scene.hub.batches, scene.browsers[1].client, long_text("o1", 500));
	batch_broadcast(&scene.hub.batches, path_of(&scene), long_text("b3", 500), NULL);
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "small b3.............."), "who is excluded gets the rest, in order and in one write");
	OK(got(&scene, 1, "b2.............. small o1.............. b3.............."), "so does who gets its own");
	OK(got(&scene, 3, "b2.............. small b3.............."), "and who has not agreed");
	OK(scene.browsers[0].n_deflated == 2 && scene.browsers[1].n_deflated == 4, "small ones are not compressed");

	hub_disconnect(&scene.hub, scene.browsers[0].client, 1000, "test", SPAN_EMPTY);
	end_client(&scene, 1);
	OK(path_of(&scene)->n_deflate == 0, "those who leave are not counted");
	frame = long_text("b4", 500);
	batch_broadcast(&scene.hub.batches, path_of(&scene), frame_ref(frame), NULL);
	hub_flush(&scene.hub);
	OK(frame->other == NULL, "for nobody nothing is compressed");
	frame_unref(frame);
	end(&scene);
	deflate_free(deflate);
}

static void
test_drop_of_paused(void)
{
	struct scene scene;

	begin(&scene);
	client_pause(scene.browsers[0].client, true);
	client_drop(scene.browsers[0].client, "test");
	OK(scene.browsers[0].wsi.reading, "a client that is dropped is read from, else its end would go unseen");
	end(&scene);
}

static void
test_after_peer_close(void)
{
	struct scene scene;
	struct client *client;

	begin(&scene);
	client = scene.browsers[0].client;
	scene.browsers[0].wsi.partial = true;
	broadcast(&scene, "b1");
	hub_flush(&scene.hub);
	client->socket.write_closed = true;
	hub_leave(&scene.hub, client);
	scene.browsers[0].wsi.partial = false;
	browser_let_write(&scene.browsers[0]);
	OK(got(&scene, 0, ""), "what waits for a client that has said close is not written");
	broadcast(&scene, "b2");
	hub_flush(&scene.hub);
	OK(got(&scene, 0, ""), "nor is anything later");
	OK(scene.browsers[0].wsi.code == 0, "and we begin no closing handshake of our own");
	end(&scene);
}

static void
test_close_waits(void)
{
	struct scene scene;

	begin(&scene);
	scene.browsers[0].wsi.partial = true;
	client_pause(scene.browsers[0].client, true);
	broadcast(&scene, "b1");
	hub_disconnect(&scene.hub, scene.browsers[0].client, 1000, "test", SPAN_EMPTY);
	hub_flush(&scene.hub);
	OK(got(&scene, 0, ""), "a close waits for what is queued before it");
	hub_tick(&scene.hub, 1000);
	hub_tick(&scene.hub, 5999);
	OK(!scene.browsers[0].client->socket.broken, "it has five seconds for that");
	scene.browsers[0].wsi.partial = false;
	browser_let_write(&scene.browsers[0]);
	hub_flush(&scene.hub);
	OK(got(&scene, 0, "b1|close:1000:"), "the close follows");
	OK(scene.browsers[0].wsi.reading, "its answer is read, even from one that was paused");
	scene.browsers[1].wsi.partial = true;
	broadcast(&scene, "b2");
	hub_disconnect(&scene.hub, scene.browsers[1].client, 1000, "test", SPAN_EMPTY);
	hub_flush(&scene.hub);
	hub_tick(&scene.hub, 1000);
	hub_tick(&scene.hub, 6000);
	OK(got(&scene, 1, "b1") && browser_sees_end(&scene.browsers[1]), "after five seconds it is cut off");
	hub_flush(&scene.hub);
	OK(scene.hub.closing == NULL, "and no longer waited for");
	end(&scene);
}

/* --- many end at once ------------------------------------------------------------------ */

enum { CROWD = HUB_PARTING + 10 };

/* Clients whose sockets are none: nothing arrives, but it is seen whose handshake has begun. */
struct crowd {
	struct hub hub;
	struct lws sockets[CROWD];
	struct client *clients[CROWD];
};

static void
begin_crowd(struct crowd *crowd)
{
	hub_open(&crowd->hub, &conf, NULL, 7);
	for (unsigned i = 0; i < CROWD; i++) {
		crowd->sockets[i] = (struct lws){ .fd = -1 };
		crowd->clients[i] = client_new(&(struct wire_id){ { (uint8_t)i, (uint8_t)(i >> 8) } });
		crowd->clients[i]->socket.wsi = &crowd->sockets[i];
		hub_enter(&crowd->hub, crowd->clients[i], room, strlen(room));
		hub_join(&crowd->hub, crowd->clients[i]);
	}
}

static unsigned
n_begun(const struct crowd *crowd)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CROWD; i++)
		n += crowd->sockets[i].code != 0;
	return n;
}

static void
go_from_crowd(struct crowd *crowd, unsigned i)
{
	hub_socket_gone(&crowd->hub, crowd->clients[i]);
	client_socket_gone(crowd->clients[i]);
	hub_remove(&crowd->hub, crowd->clients[i]);
	client_free(crowd->clients[i]);
	crowd->clients[i] = NULL;
}

static void
test_many_ends(void)
{
	static struct crowd crowd;
	bool all = true;

	begin_crowd(&crowd);
	for (unsigned i = 0; i < CROWD; i++)
		hub_disconnect(&crowd.hub, crowd.clients[i], 1008, NULL, SPAN_EMPTY);
	hub_flush(&crowd.hub);
	OK(n_begun(&crowd) == HUB_PARTING, "of many who end only so many begin the handshake");
	hub_flush(&crowd.hub);
	OK(n_begun(&crowd) == HUB_PARTING, "others wait while these are at it");
	go_from_crowd(&crowd, 0);
	go_from_crowd(&crowd, 1);
	hub_flush(&crowd.hub);
	OK(n_begun(&crowd) == HUB_PARTING + 2, "where one is gone the next one begins");
	for (unsigned ms = 1000; ms <= 20000; ms += 1000)
		hub_tick(&crowd.hub, ms);
	for (unsigned i = 2; i < CROWD; i++)
		all = all && !crowd.clients[i]->socket.broken && crowd.clients[i]->ending.why == NULL;
	OK(all, "who waits for others is not cut off for it");
	go_from_crowd(&crowd, CROWD - 1);
	OK(crowd.hub.n_parting == HUB_PARTING, "one that goes while it waits makes no room");
	for (unsigned i = 2; i < CROWD - 1; i++)
		go_from_crowd(&crowd, i);
	OK(crowd.hub.n_parting == 0 && crowd.hub.closing == NULL && crowd.hub.parting == NULL, "nobody is left");
	hub_close(&crowd.hub);
}

static void
test_numbers(void)
{
	struct scene scene;
	uint64_t epoch;

	begin(&scene);
	epoch = path_of(&scene)->epoch;
	OK(path_of(&scene)->offset == 0, "a path begins at offset 0");
	broadcast(&scene, "b1");
	broadcast(&scene, "b2");
	batch_send(&scene.hub.batches, scene.browsers[0].client, text("o1"));
	hub_flush(&scene.hub);
	OK(path_of(&scene)->offset == 2, "each broadcast has the next offset, a message to one has none");
	for (unsigned i = 0; i < MANY; i++)
		end_client(&scene, i);
	OK(path_of(&scene) == NULL, "the path goes with its last client");
	enter(&scene, 0);
	OK(path_of(&scene)->epoch != epoch && path_of(&scene)->offset == 0, "when it comes back its epoch is another");
	end(&scene);
}

static void
test_removal(void)
{
	struct scene scene;

	begin(&scene);
	broadcast(&scene, "b1");
	batch_broadcast(&scene.hub.batches, path_of(&scene), text("b2"), scene.browsers[0].client);
	batch_send(&scene.hub.batches, scene.browsers[1].client, text("o1"));
	end_client(&scene, 0);
	end_client(&scene, 1);
	OK(path_of(&scene)->n_members == MANY - 2, "members that go in mid-turn are members no more");
	hub_disconnect(&scene.hub, scene.browsers[2].client, 1000, "test", SPAN_EMPTY);
	end_client(&scene, 2);
	OK(scene.hub.closing == NULL, "nor is anyone waited for");
	hub_flush(&scene.hub);
	OK(got(&scene, 3, "b1 b2"), "who stays gets all");
	broadcast(&scene, "b3");
	end_client(&scene, 3);
	OK(scene.hub.batches.dirty == NULL, "a path that goes with a batch leaves nothing to write");
	end(&scene);
}

static void
test_find(void)
{
	struct scene scene;
	struct wire_id other = { { 99 } };

	begin(&scene);
	OK(hub_find(&scene.hub, &scene.browsers[2].client->id) == scene.browsers[2].client,
	    "a client is found by its id");
	OK(hub_find(&scene.hub, &other) == NULL, "another id finds nobody");
	OK(hub_find_path(&scene.hub, "/roo", 4) == NULL, "a path is found by its whole name");
	OK(strcmp(path_name(path_of(&scene)), room) == 0 && strcmp(path_name(NULL), "-") == 0, "a path has a name");
	end(&scene);
}

int
main(void)
{
	test_shared();
	test_one_write();
	test_own_order();
	test_exclude();
	test_join_in_mid_turn();
	test_leave_in_mid_turn();
	test_disconnect_before_join();
	test_early_write();
	test_queue();
	test_full_queue();
	test_deflate();
	test_drop_of_paused();
	test_after_peer_close();
	test_close_waits();
	test_many_ends();
	test_numbers();
	test_removal();
	test_find();
	return tap_done();
}
