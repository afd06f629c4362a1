/* Input: what a client offers behind frond.at. */
#include <assert.h>

#include "sidecar/hub/coming.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len };
	struct coming *coming = coming_new(text);
	struct buf back = BUF_INIT;

	if (coming != NULL && coming->valid) {
		position_put(&back, &coming->position);
		assert(back.failed ||
		    (back.len <= len && back.len <= POSITION_BYTES && memcmp(back.data, data, back.len) == 0));
	}
	buf_free(&back);
	coming_free(coming);
	return 0;
}
