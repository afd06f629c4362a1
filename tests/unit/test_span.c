#include <string.h>

#include "shared/buf.h"
#include "shared/span.h"
#include "tests/tap.h"

static void
spans_borrow(void)
{
	struct buf buf = BUF_INIT;
	const char *string = "words";
	struct span span = span_of(string);

	OK(span.data == string && span.len == 5, "a string is borrowed without its end");
	buf_string(&buf, "more");
	span = span_of_buf(&buf);
	OK(span.data == (const char *)buf.data && span.len == 4, "and so is what a buffer holds");
	span = span_from(span_of("words"), 2);
	OK(span_is(span, "rds"), "the rest begins at an offset");
	buf_free(&buf);
}

static void
spans_compare_by_bytes(void)
{
	struct span empty = { NULL, 0 };

	OK(span_is(span_of("a"), "a") && !span_is(span_of("a"), "A"), "case counts");
	OK(!span_is(span_of("ab"), "a") && !span_is(span_of("a"), "ab"), "and so does length");
	OK(span_equal(empty, span_of("")) && span_compare(empty, span_of("")) == 0, "nothing is like nothing");
	OK(span_compare(span_of("a"), span_of("b")) < 0 && span_compare(span_of("b"), span_of("a")) > 0,
	    "a is less than b");
	OK(span_compare(span_of("a"), span_of("ab")) < 0, "of two that begin alike the shorter is less");
	OK(span_compare(span_of("a"), span_of("\xc3\xa4")) < 0, "bytes have no sign");
}

static void
parts_are_found(void)
{
	struct span span = span_of("one, two, two");

	OK(span_find(span, 0, span_of("two")) == 5, "a part is found where it is first");
	OK(span_find(span, 6, span_of("two")) == 10, "from an offset on");
	OK(span_find(span, 11, span_of("two")) == span.len, "or not at all");
	OK(span_find(span, 99, span_of("two")) == span.len, "also beyond the end");
	OK(span_find(span, 0, span_of("")) == span.len, "nothing is nowhere");
}

int
main(void)
{
	spans_borrow();
	spans_compare_by_bytes();
	parts_are_found();
	return tap_done();
}
