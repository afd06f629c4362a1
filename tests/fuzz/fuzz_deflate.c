/* Input: a compressed message. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sidecar/hub/deflate.h"
#include "tests/fuzz/fuzz.h"

enum { MAX = 20000 };

/* What has come out of it can be sent, and is then the same. */
static void
send_on(struct deflate *deflate, const struct buf *message)
{
	struct buf packed = BUF_INIT, again = BUF_INIT;
	int r = deflate_pack(deflate, message->data, message->len, &packed);

	assert(r == 0 || r == -ENOSPC);
	if (r == 0) {
		assert(packed.len < message->len);
		r = deflate_unpack(deflate, packed.data, packed.len, message->len, &again);
		assert(r == 0 && again.len == message->len && memcmp(again.data, message->data, again.len) == 0);
	}
	buf_free(&packed);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct deflate *deflate = deflate_new();
	struct buf message = BUF_INIT;
	int r = deflate_unpack(deflate, data, len, MAX, &message);

	assert(r == 0 || r == -EMSGSIZE || r == -EBADMSG);
	if (r == 0) {
		assert(message.len <= MAX);
		send_on(deflate, &message);
	}
	buf_free(&message);
	deflate_free(deflate);
	return 0;
}
