/* Input: a file of apps, as a damaged disk may have it; and its names alone, below a first line that is right. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sidecar/feed/known.h"
#include "sidecar/hub/statefile.h"
#include "tests/fuzz/fuzz.h"

/* What is taken is written just so, and what is not taken leaves nothing behind. */
static void
check(struct span file)
{
	struct routes routes = { 0 };
	struct buf again = BUF_INIT;
	int r = known_take(&routes, file);

	assert(r == 0 || r == -EBADMSG);
	if (r == 0) {
		assert(file.len <= KNOWN_MAX_BYTES);
		known_put(&routes, &again);
		assert(again.failed || span_equal(span_of_buf(&again), file));
	}
	assert(r == 0 || routes.awaited == NULL);
	buf_free(&again);
	routes_close(&routes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span input = { (const char *)data, len };
	struct buf file = BUF_INIT;

	check(input);
	statefile_put_head(&file, "tina4-apps", input);
	buf_bytes(&file, input.data, input.len);
	if (!file.failed)
		check(span_of_buf(&file));
	buf_free(&file);
	return 0;
}
