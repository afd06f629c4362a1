#include <errno.h>
#include <string.h>

#include "sidecar/hub/member.h"
#include "tests/tap.h"

#define ID "00112233445566778899aabbccddeeff"
#define EARLIER "ffeeddccbbaa99887766554433221100"

static bool
is(struct buf *buf, const char *text)
{
	bool same = span_is(span_of_buf(buf), text);

	if (!same)
		printf("# got %s\n", buf_cstr(buf));
	buf_free(buf);
	return same;
}

static void
test_data(void)
{
	char longest[4200];

	OK(member_check_data(span_of(" {\"a\":[1]} ")) == 0, "an object may be seen");
	OK(member_check_data(span_of("[1]")) == -EINVAL && member_check_data(span_of("")) == -EINVAL &&
		member_check_data(span_of("{\"a\":1} x")) == -EINVAL,
	    "nothing else");
	OK(member_check_data(span_of("{\"a\":\"\xff\"}")) == -EINVAL, "nor what is not UTF-8");
	memset(longest, ' ', sizeof(longest));
	longest[0] = '{';
	longest[4095] = '}';
	OK(member_check_data((struct span){ longest, 4096 }) == 0, "of 4 KiB");
	longest[4096] = ' ';
	OK(member_check_data((struct span){ longest, 4097 }) == -EMSGSIZE, "at most");
}

static void
test_text(void)
{
	struct member_parts parts = { .id = span_of(ID), .user = span_of("4\"2"), .data = span_of("{\n\"a\":\t1}") };
	struct buf text = BUF_INIT;

	member_put(&text, &parts);
	OK(is(&text, "{\"id\":\"" ID "\",\"user\":\"4\\\"2\",\"data\":{ \"a\": 1}}"), "it is said on one line");
	parts.user = SPAN_EMPTY;
	parts.was = span_of(EARLIER);
	member_put(&text, &parts);
	OK(is(&text, "{\"id\":\"" ID "\",\"was\":\"" EARLIER "\",\"data\":{ \"a\": 1}}"),
	    "without a user, and in whose place");
}

static void
test_place(void)
{
	static const char plain[] = "{\"id\":\"" ID "\",\"user\":\"4\\\"2\",\"data\":{}}";
	static const char placed[] = "{\"id\":\"" ID "\",\"user\":\"4\\\"2\",\"was\":\"" EARLIER "\",\"data\":{}}";
	struct buf text = BUF_INIT;

	OK(member_is_valid(span_of(plain)) && member_is_valid(span_of(placed)), "another host may say that");
	OK(span_is(member_id(span_of(placed)), ID), "it has an id");
	OK(span_is(member_user(span_of(placed)), ",\"user\":\"4\\\"2\""), "and a user");
	member_put_plain(&text, span_of(placed));
	OK(is(&text, plain), "in whose place it is can be left out");
	member_put_in_place(&text, span_of(plain), span_of(EARLIER));
	OK(is(&text, placed), "and put in");
	member_put_in_place(&text, span_of(placed), span_of(EARLIER));
	OK(is(&text, placed), "once");
	OK(!member_is_valid(span_of("{\"id\":\"" ID "\"")) && !member_is_valid(span_of("{\"id\":\"x\",\"data\":{}}")) &&
		!member_is_valid(span_of("{\"id\":\"" ID "\",\n\"data\":{}}")) && !member_is_valid(SPAN_EMPTY),
	    "it may say nothing else");
}

int
main(void)
{
	test_data();
	test_text();
	test_place();
	return tap_done();
}
