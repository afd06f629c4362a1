/* Input: a byte that is the room there is, and the text to escape. */
#include <assert.h>
#include <string.h>

#include "shared/log.h"
#include "shared/utf8.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char escaped[256];
	size_t n;

	if (len == 0)
		return 0;
	n = log_escape((const char *)data + 1, len - 1, escaped, (size_t)data[0] + 1);
	assert(n <= data[0] && strlen(escaped) == n && utf8_valid(escaped, n));
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)escaped[i] >= 0x20 && escaped[i] != 0x7f);
	return 0;
}
