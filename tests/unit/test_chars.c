#include <string.h>

#include "fcgi/template/case.h"
#include "fcgi/template/chars.h"
#include "shared/buf.h"
#include "tests/tap.h"

static void
characters_are_counted(void)
{
	struct span text = span_of("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xff");

	OK(chars_count(text) == 5, "a byte that is not UTF-8 is a character");
	OK(chars_count(span_of("")) == 0 && chars_step(span_of("")) == 0 && chars_last_step(span_of("")) == 0,
	    "nothing has none");
	OK(chars_step(span_from(text, 1)) == 2 && chars_step(span_from(text, 3)) == 3, "the first one may be long");
	OK(chars_last_step(text) == 1 && chars_last_step((struct span){ text.data, text.len - 1 }) == 4,
	    "and so may the last one");
	OK(chars_prefix(text, 2) == 3 && chars_prefix(text, 99) == text.len, "a prefix ends between characters");
}

static void
ends_are_trimmed(void)
{
	OK(span_is(chars_trim_start(span_of("xyxa x"), span_of("xy")), "a x"), "what is listed falls off the start");
	OK(span_is(chars_trim_end(span_of("x axyx"), span_of("xy")), "x a"), "or off the end");
	OK(chars_trim_end(span_of("xyx"), span_of("xy")).len == 0, "or all of it");
}

/* True when one of the writers makes that of a text. */
static bool
writes(void (*put)(struct buf *buf, struct span text), const char *text, const char *expected)
{
	struct buf buf = BUF_INIT;
	bool same;

	put(&buf, span_of(text));
	same = span_is(span_of_buf(&buf), expected);
	buf_free(&buf);
	return same;
}

static void
letters_change_their_case(void)
{
	OK(writes(case_put_upper, "a\xc3\xb6\xce\xb1\xd1\x8f\xc3\xbf", "A\xc3\x96\xce\x91\xd0\xaf\xc3\xbf"),
	    "upper case is known for Latin, Greek and Cyrillic letters");
	OK(writes(case_put_lower, "A\xc3\x96\xce\x91\xd0\xaf\xff", "a\xc3\xb6\xce\xb1\xd1\x8f\xff"), "and lower case");
	OK(writes(case_put_capital, "eINS zWEI", "Eins zwei"), "a capital begins a text");
	OK(writes(case_put_title, "it's eINS-zwei", "It's Eins-Zwei"), "or each of its words");
}

static void
slugs_are_for_urls(void)
{
	OK(writes(case_put_slug, "  H\xc3\xa9llo,  W\xc3\xb6rld! ", "hello-world"),
	    "a slug is small letters and hyphens");
	OK(writes(case_put_slug,
	       "Stra\xc3\x9f"
	       "e",
	       "strasse"),
	    "whose accents fall off");
	OK(writes(case_put_slug, "\xe4\xbd\xa0", ""), "and nothing else");
}

int
main(void)
{
	characters_are_counted();
	ends_are_trimmed();
	letters_change_their_case();
	slugs_are_for_urls();
	return tap_done();
}
