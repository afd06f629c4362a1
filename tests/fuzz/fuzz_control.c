/* Input: a text of a client that speaks frond.1. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "shared/buf.h"
#include "sidecar/hub/control.h"
#include "tests/fuzz/fuzz.h"

static bool
is(struct span text, const struct buf *expected)
{
	return expected->failed || (text.len == expected->len && memcmp(text.data, expected->data, text.len) == 0);
}

/* What was understood of a request is all that was said. */
static void
say_question(const struct control_question *question, struct buf *ret)
{
	buf_printf(ret, " %" PRIu64, question->number);
	if (question->lowest > 0)
		buf_printf(ret, ".%" PRIu64, question->lowest);
	buf_string(ret, question->binary ? " b" : " t ");
	buf_bytes(ret, question->data.data, question->data.len);
}

static void
say_key(const struct wire_id *key, struct buf *ret)
{
	char text[WIRE_ID_HEX];

	wire_id_format(key, text);
	buf_printf(ret, " %s", text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span text = { (const char *)data, len }, words;
	struct control_question question;
	struct wire_id key;
	struct buf said = BUF_INIT;

	if (control_take_text(&text)) {
		assert(text.len == len || text.len + 1 == len);
		return 0;
	}
	words = span_from(text, len < 2 ? len : 2);
	if (control_read_question(words, &question) == 0) {
		assert(question.number > 0 && question.lowest <= question.number);
		say_question(&question, &said);
		assert(is(words, &said));
	} else if (control_read_key(words, &key) == 0) {
		say_key(&key, &said);
		assert(is(words, &said));
	}
	buf_free(&said);
	return 0;
}
