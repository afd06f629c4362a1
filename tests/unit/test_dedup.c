#include <string.h>

#include "sidecar/feed/dedup.h"
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
	struct dedup dedup = { 0 };
	struct wire_request request = request_of(1, 100), other = request_of(2, 100);
	struct wire_reply reply = { .connections = 3, .epoch = 4, .offset = 5, .text = span_of("borrowed") };
	const struct wire_reply *it;

	OK(dedup_find(&dedup, &request.id) == NULL, "a new request has not been seen");
	OK(dedup_add(&dedup, &request, &reply) == 0, "it is remembered");
	it = dedup_find(&dedup, &request.id);
	OK(it != NULL && it->connections == 3 && it->epoch == 4 && it->offset == 5, "a retry gets the same reply");
	OK(it->text.len == 0, "without the text, which was borrowed");
	OK(dedup_find(&dedup, &other.id) == NULL, "another request is another");
	dedup_close(&dedup);
}

static void
test_expire(void)
{
	struct dedup dedup = { 0 };
	struct wire_request soon = request_of(1, 100), late = request_of(2, 300);
	struct wire_reply reply = { 0 };

	dedup_add(&dedup, &soon, &reply);
	dedup_add(&dedup, &late, &reply);
	dedup_expire(&dedup, 100);
	OK(dedup.n == 2, "until its deadline a request is remembered");
	dedup_expire(&dedup, 101);
	OK(dedup_find(&dedup, &soon.id) == NULL && dedup.n == 1, "then it is forgotten");
	OK(dedup_find(&dedup, &late.id) != NULL, "one with a later deadline is not");
	dedup_close(&dedup);
	OK(dedup.n == 0, "at the end all are forgotten");
}

static void
test_limit(void)
{
	struct dedup dedup = { 0 };
	struct wire_reply reply = { 0 };
	struct wire_request request;

	for (uint32_t i = 0; i <= DEDUP_MAX; i++) {
		request = request_of(i, 1000);
		dedup_add(&dedup, &request, &reply);
	}
	OK(dedup.n == DEDUP_MAX, "no more than DEDUP_MAX are remembered");
	request = request_of(0, 0);
	OK(dedup_find(&dedup, &request.id) == NULL, "the oldest is forgotten first");
	request = request_of(1, 0);
	OK(dedup_find(&dedup, &request.id) != NULL, "the next one is not");
	dedup_close(&dedup);
}

int
main(void)
{
	test_remember();
	test_expire();
	test_limit();
	return tap_done();
}
