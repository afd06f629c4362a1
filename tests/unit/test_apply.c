#include <string.h>

#include "shared/conf.h"
#include "sidecar/hub/apply.h"
#include "sidecar/hub/hub.h"
#include "tests/tap.h"
#include "tests/unit/fake_browser.h"

enum { MANY = 3, MAX_MESSAGE = 100, ATTRIBUTE_BYTES = 20 };

static const struct conf conf = {
	.ws_max_message = MAX_MESSAGE, .ws_queue_bytes = 1 << 20, .ws_attribute_bytes = ATTRIBUTE_BYTES
};
static const char room[] = "/room";

/* A room with MANY clients, of whom all but the last are members: that one's open is not acknowledged. */
struct scene {
	struct hub hub;
	struct browser browsers[MANY];
	struct wire_reply reply; /* of the latest command */
};

static struct client *
client_of(struct scene *scene, unsigned i)
{
	return scene->browsers[i].client;
}

static void
begin(struct scene *scene)
{
	*scene = (struct scene){ 0 };
	hub_open(&scene->hub, &conf, NULL, 7);
	for (unsigned i = 0; i < MANY; i++) {
		browser_open(&scene->browsers[i], i);
		hub_enter(&scene->hub, client_of(scene, i), room, strlen(room));
		if (i < MANY - 1)
			hub_join(&scene->hub, client_of(scene, i));
	}
}

static void
end(struct scene *scene)
{
	hub_flush(&scene->hub);
	for (unsigned i = 0; i < MANY; i++)
		browser_leave(&scene->browsers[i], &scene->hub);
	hub_close(&scene->hub);
}

static enum wire_status
apply(struct scene *scene, struct client *sender, struct wire_command command)
{
	return apply_command(&scene->hub, sender, &command, &scene->reply);
}

static bool
got(struct scene *scene, unsigned i, const char *what)
{
	hub_flush(&scene->hub);
	return strcmp(browser_got(&scene->browsers[i]), what) == 0;
}

static struct wire_command
command(enum wire_command_type type, const char *text)
{
	return (struct wire_command){ .type = type, .data = span_of(text) };
}

static struct wire_command
push(const char *path, const char *text)
{
	return (struct wire_command){ .type = WIRE_PUSH, .key = span_of(path), .data = span_of(text) };
}

static void
test_push(void)
{
	struct scene scene;
	uint64_t offset;

	begin(&scene);
	OK(apply(&scene, NULL, push(room, "a")) == WIRE_OK && scene.reply.connections == 2,
	    "a push says to how many it goes");
	offset = scene.reply.offset;
	OK(scene.reply.epoch != 0 && !scene.reply.relayed, "with the path's epoch, and knows of no other host");
	OK(apply(&scene, NULL, push(room, "b")) == WIRE_OK && scene.reply.offset == offset + 1, "offsets count pushes");
	OK(got(&scene, 0, "a b") && got(&scene, 1, "a b"), "every member gets them");
	OK(got(&scene, 2, ""), "one whose open is not acknowledged gets none");
	OK(apply(&scene, NULL, push("/none", "a")) == WIRE_OK && scene.reply.connections == 0,
	    "a path without clients is fine");
	end(&scene);
}

static void
test_data(void)
{
	struct scene scene;
	char large[MAX_MESSAGE + 2];
	struct wire_command binary = push(room, "\xff");

	begin(&scene);
	memset(large, 'x', sizeof(large));
	large[MAX_MESSAGE + 1] = '\0';
	OK(apply(&scene, NULL, push(room, large)) == WIRE_TOO_LARGE, "a message past the limit is refused");
	large[MAX_MESSAGE] = '\0';
	OK(apply(&scene, NULL, push(room, large)) == WIRE_OK, "one as long as the limit is not");
	OK(apply(&scene, NULL, push(room, "\xff")) == WIRE_INVALID, "a text that is not UTF-8 is refused");
	OK(apply(&scene, NULL, push("/none", "\xff")) == WIRE_INVALID, "also where nobody would get it");
	binary.flags = WIRE_BINARY;
	OK(apply(&scene, NULL, binary) == WIRE_OK, "bytes may be any");
	end(&scene);
}

static void
test_broadcast(void)
{
	struct scene scene;
	struct wire_command others = command(WIRE_BROADCAST, "b");

	begin(&scene);
	OK(apply(&scene, client_of(&scene, 0), command(WIRE_BROADCAST, "a")) == WIRE_OK && scene.reply.connections == 2,
	    "a broadcast goes to its sender too");
	others.flags = WIRE_EXCLUDE_SENDER;
	OK(apply(&scene, client_of(&scene, 0), others) == WIRE_OK && scene.reply.connections == 1,
	    "but for one that asks");
	OK(got(&scene, 0, "a") && got(&scene, 1, "a b"), "so they get it");
	OK(apply(&scene, client_of(&scene, 2), others) == WIRE_OK && scene.reply.connections == 2,
	    "one that is no member excludes nobody");
	OK(apply(&scene, NULL, others) == WIRE_INVALID, "without a sender there is no path");
	end(&scene);
}

static void
test_send(void)
{
	struct scene scene;
	struct wire_command to_other = command(WIRE_SEND, "o"), to_opening = to_other, to_nobody = to_other;

	begin(&scene);
	to_other.flags = to_opening.flags = to_nobody.flags = WIRE_OTHER_CONN;
	to_other.conn = client_of(&scene, 1)->id;
	to_opening.conn = client_of(&scene, 2)->id;
	to_nobody.conn.bytes[5] = 1;
	OK(apply(&scene, client_of(&scene, 0), command(WIRE_SEND, "a")) == WIRE_OK && got(&scene, 0, "a"),
	    "a sender sends to itself");
	OK(apply(&scene, client_of(&scene, 0), to_other) == WIRE_OK && got(&scene, 1, "o"), "or to another connection");
	OK(apply(&scene, NULL, to_other) == WIRE_OK && scene.reply.connections == 1, "as does an app");
	OK(apply(&scene, NULL, to_nobody) == WIRE_NO_CONN, "a connection that is not here is told");
	OK(apply(&scene, NULL, to_opening) == WIRE_NO_CONN, "as is one whose open is not acknowledged");
	OK(apply(&scene, client_of(&scene, 2), command(WIRE_SEND, "s")) == WIRE_OK && got(&scene, 2, "s"),
	    "but for its acknowledgement itself");
	OK(apply(&scene, NULL, command(WIRE_SEND, "a")) == WIRE_NO_CONN, "nobody is no connection");
	end(&scene);
}

static void
test_disconnect(void)
{
	struct scene scene;
	struct wire_command close = command(WIRE_DISCONNECT, "bye");

	begin(&scene);
	close.code = 1005;
	OK(apply(&scene, client_of(&scene, 0), close) == WIRE_INVALID, "no close with a code that is only reported");
	close.code = 4000;
	close.data = span_of("\xff");
	OK(apply(&scene, client_of(&scene, 0), close) == WIRE_INVALID, "nor with a reason that is not UTF-8");
	close.data = span_of("bye");
	OK(apply(&scene, client_of(&scene, 0), close) == WIRE_OK && client_of(&scene, 0)->feed.dismissed,
	    "a handler closes its connection, and hears no more of its messages");
	OK(got(&scene, 0, "close:4000:bye"), "which gets the code and the reason");
	OK(apply(&scene, client_of(&scene, 0), close) == WIRE_NO_CONN, "one that closes is not closed again");
	end(&scene);
}

static void
test_kick(void)
{
	struct scene scene;
	struct wire_command kick = { .type = WIRE_KICK, .key = span_of("/none"), .code = 1005, .data = span_of("out") };
	bool all = true;

	begin(&scene);
	OK(apply(&scene, NULL, kick) == WIRE_INVALID, "no path is closed with a code that is only reported");
	kick.code = 4000;
	OK(apply(&scene, NULL, kick) == WIRE_OK && scene.reply.connections == 0, "one where nobody is needs nothing");
	kick.key = span_of(room);
	apply(&scene, NULL, push(room, "last"));
	OK(apply(&scene, NULL, kick) == WIRE_OK && scene.reply.connections == MANY, "all of a path are closed");
	for (unsigned i = 0; i < MANY; i++)
		all =
		    all && client_of(&scene, i)->feed.dismissed && client_of(&scene, i)->place.state == CLIENT_CLOSING;
	OK(all, "also who is opening; no further message of theirs reaches a handler");
	OK(got(&scene, 0, "last|close:4000:out"), "after what was sent to them, with code and reason");
	OK(got(&scene, 2, "close:4000:out"), "who was opening gets the close only");
	OK(apply(&scene, NULL, kick) == WIRE_OK && scene.reply.connections == 0, "once");
	end(&scene);
}

static void
test_attributes(void)
{
	struct scene scene;
	struct wire_command set = { .type = WIRE_SET, .key = span_of("name"), .data = span_of("Alice") };
	struct client *client;
	size_t len;

	begin(&scene);
	client = client_of(&scene, 0);
	OK(apply(&scene, client, set) == WIRE_OK && client->feed.attributes.len > 0, "an attribute is kept");
	len = client->feed.attributes.len;
	OK(apply(&scene, client, set) == WIRE_OK && client->feed.attributes.len == len, "once by a name");
	set.data = span_of("far too long for it");
	OK(apply(&scene, client, set) == WIRE_TOO_LARGE && client->feed.attributes.len == len,
	    "one past the limit changes nothing");
	set.flags = WIRE_UNSET;
	OK(apply(&scene, client, set) == WIRE_OK && client->feed.attributes.len == 0, "it can be removed");
	OK(apply(&scene, NULL, set) == WIRE_INVALID, "nobody has no attributes");
	end(&scene);
}

static void
test_count(void)
{
	struct scene scene;
	struct wire_command count = { .type = WIRE_COUNT, .key = span_of(room) };

	begin(&scene);
	OK(apply(&scene, NULL, count) == WIRE_OK && scene.reply.connections == MANY, "those that open count");
	client_of(&scene, 0)->place.path->elsewhere = 5;
	apply(&scene, NULL, count);
	OK(scene.reply.connections == MANY + 5, "as do those of other hosts, as far as they are known");
	count.key = span_of("/none");
	OK(apply(&scene, NULL, count) == WIRE_OK && scene.reply.connections == 0, "a path without clients has none");
	OK(apply(&scene, NULL, (struct wire_command){ .type = WIRE_STATS }) == WIRE_INVALID, "stats are no command");
	end(&scene);
}

int
main(void)
{
	test_push();
	test_data();
	test_broadcast();
	test_send();
	test_disconnect();
	test_kick();
	test_attributes();
	test_count();
	return tap_done();
}
