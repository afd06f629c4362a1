/* Input: a URL. */
#include <assert.h>
#include <string.h>

#include "shared/redisurl.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct redisurl url = { 0 };

	if (redisurl_parse((const char *)data, len, &url) == 0) {
		assert((url.host == NULL) != (url.path == NULL));
		assert(url.path == NULL || url.path[0] == '/');
		assert(url.host == NULL || (url.host[0] != '\0' && url.port > 0 && url.port <= 65535));
		assert(url.db >= 0 && url.db <= 65535);
		assert(url.user == NULL || url.password != NULL);
	}
	redisurl_free(&url);
	return 0;
}
