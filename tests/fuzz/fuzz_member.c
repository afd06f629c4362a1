/* Input: what a handler wants others to see, or what another host says of a member. */
#include <assert.h>
#include <string.h>

#include "sidecar/hub/member.h"
#include "tests/fuzz/fuzz.h"

static const struct span id = { "0123456789abcdef0123456789abcdef", MEMBER_ID_DIGITS };

/* Without whom it was it is the same, whoever that is said to have been. */
static void
put_and_take_back(struct span text)
{
	struct buf plain = BUF_INIT, in_place = BUF_INIT, again = BUF_INIT;

	member_put_plain(&plain, text);
	assert(plain.len <= text.len && member_is_valid(span_of_buf(&plain)));
	member_put_in_place(&in_place, text, id);
	if (in_place.len <= MEMBER_MAX_BYTES) {
		assert(member_is_valid(span_of_buf(&in_place)));
		assert(span_equal(member_user(span_of_buf(&in_place)), member_user(text)));
	}
	member_put_plain(&again, span_of_buf(&in_place));
	assert(span_equal(span_of_buf(&again), span_of_buf(&plain)));
	buf_free(&plain);
	buf_free(&in_place);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct span text = { (const char *)data, len };
	const struct member_parts parts = {
		.id = id, .user = { text.data, strnlen(text.data, len < 255 ? len : 255) }, .data = text
	};
	struct buf made = BUF_INIT;

	if (member_check_data(text) == 0) {
		member_put(&made, &parts);
		assert(member_is_valid(span_of_buf(&made)));
		put_and_take_back(span_of_buf(&made));
	}
	if (member_is_valid(text))
		put_and_take_back(text);
	buf_free(&made);
	return 0;
}
