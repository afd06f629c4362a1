/* Input: what Redis answers to the question for what is stored of a path. */
#include "shared/take.h"
#include "sidecar/relay/store.h"
#include "tests/fuzz/fuzz.h"

/* hiredis 0.14 makes room for all that an array announces, before any of it is there. */
static bool
announces_too_much(struct span text)
{
	uint64_t n;

	for (; text.len > 0; text = span_from(text, 1)) {
		struct span rest = text;

		if (take_char(&rest, '*') && take_decimal(&rest, &n) && n > text.len)
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	redisReader *reader = redisReaderCreate();
	struct store_past past;
	void *reply = NULL;

	if (reader != NULL && !announces_too_much((struct span){ (const char *)data, len }))
		redisReaderFeed(reader, (const char *)data, len);
	if (reader != NULL && redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
		store_read(reply, "run", &past);
		store_past_free(&past);
		freeReplyObject(reply);
	}
	if (reader != NULL)
		redisReaderFree(reader);
	return 0;
}
