/* Input: the content of an FCGI_GET_VALUES record. The answer is one whole record, and short whatever is asked. */
#include <assert.h>

#include "fcgi/http/management.h"
#include "shared/buf.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct management_values values = { 1024, 8 };
	struct buf answer = BUF_INIT;

	management_put(data, len, &values, &answer);
	assert(!answer.failed && answer.len >= 8 && answer.len < 100);
	assert(answer.len == 8U + (answer.data[4] << 8 | answer.data[5]));
	buf_free(&answer);
	return 0;
}
