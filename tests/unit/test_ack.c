#include "tests/tap.h"
#include "tests/unit/scene.h"

static void
test_open(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	client = scene_come(&scene, 1, "/chat/a");
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_OPEN, "") && event.attempt == 1 && event.epoch == SCENE_EPOCH,
	    "a new client's open goes to a worker");
	OK(event.count == 2 && client->place.path->count == 2, "it is counted");
	OK(event.meta.len == client->feed.meta.len, "the event tells about the client");
	OK(!scene_is_read(&scene, 1), "it is not read");

	scene_say(&scene, 0, "hi");
	event = scene_next_event(&scene, 0);
	scene_answer(&scene, 0, &event, WIRE_BROADCAST, "b1");
	OK(scene_got(&scene, 0, "b1") && scene_got(&scene, 1, ""),
	    "no broadcast reaches it before the open is acknowledged");

	commands_put(&commands, WIRE_SEND, 0, "welcome");
	commands_put(&commands, WIRE_BROADCAST, 0, "here");
	commands_put(&commands, WIRE_BROADCAST, WIRE_EXCLUDE_SENDER, "new");
	event = (struct wire_event){ .conn = client->id, .epoch = SCENE_EPOCH, .id = event.id - 1, .attempt = 1 };
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(client->place.state == CLIENT_JOINED && scene_is_read(&scene, 1),
	    "with the acknowledgement it joins and is read");
	OK(scene_got(&scene, 1, "welcome here"), "then the commands take effect, in one write");
	OK(scene_got(&scene, 0, "here new"), "for the others too");
	OK(scene_end(&scene), "nothing is left");
}

/* Whoever knows its id cannot send to it either. */
static void
test_send_before_open(void)
{
	struct scene scene;
	struct wire_command command = { .type = WIRE_SEND, .flags = WIRE_OTHER_CONN, .data = span_of("secret") };
	struct wire_event event, open;
	struct buf commands = BUF_INIT;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	command.conn = scene_come(&scene, 1, "/chat/a")->id;
	open = scene_next_event(&scene, 0);
	scene_say(&scene, 0, "hi");
	event = scene_next_event(&scene, 0);
	wire_put_command(&commands, &command);
	scene_acknowledge(&scene, 0, &event, &commands);
	OK(scene_got(&scene, 1, ""), "what another sends to a client whose open is not acknowledged does not reach it");
	scene_acknowledge(&scene, 0, &open, NULL);
	scene_say(&scene, 0, "hi");
	event = scene_next_event(&scene, 0);
	scene_acknowledge(&scene, 0, &event, &commands);
	OK(scene_got(&scene, 1, "secret"), "later it does");
	buf_free(&commands);
	OK(scene_end(&scene), "nothing is left");
}

static void
test_failed_open(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_record record;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	client = scene_come(&scene, 1, "/chat/a");
	event = scene_next_event(&scene, 0);
	record = event_record(&event);
	record.failed = true;
	scene_acknowledge_as(&scene, 0, &record, NULL);
	OK(scene_got(&scene, 1, "close:1011:"), "a failed open closes with 1011, and nothing else");
	OK(client->place.path->count == 1 && client->place.path->n_members == 1, "it neither counts nor is a target");
	scene_go(&scene, 1);
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_CLOSE, "") && event.count == 1 && event.code == 1011, "its close event still fires");
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(scene_end(&scene), "nothing is left");
}

static void
test_open_that_closes(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_come(&scene, 1, "/chat/a");
	event = scene_next_event(&scene, 0);
	commands_put(&commands, WIRE_BROADCAST, 0, "b1");
	commands_put(&commands, WIRE_SEND, 0, "no");
	commands_put(&commands, WIRE_DISCONNECT, 0, "go");
	commands_put(&commands, WIRE_SEND, 0, "late");
	commands_put(&commands, WIRE_BROADCAST, 0, "b2");
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(scene_got(&scene, 1, "no|close:1000:go"), "an open that closes: its own sends before that, then the close");
	OK(scene_got(&scene, 0, "b1 b2"), "its broadcasts reach the others");
	scene_go(&scene, 1);
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_CLOSE, ""), "its close event fires");
	OK(scene_end(&scene), "nothing is left");
}

/* The command may also name the connection. */
static void
test_open_that_closes_by_id(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;
	struct wire_command command = { .type = WIRE_DISCONNECT, .flags = WIRE_OTHER_CONN, .code = 1000 };

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_come_and_join(&scene, 0, "/chat/a", 0);
	command.conn = scene_come(&scene, 1, "/chat/a")->id;
	event = scene_next_event(&scene, 0);
	commands_put(&commands, WIRE_BROADCAST, 0, "b1");
	wire_put_command(&commands, &command);
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(scene_got(&scene, 1, "close:1000:"), "a client that its open closes by its id was no target either");
	OK(scene_end(&scene), "nothing is left");
}

/* A worker in another language may get the code wrong. */
static void
test_open_that_closes_wrongly(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct buf commands = BUF_INIT;
	struct wire_command command = { .type = WIRE_DISCONNECT, .code = 999 };

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	client = scene_come(&scene, 0, "/chat/a");
	event = scene_next_event(&scene, 0);
	wire_put_command(&commands, &command);
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(client->place.state == CLIENT_CLOSING && scene_got(&scene, 0, "close:1011:"),
	    "an open whose close has a forbidden code closes with 1011");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_dismissed(void)
{
	struct scene scene;
	struct wire_event first, second;
	struct client *client;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	client = scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	first = scene_next_event(&scene, 0);
	scene_answer(&scene, 0, &first, WIRE_DISCONNECT, "bye");
	OK(client->place.state == CLIENT_CLOSING && scene_got(&scene, 0, "close:1000:bye"),
	    "a handler closes its connection");
	scene_say(&scene, 0, "m2");
	OK(scene_idle(&scene, 0), "it gets no further message of it");
	scene_go(&scene, 0);
	second = scene_next_event(&scene, 0);
	OK(event_is(&second, WIRE_CLOSE, "") && second.code == 1000, "only the close");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_stale(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_record record;
	struct buf commands = BUF_INIT;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	scene_say_hello(&scene, 1, WIRE_ROLE_WORKER, "other", "/other");
	client = scene_come(&scene, 0, "/chat/a");
	event = scene_next_event(&scene, 0);
	commands_put(&commands, WIRE_SEND, 0, "wrong");

	scene_acknowledge(&scene, 1, &event, &commands);
	scene_next_event(&scene, 1);
	OK(scene.peers[1].n_stale == 1, "an acknowledgement from another worker is stale");
	record = event_record(&event);
	record.attempt++;
	scene_acknowledge_as(&scene, 0, &record, &commands);
	record = event_record(&event);
	record.epoch++;
	scene_acknowledge_as(&scene, 0, &record, &commands);
	record = event_record(&event);
	record.event++;
	scene_acknowledge_as(&scene, 0, &record, &commands);
	record = event_record(&event);
	record.conn.bytes[15]++;
	scene_acknowledge_as(&scene, 0, &record, &commands);
	scene_next_event(&scene, 0);
	OK(scene.peers[0].n_stale == 4, "so is one of another attempt, epoch, event or connection");
	OK(client->place.state == CLIENT_OPENING && scene_got(&scene, 0, ""), "none of them is applied");
	scene_acknowledge(&scene, 0, &event, &commands);
	OK(client->place.state == CLIENT_JOINED && scene_got(&scene, 0, "wrong"), "the right one is");
	buf_free(&commands);
	OK(scene_end(&scene), "nothing is left");
}

static void
test_failed_message(void)
{
	struct scene scene;
	struct client *client;
	struct wire_event event;
	struct wire_record record;
	struct buf commands = BUF_INIT;

	scene_begin(&scene);
	scene_start_worker(&scene, 0);
	client = scene_come_and_join(&scene, 0, "/chat/a", 0);
	scene_say(&scene, 0, "m1");
	event = scene_next_event(&scene, 0);
	record = event_record(&event);
	record.failed = true;
	commands_put(&commands, WIRE_SEND, 0, "half done");
	scene_acknowledge_as(&scene, 0, &record, &commands);
	buf_free(&commands);
	OK(client->place.state == CLIENT_JOINED && scene_got(&scene, 0, ""),
	    "a failed message has no effect, and the client stays");
	OK(scene_is_read(&scene, 0), "and is read");
	OK(scene_end(&scene), "nothing is left");
}

int
main(void)
{
	test_open();
	test_send_before_open();
	test_failed_open();
	test_open_that_closes();
	test_open_that_closes_by_id();
	test_open_that_closes_wrongly();
	test_dismissed();
	test_stale();
	test_failed_message();
	return tap_done();
}
