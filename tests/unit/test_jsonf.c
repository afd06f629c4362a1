#include <errno.h>
#include <math.h>
#include <string.h>

#include "fcgi/jsonf.h"
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
	const char *unknown = "%x", *cut = "{%", *open = "{'a:1}";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
	OK(jsonf(buf, unknown) == -EINVAL, "an unknown conversion");
	OK(jsonf(buf, cut) == -EINVAL, "a conversion that is cut short");
	OK(jsonf(buf, open) == -EINVAL, "a quote that stays open");
#pragma GCC diagnostic pop
}

int
main(void)
{
	struct buf buf = BUF_INIT;

	quotes_and_strings(&buf);
	numbers(&buf);
	mistakes(&buf);
	buf_free(&buf);
	return tap_done();
}
