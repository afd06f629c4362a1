#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/relay/envelope.h"
#include "tests/tap.h"

enum { ORIGIN_INSTANCE = 0x01020304 };

static const uint64_t origin = 0x0102030405060708;
static const uint64_t sequence = 0x1122334455667788;

static bool
same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* An exact copy, so that a sanitizer sees a read past the end. */
static int
get_exactly(const uint8_t *data, size_t len, struct envelope *ret)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	int r;

	memcpy(copy, data, len);
	r = envelope_get(copy, len, ret);
	free(copy);
	return r;
}

static struct envelope
command_envelope(struct wire_command command)
{
	return (
	    struct envelope){ .type = ENVELOPE_COMMAND, .origin = origin, .sequence = sequence, .command = command };
}

static const struct wire_command push = {
	.type = WIRE_PUSH, .flags = WIRE_BINARY, .key = { "/ws/chat", 8 }, .data = { "\0\r\n\xff", 4 }
};

static void
test_command(void)
{
	const struct envelope out = command_envelope(push);
	struct buf buf = BUF_INIT;
	struct envelope in;

	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0, "a command arrives");
	OK(in.type == ENVELOPE_COMMAND && in.origin == origin && in.sequence == sequence,
	    "with its origin and its sequence");
	OK(in.command.type == WIRE_PUSH && in.command.flags == WIRE_BINARY && same(in.command.key, push.key) &&
		same(in.command.data, push.data),
	    "as it was, binary");
	OK(envelope_instance(in.origin) == ORIGIN_INSTANCE, "the origin begins with the instance");
	buf_free(&buf);
}

static void
test_count(void)
{
	const struct envelope out = { .type = ENVELOPE_COUNT,
		.flags = ENVELOPE_ASKS,
		.origin = origin,
		.sequence = sequence,
		.count = 70000,
		.question = sequence + 1,
		.path = { "/ws/chat", 8 } };
	struct buf buf = BUF_INIT;
	struct envelope in;

	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.type == ENVELOPE_COUNT && in.flags == ENVELOPE_ASKS,
	    "a count arrives, and asks");
	OK(in.count == 70000 && in.question == sequence + 1 && same(in.path, out.path),
	    "with what it answers, and its path");
	buf_free(&buf);
}

static void
test_alive(void)
{
	const struct envelope out = {
		.type = ENVELOPE_ALIVE, .flags = ENVELOPE_LEAVES, .origin = origin, .since = 0x99
	};
	static const uint8_t bytes[] = { 1, 3, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0x99 };
	struct buf buf = BUF_INIT;
	struct envelope in;

	envelope_put(&buf, &out);
	OK(buf.len == sizeof(bytes) && memcmp(buf.data, bytes, sizeof(bytes)) == 0,
	    "a sign of life is laid out as tina4-wire(7) says");
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.flags == ENVELOPE_LEAVES && in.since == 0x99, "and arrives");
	buf_free(&buf);
}

static void
test_cut(void)
{
	const struct envelope all[] = {
		command_envelope(push),
		{ .type = ENVELOPE_COUNT, .path = { "/ws/chat", 8 } },
		{ .type = ENVELOPE_ALIVE },
		{ .type = ENVELOPE_REPAIR, .path = { "/ws/chat", 8 } },
		{ .type = ENVELOPE_REPAIRED, .path = { "/ws/chat", 8 } },
		{ .type = ENVELOPE_QUESTION, .command = { .type = WIRE_CONNS, .key = { "/ws/chat", 8 } } },
		{ .type = ENVELOPE_ANSWER, .text = { "text", 4 } },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct buf buf = BUF_INIT;
		struct envelope in;
		bool refused = true;

		envelope_put(&buf, &all[i]);
		for (size_t len = 0; len < buf.len; len++)
			refused = refused && get_exactly(buf.data, len, &in) == -EPROTO;
		OK(refused, "an envelope that is cut short is refused, wherever it is cut");
		buf_u8(&buf, 0);
		OK(get_exactly(buf.data, buf.len, &in) == -EPROTO, "one with something behind it is refused");
		buf_free(&buf);
	}
}

static bool
refused(struct envelope out, size_t at, uint8_t byte, int why)
{
	struct buf buf = BUF_INIT;
	struct envelope in;
	int r;

	envelope_put(&buf, &out);
	buf.data[at] = byte;
	r = envelope_get(buf.data, buf.len, &in);
	buf_free(&buf);
	return r == why;
}

static void
test_senseless(void)
{
	static const struct wire_command not_for_others[] = {
		{ .type = WIRE_SEND },       /* to whom? */
		{ .type = WIRE_DISCONNECT }, /* whom? */
		{ .type = WIRE_PUSH },       /* where? */
		{ .type = WIRE_KICK },       /* the same */
		{ .type = WIRE_CONNS },
		{ .type = WIRE_BROADCAST },
		{ .type = WIRE_SET },
		{ .type = WIRE_COUNT, .key = { "/ws", 3 } },
		{ .type = WIRE_STATS },
	};

	OK(refused(command_envelope(push), 0, 2, -EPROTONOSUPPORT), "another version is refused");
	OK(refused(command_envelope(push), 1, 0, -EPROTO) && refused(command_envelope(push), 1, 4, -EPROTO),
	    "a type that is none is refused");
	for (size_t i = 0; i < sizeof(not_for_others) / sizeof(not_for_others[0]); i++)
		OK(refused(command_envelope(not_for_others[i]), 0, ENVELOPE_VERSION, -EPROTO),
		    "a command that makes no sense from another host is refused");
}

static void
test_previous(void)
{
	struct envelope out = command_envelope(push), in;
	struct buf buf = BUF_INIT, again = BUF_INIT;

	out.previous = 5;
	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.previous == 5 && in.flags == 0,
	    "a command names the one before it");
	envelope_put_again(&again, span_of_buf(&buf), true);
	OK(envelope_get(again.data, again.len, &in) == 0 && in.flags == ENVELOPE_AGAIN && in.previous == 5 &&
		in.sequence == sequence && same(in.command.data, push.data),
	    "told again it is the same, and marked");
	buf_clear(&again);
	envelope_put_again(&again, span_of_buf(&buf), false);
	OK(envelope_get(again.data, again.len, &in) == 0 && in.flags == ENVELOPE_AGAIN && in.previous == 0,
	    "or names none when that one is gone");
	buf_clear(&buf);
	out.previous = sequence;
	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == -EPROTO, "one that is not before it is refused");
	buf_free(&buf);
	buf_free(&again);
}

static void
test_kick(void)
{
	struct envelope out =
	    command_envelope((struct wire_command){ .type = WIRE_KICK, .code = 1008, .key = { "/ws/chat", 8 } });
	struct buf buf = BUF_INIT;
	struct envelope in;

	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.command.type == WIRE_KICK && in.command.code == 1008 &&
		same(in.command.key, out.command.key),
	    "a path is closed on all hosts");
	buf_free(&buf);
}

static void
test_question(void)
{
	static char long_text[ENVELOPE_ANSWER_BYTES + 1];
	struct envelope question = { .type = ENVELOPE_QUESTION,
		.flags = ENVELOPE_ASKS,
		.origin = origin,
		.sequence = sequence,
		.command = { .type = WIRE_CONNS, .key = { "/ws/chat", 8 }, .data = { "data", 4 } } };
	struct envelope answer = { .type = ENVELOPE_ANSWER,
		.origin = origin,
		.sequence = sequence,
		.question = 5,
		.status = WIRE_INVALID,
		.text = { "text", 4 } };
	struct buf buf = BUF_INIT;
	struct envelope in;

	envelope_put(&buf, &question);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.type == ENVELOPE_QUESTION && in.flags == ENVELOPE_ASKS &&
		in.command.type == WIRE_CONNS && same(in.command.key, question.command.key) &&
		same(in.command.data, question.command.data),
	    "a question arrives");
	question.command.type = WIRE_PUSH;
	buf_clear(&buf);
	envelope_put(&buf, &question);
	OK(envelope_get(buf.data, buf.len, &in) == -EPROTO, "what changes something is no question");
	buf_clear(&buf);
	envelope_put(&buf, &answer);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.type == ENVELOPE_ANSWER && in.question == 5 &&
		in.status == WIRE_INVALID && same(in.text, answer.text),
	    "so does an answer");
	OK(refused(answer, ENVELOPE_HEADER_BYTES + 8, WIRE_NOT_READY + 1, -EPROTO),
	    "with a status that is none it is refused");
	answer.text = (struct span){ long_text, sizeof(long_text) };
	buf_clear(&buf);
	envelope_put(&buf, &answer);
	OK(envelope_get(buf.data, buf.len, &in) == -EPROTO, "and with a text that is too long");
	buf_free(&buf);
}

static void
test_repair(void)
{
	struct envelope out = { .type = ENVELOPE_REPAIR,
		.origin = origin,
		.sequence = sequence,
		.after = 9,
		.age_ms = 1000,
		.path = { "/ws/chat", 8 } };
	struct buf buf = BUF_INIT;
	struct envelope in;

	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.type == ENVELOPE_REPAIR && in.after == 9 &&
		in.age_ms == 1000 && same(in.path, out.path),
	    "a question for what is missing arrives");
	buf_clear(&buf);
	out = (struct envelope){
		.type = ENVELOPE_REPAIRED, .flags = ENVELOPE_LOST, .origin = origin, .question = 9, .path = { "", 0 }
	};
	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.type == ENVELOPE_REPAIRED && in.question == 9 &&
		in.flags == ENVELOPE_LOST && in.path.len == 0,
	    "and the end of the answer, also without a path");
	buf_free(&buf);
}

static void
test_presence(void)
{
	static const char text[] = "{\"id\":\"00112233445566778899aabbccddeeff\",\"data\":{}}";
	const struct envelope_member came = { .key = 7, .was = 6, .text = span_of(text) },
				     left = { .left = true, .key = 8 };
	struct envelope in,
	    out = { .type = ENVELOPE_PRESENCE,
		    .flags = ENVELOPE_LIST,
		    .origin = origin,
		    .sequence = sequence,
		    .base = 3,
		    .version = 5,
		    .count = 2,
		    .part = 1,
		    .path = span_of("/ws/chat") };
	struct buf members = BUF_INIT, buf = BUF_INIT;
	struct envelope_member member;
	struct wire_reader reader;
	bool refused = true;

	envelope_put_member(&members, &came);
	envelope_put_member(&members, &left);
	out.members = span_of_buf(&members);
	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.base == 3 && in.version == 5 && in.count == 2 &&
		in.part == 1 && same(in.path, out.path),
	    "members arrive with their versions");
	reader = wire_reader(in.members.data, in.members.len);
	OK(envelope_get_member(&reader, &member) == 1 && member.key == 7 && member.was == 6 &&
		span_is(member.text, text),
	    "one that came");
	OK(envelope_get_member(&reader, &member) == 1 && member.left && member.key == 8, "one that left");
	OK(envelope_get_member(&reader, &member) == 0, "and no more");
	for (size_t len = 0; len < buf.len; len++)
		refused &=
		    get_exactly(buf.data, len, &in) < 0 || in.members.len == 0 || in.members.len == members.len - 21;
	OK(refused, "cut short it is refused, but for whole members");
	buf_clear(&buf);
	out.members = (struct span){ (const char *)members.data + members.len - 21, 21 };
	((uint8_t *)members.data)[members.len - 21] = 0;
	envelope_put(&buf, &out);
	OK(envelope_get(buf.data, buf.len, &in) == -EPROTO, "one that came without a text is none");
	buf_clear(&buf);
	envelope_put(&buf, &(struct envelope){ .type = ENVELOPE_CALL, .version = 5, .path = span_of("/ws/chat") });
	OK(envelope_get(buf.data, buf.len, &in) == 0 && in.type == ENVELOPE_CALL && in.version == 5, "a call arrives");
	buf_free(&members);
	buf_free(&buf);
}

int
main(void)
{
	test_command();
	test_previous();
	test_kick();
	test_question();
	test_repair();
	test_count();
	test_alive();
	test_cut();
	test_senseless();
	test_presence();
	return tap_done();
}
