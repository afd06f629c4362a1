#include <stdio.h>
#include <string.h>

#include "sidecar/relay/store.h"
#include "tests/tap.h"

static const char run[] = "0123456789abcdef0123456789abcdef01234567";

static bool
is_command(const struct outbox_command *command, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < command->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s", i == 0 ? "" : " ",
		    (int)command->words[i].len, command->words[i].data);
	return strcmp(text, expected) == 0;
}

static void
test_commands(void)
{
	const struct transport_keeping keeping = { .path = span_of("/ws/a"),
		.messages = 50,
		.seconds = 60,
		.mark = { 0x5d2e90cb01a4f3c7, 18 },
		.before = 16,
		.at_ms = 1700000000000 };
	struct transport_keeping unsaid = keeping;
	struct store_words words;
	bool may_fail = true;

	OK(store_put(&words, "t", &keeping, span_of("MESSAGE")) == 0, "a message is stored with four commands");
	OK(is_command(&words.commands[0], "XADD t:history:/ws/a MAXLEN ~ 50 * m MESSAGE b 16"), "in the path's stream");
	OK(is_command(&words.commands[1], "EXPIRE t:history:/ws/a 60"), "which goes when its time is over");
	OK(is_command(&words.commands[2], "HSET t:latest:/ws/a 5d2e90cb01a4f3c7 18 1700000000000"),
	    "with the latest of its origin");
	OK(is_command(&words.commands[3], "EXPIRE t:latest:/ws/a 60"), "which goes, too");
	for (size_t i = 0; i < STORE_COMMANDS; i++)
		may_fail = may_fail && words.commands[i].may_fail;
	OK(may_fail, "none of them is essential");
	store_free(&words);
	unsaid.seconds = 0;
	OK(store_put(&words, "t", &unsaid, span_of("MESSAGE")) == 0 && words.n == 2, "two where its time is known");
	store_free(&words);
	OK(store_measure(&words, "t", span_of("/ws/a")) == 0 &&
		is_command(&words.commands[0], "MEMORY USAGE t:history:/ws/a SAMPLES 0"),
	    "it is asked how much there is");
	store_free(&words);
	OK(store_ask(&words, "t", span_of("/ws/a"), 50) == 0, "three questions ask for it");
	OK(is_command(&words.commands[0], "XREVRANGE t:history:/ws/a + - COUNT 50"), "the latest messages");
	OK(is_command(&words.commands[1], "HGETALL t:latest:/ws/a"), "the latest of each origin");
	OK(is_command(&words.commands[2], "GET t:history"), "and whether all is there");
	store_free(&words);
}

/* Reads what Redis says, in its protocol. */
static redisReply *
reply_of(const char *text)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL;

	redisReaderFeed(reader, text, strlen(text));
	redisReaderGetReply(reader, &reply);
	redisReaderFree(reader);
	return reply;
}

#define ENTRY(id, message, before)                                                                                     \
	"*2\r\n$" id "\r\n*4\r\n$1\r\nm\r\n$1\r\n" message "\r\n$1\r\nb\r\n$1\r\n" before "\r\n"
#define SINCE "+0123456789abcdef0123456789abcdef01234567 777\r\n"

static void
test_answer(void)
{
	redisReply *reply = reply_of("*3\r\n*3\r\n" ENTRY("4\r\n30-1", "y", "5") "*2\r\n$1\r\n7\r\n*0\r\n" ENTRY(
	    "4\r\n20-0", "x", "0") "*4\r\n$16\r\n000000000000000a\r\n$4\r\n6 30\r\n$1\r\nq\r\n$3\r\n1 1\r\n"
				   "$44\r\n0123456789abcdef0123456789abcdef01234567 777\r\n");
	struct store_past past;

	OK(store_read(reply, run, &past) == 0, "an answer is read");
	OK(past.past.n_kept == 2 && span_is(past.past.kept[0].message, "x") && span_is(past.past.kept[1].message, "y"),
	    "its messages, the oldest first, and no entry that is none");
	OK(past.past.kept[0].at_ms == 20 && past.past.kept[1].at_ms == 30 && past.past.kept[1].before == 5,
	    "with their times and what was before them");
	OK(past.past.n_latest == 1 && past.past.latest[0].mark.origin == 10 && past.past.latest[0].mark.number == 6 &&
		past.past.latest[0].at_ms == 30,
	    "the latest of the origins, and no field that names none");
	OK(past.past.since_ms == 777, "and since when all is there");
	store_past_free(&past);
	freeReplyObject(reply);
}

static int
read_text(const char *text)
{
	redisReply *reply = reply_of(text);
	struct store_past past;
	int r = store_read(reply, run, &past);

	store_past_free(&past);
	freeReplyObject(reply);
	return r;
}

static void
test_no_answer(void)
{
	OK(read_text("*3\r\n*0\r\n*0\r\n$-1\r\n") == 0, "nothing is stored: that is an answer");
	OK(read_text("-EXECABORT no\r\n") < 0, "an error is none");
	OK(read_text("*2\r\n*0\r\n*0\r\n") < 0, "nor is a part of one");
	OK(read_text("*3\r\n-WRONGTYPE no\r\n*0\r\n$-1\r\n") < 0, "nor one with an error in it");
	OK(read_text("*-1\r\n") < 0, "nor none at all");
}

static void
test_since(void)
{
	struct buf value = BUF_INIT;
	char name[STORE_RUN_ID];

	store_put_since(run, 1700000000000, &value);
	OK(store_get_since(span_of_buf(&value), run) == 1700000000000, "what is written is read");
	OK(store_get_since(span_of_buf(&value), "0123") == UINT64_MAX, "of another run it says nothing");
	OK(store_get_since(SPAN_EMPTY, run) == UINT64_MAX, "and there may be none");
	buf_u8(&value, 'x');
	OK(store_get_since(span_of_buf(&value), run) == UINT64_MAX, "or something else");
	buf_free(&value);
	store_get_run(span_of("# Server\r\nrun_id:0123456789abcdef0123456789abcdef01234567\r\ntcp_port:0\r\n"), name);
	OK(strcmp(name, run) == 0, "Redis names its run");
	store_get_run(span_of("run_id:\r\n"), name);
	OK(strcmp(name, "-") == 0, "or does not");
	store_get_run(span_of("run_id:0123456789abcdef0123456789abcdef012345678\r\n"), name);
	OK(strcmp(name, "-") == 0, "a name that is too long is none");
	store_get_run(SPAN_EMPTY, name);
	OK(strcmp(name, "-") == 0, "it may not be allowed to tell");
}

int
main(void)
{
	test_commands();
	test_answer();
	test_no_answer();
	test_since();
	return tap_done();
}
