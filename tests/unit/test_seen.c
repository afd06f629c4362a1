#include <string.h>

#include "sidecar/seen.h"
#include "tests/tap.h"

static struct wire_request
request_of(uint32_t n, uint64_t deadline_ms)
{
	struct wire_request request = { .deadline_ms = deadline_ms };

	memcpy(request.id.bytes, &n, sizeof(n));
	return request;
}

static void
test_remember(void)
{
	struct seen seen = { 0 };
	struct wire_request request = request_of(1, 100), other = request_of(2, 100);
	struct wire_reply reply = { .connections = 3, .epoch = 4, .offset = 5, .text = span_of("borrowed") };
	const struct wire_reply *it;

	OK(seen_find(&seen, &request.id) == NULL, "a new request has not been seen");
	OK(seen_add(&seen, &request, &reply) == 0, "it is remembered");
	it = seen_find(&seen, &request.id);
	OK(it != NULL && it->connections == 3 && it->epoch == 4 && it->offset == 5, "a retry gets the same reply");
	OK(it->text.len == 0, "without the text, which was borrowed");
	OK(seen_find(&seen, &other.id) == NULL, "another request is another");
	seen_close(&seen);
}

static void
test_expire(void)
{
	struct seen seen = { 0 };
	struct wire_request soon = request_of(1, 100), late = request_of(2, 300);
	struct wire_reply reply = { 0 };

	seen_add(&seen, &soon, &reply);
	seen_add(&seen, &late, &reply);
	seen_expire(&seen, 100);
	OK(seen.n == 2, "until its deadline a request is remembered");
	seen_expire(&seen, 101);
	OK(seen_find(&seen, &soon.id) == NULL && seen.n == 1, "then it is forgotten");
	OK(seen_find(&seen, &late.id) != NULL, "one with a later deadline is not");
	seen_close(&seen);
	OK(seen.n == 0, "at the end all are forgotten");
}

static void
test_limit(void)
{
	struct seen seen = { 0 };
	struct wire_reply reply = { 0 };
	struct wire_request request;

	for (uint32_t i = 0; i <= SEEN_MAX; i++) {
		request = request_of(i, 1000);
		seen_add(&seen, &request, &reply);
	}
	OK(seen.n == SEEN_MAX, "no more than SEEN_MAX are remembered");
	request = request_of(0, 0);
	OK(seen_find(&seen, &request.id) == NULL, "the oldest is forgotten first");
	request = request_of(1, 0);
	OK(seen_find(&seen, &request.id) != NULL, "the next one is not");
	seen_close(&seen);
}

int
main(void)
{
	test_remember();
	test_expire();
	test_limit();
	return tap_done();
}
