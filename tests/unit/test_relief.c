#include <stdint.h>
#include <string.h>

#include "shared/conf.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/relief.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

enum {
	CLIENTS = 3,
	CROWD = 20000,
};

static const struct conf conf = { .ws_queue_bytes = 1 << 20, .ws_max_message = 1 << 20 };

struct house {
	struct hub hub;
	struct relief relief;
	struct browser browsers[CLIENTS];
	struct client *clients[CLIENTS];
};

static void
begin(struct house *house)
{
	*house = (struct house){ 0 };
	memory_set_limit(SIZE_MAX);
	hub_open(&house->hub, &conf, NULL, 1);
	relief_open(&house->relief, &house->hub);
	for (unsigned i = 0; i < CLIENTS; i++) {
		browser_open(&house->browsers[i], i + 1);
		house->clients[i] = house->browsers[i].client;
		hub_enter(&house->hub, house->clients[i], "/a", 2);
		hub_join(&house->hub, house->clients[i]);
	}
}

static void
end(struct house *house)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		client_socket_gone(house->clients[i]);
		hub_remove(&house->hub, house->clients[i]);
		client_free(house->clients[i]);
		browser_close(&house->browsers[i]);
	}
	OK(memory.bytes == 0, "what is gone is not counted");
	memory_set_limit(SIZE_MAX);
}

/* It waits for a client that does not read. */
static void
queue(struct client *client, size_t len)
{
	static const char data[1 << 19];
	struct frame *frame = frame_new(FRAME_BINARY, data, len);

	outq_push(&client->socket.outq, frame, conf.ws_queue_bytes);
	frame_unref(frame);
}

static void
what_is_held_is_counted(void)
{
	struct house house;
	struct frame *frame;
	size_t before;

	begin(&house);
	OK(memory.bytes >= CLIENTS * MEMORY_CONNECTION_BYTES, "each connection counts");
	before = memory.bytes;
	queue(house.clients[0], 10000);
	OK(memory.bytes >= before + 10000 && client_held(house.clients[0]) >= 10000, "so does what waits for it");
	frame = frame_new(FRAME_BINARY, "x", 1);
	before = memory.bytes;
	for (int i = 0; i < 1000; i++)
		outq_push(&house.clients[1]->socket.outq, frame, conf.ws_queue_bytes);
	OK(memory.bytes >= before + 1000 * sizeof(void *) && memory.bytes < before + 1000 * 64,
	    "what many share counts once, its places in queues for each");
	frame_unref(frame);
	before = memory.bytes;
	reading_add(&house.hub.readings, house.clients[2], "hello", 5);
	OK(memory.bytes > before && client_held(house.clients[2]) >= 5, "an unfinished message counts");
	reading_forget(&house.hub.readings, house.clients[2]);
	OK(memory.bytes == before && client_held(house.clients[2]) == 0, "until it is whole");
	client_set_attribute(house.clients[2], span_of("name"), span_of("Alice"), 100);
	OK(memory.bytes > before, "attributes count");
	end(&house);
}

static void
the_fullest_goes_first(void)
{
	struct house house;

	begin(&house);
	queue(house.clients[0], 10000);
	queue(house.clients[1], 400000);
	queue(house.clients[2], 100000);
	memory_set_limit(1 << 20);
	relief_turn(&house.relief, 1000);
	OK(house.relief.n_dropped == 0, "while there is enough, nobody goes");
	memory_set_limit(500000);
	relief_turn(&house.relief, 2000);
	OK(house.clients[1]->socket.broken && strcmp(house.clients[1]->ending.why, "memory") == 0,
	    "at three quarters the fullest goes");
	OK(!house.clients[0]->socket.broken && !house.clients[2]->socket.broken, "and no other, if that is enough");
	OK(!memory_is_scarce() && !memory_is_full(), "it is");
	end(&house);
}

static void
who_holds_little_stays(void)
{
	struct house house;

	begin(&house);
	memory_set_limit(CLIENTS * MEMORY_CONNECTION_BYTES);
	relief_turn(&house.relief, 1000);
	OK(house.relief.n_dropped == 0 && memory_is_full(),
	    "who only is there is not dropped, but nobody new comes in");
	OK(house.relief.rest_until_ms == 1000 + RELIEF_REST_MS, "and the search is not made each turn");
	end(&house);
}

static void
an_unfinished_message_has_a_deadline(void)
{
	struct house house;
	struct client *client;

	begin(&house);
	client = house.clients[0];
	reading_add(&house.hub.readings, client, "he", 2);
	for (unsigned i = 0; i < READING_SECONDS - 1; i++)
		hub_tick(&house.hub, 1000 * i);
	OK(client->place.state == CLIENT_JOINED, "a client has time for a message");
	client_pause(client, true);
	for (unsigned i = 0; i < READING_SECONDS; i++)
		hub_tick(&house.hub, 1000 * i);
	OK(client->place.state == CLIENT_JOINED, "which stands still while it is not read");
	client_pause(client, false);
	hub_tick(&house.hub, 0);
	OK(client->place.state == CLIENT_CLOSING && client->ending.code == 1008, "then it is closed");
	OK(client_held(client) == 0 && house.hub.readings.unfinished == NULL, "and what it said is gone");
	client = house.clients[1];
	for (unsigned i = 0; i < READING_SECONDS + 10; i++) {
		char part[READING_BYTES_A_SECOND] = { 0 };

		reading_add(&house.hub.readings, client, part, sizeof(part));
		hub_tick(&house.hub, 1000 * i);
	}
	OK(client->place.state == CLIENT_JOINED, "a slow one that goes on has more time");
	reading_forget(&house.hub.readings, client);
	end(&house);
}

static void
memory_is_given_back(void)
{
	struct house house;

	begin(&house);
	for (int i = 0; i < 40; i++)
		reading_add(&house.hub.readings, house.clients[0], &(char[1 << 19]){ 0 }, 1 << 19);
	relief_turn(&house.relief, 1000);
	reading_forget(&house.hub.readings, house.clients[0]);
	relief_tick(&house.relief, 2000);
	OK(house.relief.n_trims == 1, "much that was let go is given back");
	relief_tick(&house.relief, 3000);
	OK(house.relief.n_trims == 1, "once");
	end(&house);
}

/* A room is full, hears something in the turn in which all come, and is left by all but one. */
static void
a_room_that_was_left_leaves_nothing(void)
{
	static struct client *crowd[CROWD];
	struct house house;
	struct path *path;

	begin(&house);
	for (unsigned i = 0; i < CROWD; i++) {
		struct wire_id id = { { 0xff } };

		memcpy(id.bytes + 1, &i, sizeof(i));
		crowd[i] = client_new(&id);
		hub_enter(&house.hub, crowd[i], "/a", 2);
		hub_join(&house.hub, crowd[i]);
		batch_send(&house.hub.batches, crowd[i], frame_new(FRAME_TEXT, "x", 1));
	}
	path = house.clients[0]->place.path;
	OK(path->cap_members >= CROWD && path->batch.cap_specials >= CROWD, "a large room takes room");
	hub_flush(&house.hub);
	OK(path->batch.cap_specials == 0, "what one turn has needed is given back");
	for (unsigned i = 0; i < CROWD; i++) {
		hub_remove(&house.hub, crowd[i]);
		client_free(crowd[i]);
	}
	OK(path->n_members == CLIENTS && path->cap_members <= 64, "and so is what those have needed who have left");
	end(&house);
}

int
main(void)
{
	what_is_held_is_counted();
	the_fullest_goes_first();
	who_holds_little_stays();
	an_unfinished_message_has_a_deadline();
	memory_is_given_back();
	a_room_that_was_left_leaves_nothing();
	return tap_done();
}
