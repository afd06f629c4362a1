/* Input: a message from a channel in Redis. */
#include <assert.h>
#include <string.h>

#include "sidecar/relay/envelope.h"
#include "tests/fuzz/fuzz.h"

/* What has been read and is written again is the same, but for fields that a later version has added. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct envelope envelope, again;
	struct buf buf = BUF_INIT;

	if (envelope_get(data, len, &envelope) < 0)
		return 0;
	assert(envelope.type >= ENVELOPE_COMMAND && envelope.type <= ENVELOPE_ANSWER);
	assert(envelope.text.len <= ENVELOPE_ANSWER_BYTES && envelope.status <= WIRE_NOT_READY);
	envelope_put(&buf, &envelope);
	assert(buf.len <= len);
	assert(envelope_get(buf.data, buf.len, &again) == 0);
	assert(again.type == envelope.type && again.flags == envelope.flags && again.origin == envelope.origin);
	assert(again.sequence == envelope.sequence && again.count == envelope.count && again.since == envelope.since);
	assert(again.previous == envelope.previous && again.after == envelope.after && again.age_ms == envelope.age_ms);
	assert(again.question == envelope.question && again.status == envelope.status);
	assert(again.text.len == envelope.text.len);
	assert(again.version == envelope.version && again.base == envelope.base && again.part == envelope.part);
	assert(span_equal(again.members, envelope.members));
	assert(again.command.data.len == envelope.command.data.len && again.path.len == envelope.path.len);
	assert(envelope.command.data.len == 0 ||
	    memcmp(again.command.data.data, envelope.command.data.data, again.command.data.len) == 0);
	if (envelope.type == ENVELOPE_COMMAND) {
		struct buf told = BUF_INIT;

		envelope_put_again(&told, span_of_buf(&buf), len % 2 == 0);
		assert(envelope_get(told.data, told.len, &again) == 0 && again.flags & ENVELOPE_AGAIN);
		assert(again.sequence == envelope.sequence && again.command.data.len == envelope.command.data.len);
		buf_free(&told);
	}
	buf_free(&buf);
	return 0;
}
