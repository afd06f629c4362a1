#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "shared/closecode.h"
#include "shared/conf.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/block.h"
#include "sidecar/hub/coming.h"
#include "sidecar/hub/frame.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/resume.h"
#include "sidecar/hub/stream.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

/* --- the layout ------------------------------------------------------------------- */

static bool
message_is(struct span data, bool binary, const char *expected)
{
	struct buf blocks = BUF_INIT;
	bool is;

	block_put_message(&blocks, data, binary, NULL);
	is = span_is(span_of_buf(&blocks), expected);
	if (!is)
		printf("# got \"%.*s\"\n", (int)blocks.len, (const char *)blocks.data);
	buf_free(&blocks);
	return is;
}

static bool
text_is(const char *text, const char *expected)
{
	return message_is(span_of(text), false, expected);
}

static void
test_texts(void)
{
	struct buf blocks = BUF_INIT;

	OK(text_is("a", "data: a\n\n"), "a text of one line is a line of data");
	OK(text_is("", "data: \n\n"), "an empty one too: without a line it would be no event");
	OK(text_is(" a", "data:  a\n\n") && text_is(":a", "data: :a\n\n"),
	    "what begins with a blank or a colon stays as it is");
	OK(text_is("a\nb", "data: a\ndata: b\n\n") && text_is("a\n\nb", "data: a\ndata: \ndata: b\n\n"),
	    "each line is a line");
	OK(text_is("\n", "data: \ndata: \n\n") && text_is("a\n", "data: a\ndata: \n\n"),
	    "also an empty one at the end");
	OK(text_is("a\rb", "event: text\ndata: \"a\\rb\"\n\n") &&
		text_is("a\r\nb\"", "event: text\ndata: \"a\\r\\nb\\\"\"\n\n"),
	    "a text with a carriage return is a string of JSON");
	block_put_message(&blocks, (struct span){ "a\0b", 3 }, false, NULL);
	OK(blocks.len == 11 && memcmp(blocks.data, "data: a\0b\n\n", 11) == 0, "U+0000 is a character");
	buf_free(&blocks);
}

static void
test_binary(void)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = { { "", "" }, { "a", "YQ==" }, { "ab", "YWI=" }, { "abc", "YWJj" }, { "\xff\xfe?>", "//4/Pg==" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "event: binary\ndata: %s\n\n", cases[i].text);
		OK(message_is(span_of(cases[i].bytes), true, expected), "bytes are base64");
	}
}

static void
test_bound(void)
{
	struct position position = { .tag = UINT32_MAX, .at_ms = 1ull << 47 };
	struct buf blocks = BUF_INIT;
	char bytes[1000] = { 0 };

	for (uint64_t i = 0; i < POSITION_ORIGINS; i++)
		position_add(&position, (struct mark){ UINT64_MAX - i, UINT64_MAX });
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		block_put_message(&blocks, (struct span){ bytes, len }, len % 2, &position);
		if (blocks.len > block_bytes(len, len % 2))
			break;
		buf_clear(&blocks);
	}
	OK(blocks.len == 0, "no message takes more than is reckoned with");
	buf_free(&blocks);
}

/* --- a path ------------------------------------------------------------------------- */

enum { FIRST, SECOND, NATIVE, N_BROWSERS };

static const struct conf conf = { .ws_queue_bytes = 1 << 16, .ws_max_message = 1 << 16, .ws_history_bytes = 1 << 20 };
static const char room[] = "/room";
static uint64_t now_ms = 0x1000;

struct scene {
	struct hub hub;
	struct browser browsers[N_BROWSERS];
};

static uint64_t
the_time(void)
{
	return now_ms;
}

static struct client *
enter(struct scene *scene, unsigned i)
{
	struct client *client;

	browser_open(&scene->browsers[i], i);
	client = scene->browsers[i].client;
	client->socket.stream = i != NATIVE;
	hub_enter(&scene->hub, client, room, strlen(room));
	client->place.path->past.limits = (struct history_limits){ 10, 10 };
	return client;
}

static void
join(struct scene *scene, unsigned i, const char *since)
{
	struct client *client = enter(scene, i);

	if (since != NULL)
		client->coming = coming_new(span_of(since));
	hub_join(&scene->hub, client);
	resume_client(&scene->hub, client, 2);
}

static void
leave(struct scene *scene, unsigned i)
{
	browser_leave(&scene->browsers[i], &scene->hub);
}

static void
begin(struct scene *scene)
{
	*scene = (struct scene){ 0 };
	now_ms = 0x1000;
	hub_open(&scene->hub, &conf, NULL, 7);
	scene->hub.histories.now_ms = the_time;
	scene->hub.histories.since_ms = 0;
}

static void
end(struct scene *scene)
{
	for (unsigned i = 0; i < N_BROWSERS; i++)
		if (scene->browsers[i].client != NULL)
			leave(scene, i);
	hub_close(&scene->hub);
}

static void
say(struct scene *scene, const char *text, struct client *except, uint8_t flags)
{
	struct wire_command command = { .type = WIRE_BROADCAST, .flags = flags, .data = span_of(text) };
	struct wire_reply reply;

	if (except != NULL)
		command.flags |= WIRE_EXCLUDE_SENDER;
	apply_command(&scene->hub, except != NULL ? except : scene->browsers[NATIVE].client, &command, &reply);
}

/* What another host has said. */
static void
hear(struct scene *scene, uint64_t origin, uint64_t number, const char *text)
{
	struct wire_command command = { .type = WIRE_PUSH, .key = span_of(room), .data = span_of(text) };
	struct mark mark = { origin, number };
	struct wire_reply reply;

	apply_marked(&scene->hub, &mark, &command, &reply);
}

/* The bytes that a stream has got, with '|' between writes. */
static const char *
got(struct scene *scene, unsigned i)
{
	static char bytes[1 << 16];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(scene->browsers[i].fd, bytes + len, sizeof(bytes) - len - 2, 0)) > 0) {
		len += (size_t)n;
		bytes[len++] = '|';
	}
	bytes[len] = '\0';
	return bytes;
}

static bool
has_got(struct scene *scene, unsigned i, const char *expected)
{
	const char *it = got(scene, i);

	if (strcmp(it, expected) == 0)
		return true;
	printf("# stream %u got \"%s\" instead of \"%s\"\n", i, it, expected);
	return false;
}

#define TAG "1c6c2d89"
#define AT TAG ".000000001000"
#define OURS "_0000000000000007."
#define THEIRS "_0000000000000009."

/* Streams and a WebSocket whose beginnings have been read. */
static void
begin_with_all(struct scene *scene)
{
	begin(scene);
	join(scene, FIRST, NULL);
	join(scene, SECOND, NULL);
	join(scene, NATIVE, NULL);
	hub_flush(&scene->hub);
	got(scene, FIRST);
	got(scene, SECOND);
	browser_got(&scene->browsers[NATIVE]);
}

static void
test_join(void)
{
	struct scene scene;

	begin(&scene);
	join(&scene, FIRST, NULL);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST, "id: " AT "~0000000000000000\nevent: position\ndata:\n\n|"),
	    "a stream is told where it begins, and what it is called");
	end(&scene);
}

static void
test_batch(void)
{
	struct scene scene;

	begin_with_all(&scene);
	say(&scene, "a", NULL, 0);
	say(&scene, "typing", NULL, WIRE_TRANSIENT);
	hear(&scene, 9, 5, "b");
	say(&scene, "c", NULL, 0);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST,
	       "id: " AT OURS "1" THEIRS "4\ndata: a\n\n"
	       "data: typing\n\n"
	       "id: " AT OURS "1" THEIRS "5\ndata: b\n\n"
	       "id: " AT OURS "2" THEIRS "5\ndata: c\n\n|"),
	    "in a batch each message that is kept says where it leads");
	OK(strcmp(browser_got(&scene.browsers[NATIVE]), "a typing b c") == 0, "a WebSocket gets what it always got");
	end(&scene);
}

static void
test_special(void)
{
	struct scene scene;
	struct client *first;

	begin_with_all(&scene);
	first = scene.browsers[FIRST].client;
	say(&scene, "a", NULL, 0);
	batch_send(&scene.hub.batches, first, frame_new(FRAME_TEXT, "mine", 4));
	say(&scene, "others", first, 0);
	say(&scene, "b", NULL, 0);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST,
	       "id: " AT OURS "1\ndata: a\n\n"
	       "data: mine\n\n"
	       "id: " AT OURS "2~0000000000000000\nevent: position\ndata:\n\n"
	       "id: " AT OURS "3\ndata: b\n\n|"),
	    "what is for it alone comes in its place, and of what is for others it has the position");
	OK(has_got(&scene, SECOND,
	       "id: " AT OURS "1\ndata: a\n\n"
	       "id: " AT OURS "2\ndata: others\n\n"
	       "id: " AT OURS "3\ndata: b\n\n|"),
	    "while another one gets the batch as it is");
	end(&scene);
}

static void
test_large_batch(void)
{
	struct scene scene;
	static const char start[] = "id: " AT OURS "1\ndata: xxx";
	char large[BATCH_BYTES + 1] = { 0 };

	begin_with_all(&scene);
	memset(large, 'x', BATCH_BYTES);
	say(&scene, large, NULL, 0);
	OK(strncmp(got(&scene, FIRST), start, strlen(start)) == 0,
	    "a batch that is written early, before its last message is kept, says the same");
	end(&scene);
}

static void
test_resume(void)
{
	struct scene scene;

	begin_with_all(&scene);
	leave(&scene, FIRST);
	now_ms = 0x1100;
	say(&scene, "a", NULL, 0);
	hear(&scene, 9, 5, "b");
	hub_flush(&scene.hub);
	now_ms = 0x1200;
	join(&scene, FIRST, AT);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST,
	       "id: " TAG ".000000001100" OURS "1\ndata: a\n\n"
	       "id: " TAG ".000000001100" OURS "1" THEIRS "5\ndata: b\n\n"
	       "event: resumed\ndata:\n\n"
	       "id: " TAG ".000000001200" OURS "1" THEIRS "5~0000000000000000\nevent: position\ndata:\n\n|"),
	    "who comes back gets what it missed, each with its own position and time");
	leave(&scene, FIRST);
	join(&scene, FIRST, "nonsense");
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST,
	       "event: gap\ndata:\n\n"
	       "id: " TAG ".000000001100" OURS "1" THEIRS "4\ndata: a\n\n"
	       "id: " TAG ".000000001100" OURS "1" THEIRS "5\ndata: b\n\n"
	       "id: " TAG ".000000001200" OURS "1" THEIRS "5~0000000000000000\nevent: position\ndata:\n\n|"),
	    "who says nonsense hears of a gap, and gets the last messages");
	end(&scene);
}

static void
test_ahead(void)
{
	struct scene scene;

	begin_with_all(&scene);
	leave(&scene, FIRST);
	join(&scene, FIRST, AT THEIRS "6");
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST,
	       "event: resumed\ndata:\n\n"
	       "id: " AT THEIRS "6~0000000000000000\nevent: position\ndata:\n\n|"),
	    "who has seen more of another host than this one has keeps that in its position");
	hear(&scene, 9, 6, "seen");
	say(&scene, "a", NULL, 0);
	hear(&scene, 9, 7, "new");
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST,
	       "id: " AT THEIRS "6" OURS "1\ndata: a\n\n"
	       "id: " AT THEIRS "7" OURS "1\ndata: new\n\n|"),
	    "and gets what it has had no second time");
	end(&scene);
}

static void
test_others(void)
{
	struct scene scene;
	struct client *first;

	begin_with_all(&scene);
	first = scene.browsers[FIRST].client;
	now_ms = 0x2000;
	resume_heartbeat(&scene.hub, first);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST, "id: " TAG ".000000002000~0000000000000000\nevent: heartbeat\ndata:\n\n|"),
	    "a heartbeat says until when nothing was missed");
	resume_tell_gap(&scene.hub, first->place.path);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST, "event: gap\ndata:\n\n|"), "a gap is told");
	first->place.path->past.limits = (struct history_limits){ 0, 0 };
	resume_heartbeat(&scene.hub, first);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST, "event: heartbeat\ndata:\n\n|"), "where nothing is kept there is no position");
	end(&scene);
}

static void
test_end(void)
{
	struct scene scene;
	struct client *first;

	begin_with_all(&scene);
	first = scene.browsers[FIRST].client;
	say(&scene, "last", NULL, WIRE_TRANSIENT);
	hub_disconnect(&scene.hub, first, CLOSE_NORMAL, NULL, span_of("enough\r\n"));
	say(&scene, "too late", NULL, WIRE_TRANSIENT);
	hub_flush(&scene.hub);
	OK(has_got(
	       &scene, FIRST, "data: last\n\n|event: close\ndata: {\"code\":1000,\"reason\":\"enough\\r\\n\"}\n\n|") &&
		browser_sees_end(&scene.browsers[FIRST]),
	    "the last event says why it ends, and then it ends");
	hub_flush(&scene.hub);
	hub_tick(&scene.hub, 1000);
	OK(has_got(&scene, FIRST, "") && !first->socket.broken, "once");
	hub_tick(&scene.hub, 7000);
	OK(first->socket.broken, "who does not leave is cut off");
	end(&scene);
}

static void
test_end_of_a_slow_one(void)
{
	struct scene scene;
	struct browser *browser;

	begin_with_all(&scene);
	browser = &scene.browsers[FIRST];
	browser->wsi.partial = true;
	say(&scene, "slow", NULL, WIRE_TRANSIENT);
	hub_disconnect(&scene.hub, browser->client, CLOSE_NORMAL, NULL, SPAN_EMPTY);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST, "") && !browser->client->ending.said, "a slow one first gets what waits for it");
	browser->wsi.partial = false;
	browser_let_write(browser);
	hub_flush(&scene.hub);
	OK(has_got(&scene, FIRST, "data: slow\n\n|event: close\ndata: {\"code\":1000,\"reason\":\"\"}\n\n|") &&
		browser_sees_end(browser),
	    "then its end");
	end(&scene);
}

int
main(void)
{
	test_texts();
	test_binary();
	test_bound();
	test_join();
	test_batch();
	test_special();
	test_large_batch();
	test_resume();
	test_ahead();
	test_others();
	test_end();
	test_end_of_a_slow_one();
	return tap_done();
}
