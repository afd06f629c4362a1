#include <errno.h>
#include <math.h>
#include <string.h>

#include "fcgi/jsonf.h"
#include "shared/jsontext.h"
#include "tests/tap.h"

/* True when the buffer holds the text; empties it. */
static bool
is(struct buf *buf, const char *text)
{
	bool same = buf_cstr(buf) != NULL && strcmp((const char *)buf->data, text) == 0;

	buf_clear(buf);
	return same;
}

static void
quotes_and_strings(struct buf *buf)
{
	const char *volatile none = NULL; /* the compiler would warn of a NULL it sees */

	OK(jsonf(buf, "{'a':'b'}") == 0 && is(buf, "{\"a\":\"b\"}"), "single quotes become double ones");
	OK(jsonf(buf, "[%s,%s]", "x", none) == 0 && is(buf, "[\"x\",null]"), "a bare %s is a string, or null");
	OK(jsonf(buf, "{'m':'%s left'}", "Al") == 0 && is(buf, "{\"m\":\"Al left\"}"), "between quotes it joins in");
	OK(jsonf(buf, "['%s',%s]", "\"},'\n\\", "'\"") == 0 && is(buf, "[\"\\\"},'\\n\\\\\",\"'\\\"\"]"),
	    "no string ends before its end");
	OK(jsonf(buf, "'%s'", none) == 0 && is(buf, "\"\""), "NULL between quotes is empty");
}

static void
numbers(struct buf *buf)
{
	OK(jsonf(buf, "[%d,%i,%u]", -1, 2, 3u) == 0 && is(buf, "[-1,2,3]"), "ints");
	OK(jsonf(buf, "[%ld,%lu,%lld,%llu]", -1L, 2UL, -3LL, 4ULL) == 0 && is(buf, "[-1,2,-3,4]"), "longs");
	OK(jsonf(buf, "[%zu,%zd]", (size_t)1, (ssize_t)-1) == 0 && is(buf, "[1,-1]"), "sizes");
	OK(jsonf(buf, "[%f,%g]", 1.5, 2.0) == 0 && is(buf, "[1.5,2]"), "doubles are as short as they can be");
	OK(jsonf(buf, "[%f,%f]", (double)NAN, (double)INFINITY) == 0 && is(buf, "[null,null]"),
	    "what JSON has no number for is null");
	OK(jsonf(buf, "'100 %%'") == 0 && is(buf, "\"100 %\""), "a percent sign");
}

static void
mistakes(struct buf *buf)
{
	static const char *const parts[] = { "{'a':%s", "'a':%s", "%s,%s", "{'a':%s}}", "", "{a:%s}" };
	const char *unknown = "%x", *cut = "{%", *open = "{'a:1}";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	OK(jsonf(buf, unknown) == -EINVAL, "an unknown conversion");
	OK(jsonf(buf, cut) == -EINVAL, "a conversion that is cut short");
	OK(jsonf(buf, open) == -EINVAL, "a quote that stays open");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		OK(jsonf(buf, parts[i], "x", "x") == -EINVAL, parts[i]);
	OK(buf->len == 0, "nothing of it is left");
#pragma GCC diagnostic pop
}

/* RFC 8259. */
static void
whole_json(struct buf *buf)
{
	static const char *const whole[] = { "0", " -0.5e+10 ", "1E9", "\"\"", "\"\\u00e9\\\\\\\"/\"", "[]", " [ ] ",
		"{}", "[1,[2],{\"a\":{}}]", "{ \"a\" : null , \"b\" : true }", "false" };
	static const char *const not [] = { "", " ", "01", "-", "1.", "1e", ".5", "+1", "nul", "True", "\"", "\"\\x\"",
		"\"\\u12g4\"", "\"\\", "\"\n\"", "[", "]", "[1,]", "[1 2]", "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}",
		"{\"a\":1,}", "{1:1}", "[1}", "1 2", "//", "NaN" };
	char deep[2 * JSONTEXT_MAX_DEPTH + 3];

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		OK(jsontext_is_whole(whole[i], strlen(whole[i])), whole[i]);
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++) {
		buf_clear(buf);
		buf_printf(buf, "not %s", not [i]);
		for (size_t j = 0; j < buf->len; j++)
			buf->data[j] = buf->data[j] == '\n' ? 'n' : buf->data[j];
		OK(!jsontext_is_whole(not [i], strlen(not [i])), buf_cstr(buf));
	}
	OK(!jsontext_is_whole("1\0", 2), "a NUL is no blank");
	memset(deep, '[', sizeof(deep));
	memset(deep + JSONTEXT_MAX_DEPTH, ']', JSONTEXT_MAX_DEPTH);
	OK(jsontext_is_whole(deep, 2 * JSONTEXT_MAX_DEPTH), "it may be deep");
	memset(deep, '[', JSONTEXT_MAX_DEPTH + 1);
	memset(deep + JSONTEXT_MAX_DEPTH + 1, ']', JSONTEXT_MAX_DEPTH + 1);
	OK(!jsontext_is_whole(deep, 2 * JSONTEXT_MAX_DEPTH + 2), "but not without end");
	buf_clear(buf);
}

/* True when the check stops at that offset and says so. */
static bool
stops(const char *text, size_t len, size_t at, const char *why)
{
	struct jsontext_fault fault;

	return !jsontext_check(text, len, &fault) && fault.at == at && strcmp(fault.why, why) == 0;
}

static void
what_c_can_hold(void)
{
	static const char half[] = "has half of a surrogate pair", nul[] = "has a NUL character";
	struct jsontext_fault fault;

#define CHECK(text) jsontext_check(text, sizeof(text) - 1, &fault)
#define STOPS(text, at, why) stops(text, sizeof(text) - 1, at, why)
	OK(CHECK("\"\\ud83d\\ude00 \xf0\x9f\x98\x80\""), "a pair is a character, and so are its bytes");
	OK(STOPS("[\"a\\u0000\"]", 9, nul), "NUL is none that a C string can hold");
	OK(STOPS("{\"\\u0000\":1}", 8, nul), "nor in a name");
	OK(STOPS("\"\\ud83d\"", 7, half), "the first half of a pair is none");
	OK(STOPS("\"\\ud83dx\"", 7, half) && STOPS("\"\\ud83d\\n\"", 8, half), "whatever follows");
	OK(STOPS("\"\\ude00\"", 7, half), "nor is the second");
	OK(STOPS("\"\\ud83d\\ud83d\\ude00\"", 13, half), "nor two first ones");
	OK(STOPS("[\"\xff\"]", 2, "is not UTF-8") && STOPS("\"\xed\xa0\x80\"", 1, "is not UTF-8"), "other bytes");
	OK(STOPS("[012]", 2, "is not JSON") && STOPS("[\"a\nb\"]", 3, "is not JSON"), "what is not JSON");
	OK(STOPS("[1]\0", 3, "is not JSON") && STOPS("[\0]", 1, "is not JSON") && STOPS("\"\0\"", 1, "is not JSON"),
	    "a NUL as it is");
	OK(STOPS("\"\\uZZZZ\"", 3, "is not JSON"), "what is no escape");
	OK(STOPS("x\xff", 0, "is not JSON") && STOPS("\xff", 0, "is not UTF-8") && STOPS("[\"\\u0000\", x]", 8, nul),
	    "the first fault is told");
}

int
main(void)
{
	struct buf buf = BUF_INIT;

	quotes_and_strings(&buf);
	numbers(&buf);
	mistakes(&buf);
	whole_json(&buf);
	what_c_can_hold();
	buf_free(&buf);
	return tap_done();
}
