#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sidecar/feed/asks.h"
#include "sidecar/hub/client.h"
#include "tests/tap.h"
#include "tests/unit/scene.h"

#define KEY "00112233445566778899aabbccddeeff"
#define OTHER_KEY "ffeeddccbbaa99887766554433221100"

/* --- what clients say and hear ----------------------------------------------------------- */

static int
control(struct scene *scene, unsigned i, const char *words)
{
	int r = asks_take(&scene->feed, scene->browsers[i].client, span_of(words));

	scene_turn(scene);
	return r;
}

/* What has arrived, its zeros shown as '0'. */
static bool
hears(struct scene *scene, unsigned i, const char *expected)
{
	struct buf *got = &scene->browsers[i].got;

	browser_got(&scene->browsers[i]);
	for (size_t at = 0; at < got->len; at++)
		if (got->data[at] == 0)
			got->data[at] = '0';
	if (got->len == strlen(expected) && memcmp(got->data, expected, got->len) == 0)
		return true;
	printf("# browser %u got \"%.*s\" instead of \"%s\"\n", i, (int)got->len, got->data, expected);
	return false;
}

/* Closes may stay unacknowledged, behind what they follow. */
static void
come(struct scene *scene, unsigned i)
{
	struct wire_event event;

	scene_come(scene, i, "/chat/a")->ping.frond = true;
	do
		event = scene_next_event(scene, 0);
	while (event.kind == WIRE_CLOSE);
	scene_acknowledge(scene, 0, &event, NULL);
}

/* Names its key; what is remembered under it is called *ret. */
static void
say_key(struct scene *scene, unsigned i, const char *key, char ret[static 17])
{
	char words[64];
	struct buf *got = &scene->browsers[i].got;

	snprintf(words, sizeof(words), "o %s", key);
	control(scene, i, words);
	browser_got(&scene->browsers[i]);
	snprintf(ret, 17, "%.*s", got->len >= 19 ? (int)got->len - 3 : 0, (const char *)got->data + 3);
}

static void
begin(struct scene *scene)
{
	scene_begin(scene);
	scene_start_worker(scene, 0);
	come(scene, 0);
}

static void
fail(struct scene *scene, unsigned worker, const struct wire_event *event)
{
	struct wire_record record = event_record(event);

	record.failed = true;
	scene_acknowledge_as(scene, worker, &record, NULL);
}

/* --- requests ---------------------------------------------------------------------------------- */

static void
test_answers(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	begin(&scene);
	come(&scene, 1);
	OK(control(&scene, 0, "q 7 t how many") == 0, "a client asks");
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "how many") && event.flags == WIRE_ASKS, "that is a message, which says so");
	commands_put(&commands, WIRE_BROADCAST, 0, "before");
	commands_put(&commands, WIRE_ANSWER, 0, "two of us");
	commands_put(&commands, WIRE_SEND, 0, "behind");
	scene_acknowledge(&scene, 0, &event, &commands);
	OK(hears(&scene, 0, "before 0a 7 t two of us behind") && hears(&scene, 1, "before"),
	    "its client gets the answer under its number, in its order with all else");
	control(&scene, 0, "q 8 t ");
	event = scene_next_event(&scene, 0);
	scene_answer(&scene, 0, &event, WIRE_BROADCAST, "done");
	OK(hears(&scene, 0, "done 0a 8"), "who is not answered hears when it is done");
	control(&scene, 0, "q 9 t x");
	event = scene_next_event(&scene, 0);
	fail(&scene, 0, &event);
	OK(hears(&scene, 0, "0a 9 ! failed"), "and when it has failed");
	scene_say(&scene, 0, "hi");
	event = scene_next_event(&scene, 0);
	OK(event.flags == 0, "a message that wants no answer says nothing of that");
	scene_acknowledge(&scene, 0, &event, &commands);
	OK(hears(&scene, 0, "before behind"), "an answer to none is refused, and the rest of its record is not");
	buf_free(&commands);
	OK(scene.feed.asks.n_requests == 3 && scene.feed.asks.n_refused == 0, "requests are counted");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_binary(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	begin(&scene);
	OK(control(&scene, 0, "q 1 b") == 0 && scene_idle(&scene, 0), "data that is binary comes behind");
	scene_say(&scene, 0, "text");
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "text") && event.flags == 0, "a text between them is a message");
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(control(&scene, 0, "q 2 t x") == -EBADMSG, "another request between them is none");
	asks_take_binary(&scene.feed, scene.browsers[0].client, span_of("data"));
	scene_turn(&scene);
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "data") && event.flags == (WIRE_ASKS | WIRE_BINARY),
	    "the next binary message is its data");
	commands_put(&commands, WIRE_ANSWER, WIRE_BINARY, "bytes");
	commands_put(&commands, WIRE_BROADCAST, 0, "behind");
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(hears(&scene, 0, "0a 1 b binary:bytes behind"), "a binary answer is announced, and comes right then");
	OK(scene.browsers[0].client->asks.number == 0, "the next binary message is none");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_one_answer(void)
{
	struct scene scene;
	struct wire_event event;
	struct buf commands = BUF_INIT;

	begin(&scene);
	control(&scene, 0, "q 1 t x");
	event = scene_next_event(&scene, 0);
	commands_put(&commands, WIRE_ANSWER, 0, "one");
	commands_put(&commands, WIRE_ANSWER, 0, "two");
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(hears(&scene, 0, "0a 1 t one"), "the first answer is the answer");
	control(&scene, 0, "q 2 t x");
	event = scene_next_event(&scene, 0);
	commands_put(&commands, WIRE_ANSWER, 0, "\xff");
	scene_acknowledge(&scene, 0, &event, &commands);
	buf_free(&commands);
	OK(hears(&scene, 0, "0a 2"), "one that is not UTF-8 is none");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_malformed(void)
{
	static const char *const wrong[] = { "q", "q ", "q 1", "q x t a", "q 0 t a", "q 01 t a", "q 1 t", "q 1 c a",
		"q 1 b a", "q 1.0 t a", "q 1.2 t a", "q 1. t a", "q 18446744073709551616 t a", "q  1 t a", "o", "o ",
		"o 0011", "o " KEY "0", "o 0011223344556677889 aabbccddeeff", "o 00112233445566778899AABBCCDDEEFF" };
	struct scene scene;
	bool refused = true;

	begin(&scene);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		refused = refused && control(&scene, 0, wrong[i]) == -EBADMSG;
	OK(refused, "what is malformed is refused");
	OK(control(&scene, 0, "") == 0 && control(&scene, 0, "z 1") == 0, "what is not known is ignored");
	OK(scene.feed.asks.n_foreign == sizeof(wrong) / sizeof(*wrong) + 2, "both are counted");
	OK(scene_idle(&scene, 0) && hears(&scene, 0, ""), "nothing came of it");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_push_only(void)
{
	struct scene scene;

	begin(&scene);
	scene_come(&scene, 1, "/feed/x")->ping.frond = true;
	control(&scene, 1, "q 1 t x");
	OK(hears(&scene, 1, "0a 1 ! no-handler"), "where no handler is, requests are refused");
	OK(scene.feed.asks.n_refused == 1, "and counted");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_too_early(void)
{
	struct scene scene;

	begin(&scene);
	scene_come(&scene, 1, "/chat/a");
	OK(control(&scene, 1, "q 1 t x") == -EBADMSG && control(&scene, 1, "o " KEY) == -EBADMSG,
	    "whose open is not acknowledged cannot ask yet");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_close(void)
{
	struct scene scene;
	struct wire_event event, next;
	struct buf commands = BUF_INIT;

	begin(&scene);
	come(&scene, 1);
	control(&scene, 0, "q 1 t x");
	control(&scene, 0, "q 2 t y");
	event = scene_next_event(&scene, 0);
	next = scene_next_event(&scene, 0);
	commands_put(&commands, WIRE_DISCONNECT, 0, "bye");
	commands_put(&commands, WIRE_ANSWER, 0, "last");
	scene_acknowledge(&scene, 0, &event, &commands);
	scene_acknowledge(&scene, 0, &next, NULL);
	OK(hears(&scene, 0, "0a 1 t last|close:1000:bye"),
	    "the answer of a handler that closes comes before that, and then none");
	control(&scene, 1, "q 1 t x");
	event = scene_next_event(&scene, 0);
	scene_answer(&scene, 0, &event, WIRE_DISCONNECT, "bye");
	OK(hears(&scene, 1, "0a 1|close:1000:bye"), "so does it when there is none");
	buf_free(&commands);
	OK(scene_end(&scene), "nothing is left");
}

/* Three workers die over it. */
static void
test_given_up(void)
{
	struct scene scene;
	struct wire_event event;
	char memory[17], again[17];

	scene_begin(&scene);
	scene_start_supervisor(&scene, 4, 1);
	scene_start_watched(&scene, 0, 1, 1);
	come(&scene, 0);
	say_key(&scene, 0, KEY, memory);
	control(&scene, 0, "q 1.1 t deadly");
	for (unsigned i = 0; i < FEED_MAX_DEATHS; i++) {
		event = scene_next_event(&scene, i);
		while (event.kind == WIRE_ATTACH && event.id != 0)
			event = scene_next_event(&scene, i);
		scene_peer_close(&scene, i);
		scene_say_death(&scene, 4, i + 1, &event);
		scene_wait_for_workers(&scene, 0);
		if (i + 1 < FEED_MAX_DEATHS)
			scene_start_watched(&scene, i + 1, 1, i + 2);
	}
	OK(hears(&scene, 0, "0a 1 ! given-up|close:1011:"),
	    "a request that is given up is answered so, then it closes");
	scene_go(&scene, 0);
	scene_start_watched(&scene, 3, 1, 9);
	scene_come(&scene, 1, "/chat/a")->ping.frond = true;
	for (event = scene_next_event(&scene, 3); event.id != 0; event = scene_next_event(&scene, 3))
		if (event.kind != WIRE_ATTACH)
			scene_acknowledge(&scene, 3, &event, NULL);
	say_key(&scene, 1, KEY, again);
	control(&scene, 1, "q 1.1 t deadly");
	OK(strcmp(memory, again) == 0 && hears(&scene, 1, "0a 1 ! given-up"), "it does not kill three more later");
	OK(scene_end(&scene), "nothing is left");
}

/* --- once ------------------------------------------------------------------------------------ */

static void
test_again(void)
{
	struct scene scene;
	struct wire_event event;
	char first[17], second[17];

	begin(&scene);
	say_key(&scene, 0, KEY, first);
	OK(strlen(first) == 16, "who names its key is told what is remembered under it");
	control(&scene, 0, "q 1.1 t x");
	control(&scene, 0, "q 2.1 t y");
	event = scene_next_event(&scene, 0);
	scene_answer(&scene, 0, &event, WIRE_ANSWER, "X");
	event = scene_next_event(&scene, 0);
	scene_go(&scene, 0);
	come(&scene, 1);
	say_key(&scene, 1, KEY, second);
	OK(strcmp(first, second) == 0, "after a cut that has the same name");
	control(&scene, 1, "q 1.1 t x");
	OK(hears(&scene, 1, "0a 1 t X"), "what was answered is answered again");
	control(&scene, 1, "q 2.1 t y");
	OK(hears(&scene, 1, ""), "what a handler is at waits for that");
	scene_answer(&scene, 0, &event, WIRE_ANSWER, "Y");
	OK(hears(&scene, 1, "0a 2 t Y"), "and is answered then");
	OK(scene_idle(&scene, 0), "no handler got any of them twice");
	OK(scene.feed.asks.n_again == 2 && scene.feed.asks.n_requests == 4, "that is counted");
	OK(scene_end(&scene), "nothing is left");
}

/* Half a minute may pass until its end is seen. */
static void
test_old_connection(void)
{
	struct scene scene;
	struct wire_event event;
	char first[17], second[17];

	begin(&scene);
	say_key(&scene, 0, KEY, first);
	come(&scene, 1);
	say_key(&scene, 1, KEY, second);
	OK(strcmp(first, second) == 0, "a new connection takes the place of one whose end was not seen");
	control(&scene, 0, "q 1.1 t late");
	OK(hears(&scene, 0, "0a 1 ! unknown") && scene_idle(&scene, 0), "what the old one still says is not handled");
	control(&scene, 1, "q 1.1 t x");
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "x"), "what the new one says is");
	scene_go(&scene, 0);
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(hears(&scene, 1, "0a 1"), "the end of the old one changes nothing");
	OK(control(&scene, 1, "o " OTHER_KEY) == -EBADMSG, "a connection has one key only");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_forgotten(void)
{
	struct scene scene;
	struct wire_event event;
	char first[17], second[17];

	begin(&scene);
	say_key(&scene, 0, KEY, first);
	for (unsigned i = 1; i <= 3; i++) {
		char words[32];

		snprintf(words, sizeof(words), "q %u.%u t x", i, i);
		control(&scene, 0, words);
		event = scene_next_event(&scene, 0);
		scene_acknowledge(&scene, 0, &event, NULL);
	}
	hears(&scene, 0, "0a 1|0a 2|0a 3");
	control(&scene, 0, "q 2.2 t x");
	OK(hears(&scene, 0, "0a 2 ! unknown") && scene_idle(&scene, 0),
	    "what a client has said that it has the answer to is forgotten, and never handled twice");
	control(&scene, 0, "q 4.3 t x");
	event = scene_next_event(&scene, 0);
	scene_go(&scene, 0);
	scene.conf.ws_once_seconds = 2;
	scene_tick(&scene, 1000);
	scene_tick(&scene, 1000);
	scene_tick(&scene, 2000);
	come(&scene, 1);
	say_key(&scene, 1, KEY, second);
	OK(strcmp(first, second) != 0, "who is away for too long is forgotten, and hears so");
	control(&scene, 1, "q 4.3 t x");
	OK(hears(&scene, 1, ""), "what it asks then is new");
	scene_answer(&scene, 0, &event, WIRE_ANSWER, "first");
	OK(hears(&scene, 1, ""), "and not answered by what was due before");
	event = scene_next_event(&scene, 0);
	scene_answer(&scene, 0, &event, WIRE_ANSWER, "second");
	OK(hears(&scene, 1, "0a 4 t second"), "but by its own");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_other_path(void)
{
	struct scene scene;
	struct wire_event event;
	struct client *client;
	char names[4][17];

	begin(&scene);
	say_key(&scene, 0, KEY, names[0]);
	scene_go(&scene, 0);
	event = scene_next_event(&scene, 0);
	scene_acknowledge(&scene, 0, &event, NULL);
	scene_come_and_join(&scene, 1, "/chat/b", 0)->ping.frond = true;
	say_key(&scene, 1, KEY, names[1]);
	OK(strcmp(names[0], names[1]) != 0, "on another path a key is another one");
	come(&scene, 2);
	client = scene.browsers[2].client;
	buf_clear(&client->feed.meta);
	wire_put_meta(&client->feed.meta, &(struct wire_meta){ .user = span_of("{\"sub\":\"carol\",\"exp\":1}") });
	say_key(&scene, 2, KEY, names[2]);
	come(&scene, 3);
	client = scene.browsers[3].client;
	buf_clear(&client->feed.meta);
	wire_put_meta(&client->feed.meta, &(struct wire_meta){ .user = span_of("{\"exp\":2,\"sub\":\"carol\"}") });
	say_key(&scene, 3, KEY, names[3]);
	OK(strcmp(names[0], names[2]) != 0 && strcmp(names[2], names[3]) == 0,
	    "another user's too, and with a new token the same one");
	OK(scene_end(&scene), "nothing is left");
}

/* The worker skips what comes after its handler has closed the connection. */
static void
test_dismissed(void)
{
	struct scene scene;
	struct wire_event event, next;
	char name[17];

	begin(&scene);
	say_key(&scene, 0, KEY, name);
	scene_say(&scene, 0, "close me");
	control(&scene, 0, "q 1.1 t x");
	event = scene_next_event(&scene, 0);
	next = scene_next_event(&scene, 0);
	come(&scene, 1);
	say_key(&scene, 1, KEY, name);
	control(&scene, 1, "q 1.1 t x");
	scene_answer(&scene, 0, &event, WIRE_DISCONNECT, "bye");
	scene_acknowledge(&scene, 0, &next, NULL);
	OK(hears(&scene, 1, "0a 1 ! again"), "who waits for what no handler got is to ask again");
	control(&scene, 1, "q 1.1 t x");
	event = scene_next_event(&scene, 0);
	OK(event_is(&event, WIRE_MESSAGE, "x"), "and then one gets it");
	scene_acknowledge(&scene, 0, &event, NULL);
	OK(hears(&scene, 1, "0a 1"), "once");
	OK(scene_end(&scene), "nothing is left");
}

static void
test_limits(void)
{
	struct scene scene;
	struct wire_event event;
	char name[17], words[32];

	begin(&scene);
	scene.conf.worker_queue_bytes = 1 << 30;
	say_key(&scene, 0, KEY, name);
	for (unsigned i = 1; i <= ONCE_REQUESTS; i++) {
		snprintf(words, sizeof(words), "q %u.1 t x", i);
		control(&scene, 0, words);
	}
	control(&scene, 0, "q 2000.1 t x");
	OK(hears(&scene, 0, "0a 2000 ! busy"), "so many requests of one client are remembered, and no more");
	scene_go(&scene, 0);
	OK(scene_end(&scene), "nothing is left of them");

	begin(&scene);
	say_key(&scene, 0, KEY, name);
	control(&scene, 0, "q 1.1 t x");
	event = scene_next_event(&scene, 0);
	scene.conf.ws_once_bytes = scene.feed.once.bytes;
	scene_answer(&scene, 0, &event, WIRE_ANSWER, "large");
	hears(&scene, 0, "0a 1 t large");
	control(&scene, 0, "q 1.1 t x");
	OK(hears(&scene, 0, "0a 1 ! unknown") && scene_idle(&scene, 0),
	    "an answer for which there is no room is not kept, and nothing handled twice");
	control(&scene, 0, "q 2.1 t x");
	OK(hears(&scene, 0, "0a 2 ! busy"), "nor is there room for another request");
	come(&scene, 1);
	control(&scene, 1, "o " OTHER_KEY);
	OK(hears(&scene, 1, "0o"), "nor for another client, who is told so");
	scene_go(&scene, 0);
	come(&scene, 2);
	say_key(&scene, 2, OTHER_KEY, name);
	OK(strlen(name) == 16, "who is away makes room");
	OK(scene_end(&scene), "nothing is left");
}

int
main(void)
{
	test_answers();
	test_binary();
	test_one_answer();
	test_malformed();
	test_push_only();
	test_too_early();
	test_close();
	test_given_up();
	test_again();
	test_old_connection();
	test_forgotten();
	test_other_path();
	test_dismissed();
	test_limits();
	return tap_done();
}
