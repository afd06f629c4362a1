/* Input: what Redis answers to the question for what is stored of a path. */
#include "sidecar/relay/store.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	redisReader *reader = redisReaderCreate();
	struct store_past past;
	void *reply = NULL;

	if (reader == NULL)
		return 0;
	redisReaderFeed(reader, (const char *)data, len);
	if (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
		store_read(reply, "run", &past);
		store_past_free(&past);
		freeReplyObject(reply);
	}
	redisReaderFree(reader);
	return 0;
}
