/*
 * Input: what a FastCGI application answers. In pieces of any size it means the same,
 * and what the script printed is a head or none.
 */
#include <assert.h>
#include <string.h>

#include "fcgi/bridge/cgianswer.h"
#include "fcgi/bridge/record.h"
#include "shared/buf.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_OUT = 1 << 16 };

struct reading {
	struct record_reader reader;
	struct buf out, err, values;
	int r;
};

static struct reading
read_in_pieces(const uint8_t *data, size_t len, size_t piece)
{
	struct reading reading = { 0 };
	struct record_sink sink = { &reading.out, &reading.err, &reading.values, MAX_OUT };

	for (size_t at = 0; at < len && reading.r == 0; at += piece)
		reading.r = record_read(&reading.reader, data + at, piece < len - at ? piece : len - at, &sink);
	return reading;
}

static void
release(struct reading *reading)
{
	buf_free(&reading->out);
	buf_free(&reading->err);
	buf_free(&reading->values);
}

static void
check_head(struct span text)
{
	struct span body = SPAN_EMPTY;
	unsigned status = 0;

	if (cgianswer_read(text, &status, &body) < 0)
		return;
	assert(status <= 999);
	assert(body.data >= text.data && body.data + body.len == text.data + text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reading whole = read_in_pieces(data, len, len > 0 ? len : 1), bytes = read_in_pieces(data, len, 1);

	assert(whole.r == bytes.r && whole.reader.ended == bytes.reader.ended);
	if (whole.r == 0) {
		assert(span_equal(span_of_buf(&whole.out), span_of_buf(&bytes.out)));
		assert(span_equal(span_of_buf(&whole.err), span_of_buf(&bytes.err)));
		assert(whole.reader.status == bytes.reader.status);
	}
	assert(whole.out.len <= MAX_OUT && whole.err.len <= RECORD_MAX_CONTENT);
	record_max_connections(span_of_buf(&whole.values));
	check_head(span_of_buf(&whole.out));
	check_head((struct span){ (const char *)data, len });
	release(&whole);
	release(&bytes);
	return 0;
}
