/* Input: the body of a file with what is kept of all paths, which gets the first line that belongs to it. */
#include <assert.h>

#include "shared/conf.h"
#include "sidecar/hub/hub.h"
#include "sidecar/hub/saved.h"
#include "sidecar/hub/statefile.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct conf conf = { .ws_history_bytes = 1 << 20, .ws_max_message = 1 << 20, .ws_queue_bytes = 1 << 20 };
	struct span body = { (const char *)data, len };
	struct buf file = BUF_INIT, again = BUF_INIT;
	struct hub hub;

	hub_open(&hub, &conf, NULL, 1);
	statefile_put_head(&file, "tina4-history", body);
	buf_bytes(&file, data, len);
	if (!file.failed && saved_take(&hub, span_of_buf(&file)) == 0) {
		struct hub next;

		saved_put(&hub, &again);
		hub_open(&next, &conf, NULL, 2);
		assert(saved_take(&next, span_of_buf(&again)) == 0);
		assert(next.histories.n_messages == hub.histories.n_messages);
		hub_close(&next);
	} else {
		assert(hub.histories.n_messages == 0);
	}
	hub_close(&hub);
	buf_free(&file);
	buf_free(&again);
	return 0;
}
