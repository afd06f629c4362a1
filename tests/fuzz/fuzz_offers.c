/* Input: a Sec-WebSocket-Extensions header. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/deflate.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *offers = strndup((const char *)data, len);

	if (offers != NULL && deflate_accepts(offers))
		assert(strstr(offers, "permessage-deflate") != NULL);
	free(offers);
	return 0;
}
